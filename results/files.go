package results

// File names in a bundle.
const (
	RunFile      = "run.json"
	ScenarioFile = "scenario.yaml"
	EventsFile   = "events.jsonl"
	SeriesFile   = "series.jsonl"
	HlogFile     = "latency.hlog"
	JournalFile  = "journal.jsonl"
	LedgerFile   = "audit/ledger.jsonl"
	ReadsFile    = "audit/reads.jsonl"
	FindingsFile = "audit/findings.jsonl"
	SumsFile     = "SHA256SUMS"
	// VolumesDir holds the nodes' data while a run is under way. It is not part
	// of the bundle and is gone when the run has ended.
	VolumesDir = "volumes"
)

// DefaultRoot is where bundles are kept unless a command says otherwise.
const DefaultRoot = "results/runs"

// upgradeFile holds the Surfaces of an upgrade.
const upgradeFile = "upgrade.json"

// signatureFile holds the signature of SHA256SUMS: Ed25519, in base64. It is not
// listed in SHA256SUMS.
const signatureFile = "SHA256SUMS.sig"
