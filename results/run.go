// Package results is the run bundle on disk: its types, its format and its
// store. It knows neither who writes a bundle nor who reads it, and imports
// nothing of slotstorm.
//
// A bundle is one folder:
//
//	run.json        Run: facts, and the Summary that package report derives from the rest
//	scenario.yaml   the scenario as resolved; runs again as it is
//	events.jsonl    Event: everything that happened
//	series.jsonl    Frame: one per second and generator
//	latency.hlog    HdrHistogram interval log, one line per second and tag
//	journal.jsonl   JournalEntry: faults, each step written before it acts
//	upgrade.json    Surfaces: what the two versions of an upgrade show; only with an upgrade
//	audit/          ledger.jsonl (Write), reads.jsonl (AuditRead), findings.jsonl (Finding)
//	nodes/          <node>.log, <node>.before.txt, <node>.after.txt, <node>.info.jsonl (NodeSample)
//	report.html, report.md, junit.xml, plots/
//	SHA256SUMS      seals the bundle; also read by sha256sum -c
package results

import (
	"encoding/json"
	"time"
)

// SchemaVersion is the version of the bundle's format. A reader refuses a higher
// one, and completes what version 1 lacks: see version1.go.
const SchemaVersion = 2

// Run is run.json.
type Run struct {
	// SchemaVersion is that of the bundle as it was written.
	SchemaVersion int    `json:"schemaVersion"`
	ID            string `json:"id"`
	// Name is the scenario's metadata.name.
	Name string `json:"name"`
	// Scenario is the scenario as resolved; scenario.yaml holds the same.
	Scenario json.RawMessage `json:"scenario"`
	Seed     uint64          `json:"seed"`
	// Matrix is what this run of a matrix has set, in the order of its axes.
	Matrix []Setting `json:"matrix,omitempty"`
	// Overrides are the fields that the command line changed, each as PATH=VALUE; those of a
	// matrix too.
	Overrides []string `json:"overrides,omitempty"`
	// Command repeats this run.
	Command     string      `json:"command"`
	Versions    Versions    `json:"versions"`
	Environment Environment `json:"environment"`
	// Start is the wall clock at offset 0.
	Start time.Time `json:"start"`
	// LoadStart is the offset of frame 0: the first intended request.
	LoadStart Duration `json:"loadStartMs"`
	// TimelineStart is the end of warm-up; LoadEnd the last intended request.
	TimelineStart Duration      `json:"timelineStartMs"`
	LoadEnd       Duration      `json:"loadEndMs"`
	End           Duration      `json:"endMs"`
	Phases        []PhaseWindow `json:"phases"`
	Shards        []Shard       `json:"shards"`
	Nodes         []Node        `json:"nodes"`
	Faults        []Fault       `json:"faults"`
	// Network are the conditions of the network that stood for the whole load, each with
	// its proof, as a fault has it.
	Network []Fault `json:"network,omitempty"`
	// DataSet is what was written before the load from a file; nil if nothing was.
	DataSet *DataSet `json:"dataSet,omitempty"`
	// Upgrade is nil if the timeline has none.
	Upgrade *Upgrade `json:"upgrade,omitempty"`
	// ProbeOutages and ClientOutages are the stretches in which a shard
	// accepted no write, as the probes and as the application client saw it.
	ProbeOutages  []Outage `json:"probeOutages"`
	ClientOutages []Outage `json:"clientOutages"`
	// ProbeOutagesAway and ClientOutagesAway are those that began while the load could not
	// reach the cluster (EventLoadAway): nothing shows that the cluster had them.
	ProbeOutagesAway  []Outage `json:"probeOutagesAway,omitempty"`
	ClientOutagesAway []Outage `json:"clientOutagesAway,omitempty"`
	Audit             *Audit   `json:"audit,omitempty"`
	Client            Client   `json:"client"`
	// Generators are those that ran elsewhere, with clocks of their own.
	Generators []Generator `json:"generators,omitempty"`
	// HealthyBefore reports whether the cluster was whole when load began, and
	// HealthyAfter whether it was when the run ended.
	HealthyBefore bool `json:"healthyBefore"`
	HealthyAfter  bool `json:"healthyAfter"`
	// Interrupted is why the run ended early; empty if it did not.
	Interrupted string `json:"interrupted,omitempty"`
	// Baseline is what objectives may be relative to; nil if none was given.
	Baseline *Baseline `json:"baseline,omitempty"`
	// Summary is what package report derived; nil until it has.
	Summary *Summary `json:"summary,omitempty"`
}

