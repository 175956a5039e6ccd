package results

// Check is one comparison of the report with what the servers themselves kept: their
// statistics, their logs, and their views of the cluster. Package witness makes it.
type Check struct {
	// Name is one of the names of checks.
	Name   string      `json:"name"`
	Result CheckResult `json:"result"`
	// Compared is how many figures were laid side by side; 0 if it is unchecked.
	Compared int `json:"compared"`
	// Differences name both figures of each that does not agree.
	Differences []Difference `json:"differences,omitempty"`
	// Limits say what could not be checked, or only from one side, and why.
	Limits []string `json:"limits,omitempty"`
}

// CheckResult is the answer of a check.
type CheckResult string

// The answers.
const (
	CheckAgrees    CheckResult = "agrees"
	CheckDisagrees CheckResult = "disagrees"
	CheckUnchecked CheckResult = "unchecked" // the bundle holds too little; Limits say what
)

// The names of checks, in the order of the report.
const (
	CheckRequests    = "requests"      // requests by phase, command and shard
	CheckErrors      = "error replies" // error replies by class
	CheckLog         = "log lines"     // the events that were read from the nodes' logs
	CheckPromotions  = "promotions"    // takeovers
	CheckFailMarks   = "FAIL marks"    // when a primary was declared failed
	CheckOutages     = "outages"       // outages around takeovers
	CheckLosses      = "lost writes"   // lost writes, from the ledger and the read-back
	CheckRestarts    = "restarts"      // starts of the nodes' processes
	CheckReplication = "replication"   // replication offsets and resynchronisations
	CheckOwners      = "owners"        // who serves which slots at the end, at which config epoch
	CheckServers     = "servers"       // stands for all that needs what the servers kept, where nothing is
)

// Difference is a figure of the report that is not what the servers kept.
type Difference struct {
	// Of says what both are of: "GET, executed".
	Of      string `json:"of"`
	Report  string `json:"report"`
	Servers string `json:"servers"`
}