// DataSet is the keys of an RDB file that a run began with.
type DataSet struct {
	// File is the name of the file, without its folder; Size is in bytes.
	File   string `json:"file"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Keys is how many the cluster held after it, and Bytes the length of all keys and of all
	// values as DUMP serialises them.
	Keys  int64 `json:"keys"`
	Bytes int64 `json:"bytes"`
	// Took is from the first key that was read to the last that was written.
	Took Duration `json:"tookMs"`
}

// Baseline holds what earlier runs measured of that which objectives bound
// relative to them.
type Baseline struct {
	// Runs are the ids of the runs.
	Runs []string `json:"runs"`
	// Values by what they are of: "response.p99 GET in steady".
	Values map[string]BaselineValue `json:"values"`
	// Load is a digest of the load and the timeline that they were measured
	// under, and Environment where.
	Load        string      `json:"load"`
	Environment Environment `json:"environment"`
}

// BaselineValue is the median of what N runs measured, in the metric's unit.
type BaselineValue struct {
	Value float64 `json:"value"`
	N     int     `json:"n"`
}

// Setting is a field of the scenario and its value.
type Setting struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Versions of everything that takes part in the result.
type Versions struct {
	Slotstorm string `json:"slotstorm"`
	Go        string `json:"go"`
	GoRedis   string `json:"goRedis"`
	// Server is what the nodes ran when the load began.
	Server Server `json:"server"`
}

// AuthPassword and AuthUser are the values of Environment.Auth for nodes that ask for a
// password, and for a user of their access control list with a password.
const (
	AuthPassword = "password"
	AuthUser     = "user"
)

// Environment is where the run took place.
type Environment struct {
	Provider string `json:"provider"`
	// Isolation is "namespaces" or "plain loopback", with the reason.
	Isolation string `json:"isolation"`
	// Shared says that slotstorm did not deploy the cluster: others may use it too.
	Shared bool `json:"shared,omitempty"`
	// ConfigUnread says that the servers of a shared cluster did not show their
	// configuration: a directive that the scenario does not state is unknown.
	ConfigUnread bool `json:"configUnread,omitempty"`
	// Auth is "password" if the nodes ask for one; it is empty if they do not, or if
	// the run is of a version that did not say.
	Auth     string `json:"auth,omitempty"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Kernel   string `json:"kernel,omitempty"`
	CPUModel string `json:"cpuModel,omitempty"`
	CPUs     int    `json:"cpus"`
	// MemoryBytes is the machine's, not the free one.
	MemoryBytes int64 `json:"memoryBytes,omitempty"`
	// Kubernetes is the place of the nodes, if they are on Kubernetes.
	Kubernetes *Kubernetes `json:"kubernetes,omitempty"`
}

// Client is the client under the load with the settings that shape the result.
type Client struct {
	Type    string `json:"type"`
	Version string `json:"version"`
	// Options are the effective values of all options, by their own names, in
	// the order of the documentation.
	Options []Option `json:"options"`
}

// Option is one client option. Stated is true if the scenario set it.
type Option struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Stated bool   `json:"stated,omitempty"`
}

// Generator is a generator that ran in another process, perhaps on another
// machine.
type Generator struct {
	Index int `json:"index"`
	// Place is where: "pod slotstorm-generator-0 on kind-worker".
	Place string `json:"place,omitempty"`
	// Clocks are the measurements of its clock, at the start and at the end.
	Clocks []ClockOffset `json:"clocks"`
	// Missing means that its last records did not arrive: the bundle lacks them.
	Missing bool `json:"missing,omitempty"`
}

// ClockOffset is the clock of a generator or of a node less the run's, as one exchange of messages
// with the least delay shows it (as NTP does: RFC 5905, section 8). The times
// that a generator reports are in the run's clock by its first measurement.
type ClockOffset struct {
	// At is when it was measured.
	At     Duration `json:"atMs"`
	Offset Duration `json:"offsetMs"`
	// Uncertainty is half of the delay: the true offset is at most this far off.
	Uncertainty Duration `json:"uncertaintyMs"`
}

// PhaseWindow is a phase as it took place; offsets from Run.Start.
type PhaseWindow struct {
	Name string   `json:"name"`
	From Duration `json:"fromMs"`
	To   Duration `json:"toMs"`
}

// Shard is a range of slots and who served it first.
type Shard struct {
	Index int `json:"index"`
	// Slots as CLUSTER NODES writes them: "0-5460".
	Slots string `json:"slots"`
	// First are the slots that its nodes served at the start, where those differ: the run
	// changed the number of shards. A shard that joined later had none.
	First   *Slots   `json:"first,omitempty"`
	Primary string   `json:"primary"`
	Nodes   []string `json:"nodes"`
}

// Node is one redis-server and its volume.
type Node struct {
	// Name is stable over restarts: "node-0".
	Name  string `json:"name"`
	Addr  string `json:"addr"`
	ID    string `json:"id"`
	Shard int    `json:"shard"`
	// Role before the first fault: "primary" or "replica"; "absent" of a node that was not in
	// the cluster then.
	Role string `json:"role"`
	// Config are the directives that the node has instead of those of all nodes.
	Config map[string]string `json:"config,omitempty"`
	// Clocks are the measurements of its clock before the load and after it; fewer if it
	// did not answer.
	Clocks []ClockOffset `json:"clocks,omitempty"`
}

// RoleAbsent is the Node.Role of a node that was not in the cluster at the start.
const RoleAbsent = "absent"

// Outage is a stretch in which a shard accepted no write.
type Outage struct {
	Shard int `json:"shard"`
	// From is the completion of the last good write before it; To the
	// completion of the first good write after it. Open marks an outage that
	// lasted to the end of observation, and To is that end.
	From Duration `json:"fromMs"`
	To   Duration `json:"toMs"`
	Open bool     `json:"open,omitempty"`
	// Uncertainty is the distance from the true start (later than From) and of
	// the true end (earlier than To): at most this much each.
	Uncertainty Duration `json:"uncertaintyMs"`
	// Errors counts what was answered meanwhile, by class.
	Errors map[string]int `json:"errors,omitempty"`
	// Refusals are who answered so, and when, as far as probes saw it.
	Refusals []Refusal `json:"refusals,omitempty"`
	// Node answered the first good write after it.
	Node string `json:"node,omitempty"`
}

// Refusal is error replies of one class with which a node refused the writes of a shard:
// from the first to the last.
type Refusal struct {
	Node  string   `json:"node"`
	Class string   `json:"class"`
	Count int      `json:"count"`
	From  Duration `json:"fromMs"`
	To    Duration `json:"toMs"`
}

// AddRefusal adds to a list, in which each node has one entry for each class.
func AddRefusal(list []Refusal, r Refusal) []Refusal {
	for i := range list {
		if one := &list[i]; one.Node == r.Node && one.Class == r.Class {
			one.Count += r.Count
			one.From, one.To = min(one.From, r.From), max(one.To, r.To)
			return list
		}
	}
	return append(list, r)
}
