package results

// Upgrade is what became of the timeline's upgrade.
type Upgrade struct {
	// From and To are the servers, as the nodes themselves said; To is empty if no
	// node ever ran it.
	From Server `json:"from"`
	To   Server `json:"to,omitzero"`
	// FromRelease and ToRelease are what was asked for: a binary or an image.
	FromRelease string `json:"fromRelease"`
	ToRelease   string `json:"toRelease"`
	// Order and Handover as the scenario says.
	Order    string `json:"order"`
	Handover bool   `json:"handover"`
	// Forward is the way there; Back the rollback, nil if none was asked for.
	Forward Roll  `json:"forward"`
	Back    *Roll `json:"back,omitempty"`
	// Persistence says which version reads what the other one writes; empty if
	// it could not be tried.
	Persistence []Readable `json:"persistence,omitempty"`
}

// RollStatus is how far a roll came.
type RollStatus string

// The ends of a roll.
const (
	RollPlanned    RollStatus = "planned"    // its time never came
	RollRefused    RollStatus = "refused"    // the cluster was not whole: nothing was done
	RollFailed     RollStatus = "failed"     // a step failed; the nodes after it were left as they were
	RollUnfinished RollStatus = "unfinished" // the run ended before it did
	RollDone       RollStatus = "done"       // every node runs the other version, and the cluster is whole
)

// Roll is one way of an upgrade: there, or back.
type Roll struct {
	Status RollStatus `json:"status"`
	// Reason explains a status other than done.
	Reason string `json:"reason,omitempty"`
	// From says what a rollback goes back on: "volumes" or "backup".
	From string `json:"from,omitempty"`
	// Offsets; zero if it did not come so far.
	Planned Duration      `json:"plannedMs"`
	Began   Duration      `json:"beganMs,omitempty"`
	Ended   Duration      `json:"endedMs,omitempty"`
	Steps   []UpgradeStep `json:"steps"`
}

// UpgradeStep is one act of a roll.
type UpgradeStep struct {
	// Kind is "backup", "hand-over", "replace" or "restore".
	Kind string `json:"kind"`
	// Node is the one acted on, empty for all; To the replica that takes over.
	Node  string `json:"node,omitempty"`
	To    string `json:"to,omitempty"`
	Shard int    `json:"shard"`
	// Role is the node's when the step began.
	Role string `json:"role,omitempty"`
	// Server is what the node said it was after the step.
	Server Server `json:"version,omitzero"`
	// Began is just before the act; Answered when the node answered (or the
	// replica said that it is the primary); Whole when the cluster was whole
	// again. Zero if it did not come so far.
	Began    Duration `json:"beganMs"`
	Answered Duration `json:"answeredMs,omitempty"`
	Whole    Duration `json:"wholeMs,omitempty"`
	// Failed says why it failed; Undone when the node ran its old version again
	// and the cluster was whole, or zero.
	Failed string   `json:"failed,omitempty"`
	Undone Duration `json:"undoneMs,omitempty"`
}

// Steps of an upgrade.
const (
	StepBackup   = "backup"
	StepHandover = "hand-over"
	StepReplace  = "replace"
	StepRestore  = "restore"
)

// Readable reports whether a server reads a file that another one wrote.
type Readable struct {
	// Format is "RDB" or "AOF".
	Format string `json:"format"`
	Writer Server `json:"writer"`
	Reader Server `json:"reader"`
	OK     bool   `json:"ok"`
	// Evidence is the keys that were read, or the reader's own words.
	Evidence string `json:"evidence"`
}

// Surface is what a node's version shows to clients and operators.
type Surface struct {
	Server Server `json:"version"`
	// Node is the node that was asked.
	Node string `json:"node"`
	// Config is CONFIG GET *, without secrets. After a replacement it also has the
	// directives that CONFIG GET * does not list, and that the version before listed.
	Config map[string]string `json:"config"`
	// Commands are COMMAND's names, "config|get" for a subcommand, with arity,
	// flags and keys.
	Commands map[string]string `json:"commands"`
	// Info are the names of INFO's fields, "section.field".
	Info []string `json:"info"`
}

// Surfaces is upgrade.json: one node, before and after its replacement.
type Surfaces struct {
	Before *Surface `json:"before,omitempty"`
	After  *Surface `json:"after,omitempty"`
}

// Decision is what an upgrade's sheet says.
type Decision string

// The decisions. Undecided: the run could not show it; run it again.
const (
	Go        Decision = "go"
	NoGo      Decision = "no-go"
	Undecided Decision = "undecided"
)

// UpgradeSummary is what package report derives of an upgrade.
type UpgradeSummary struct {
	Decision Decision `json:"decision"`
	// Reasons say why not "go", or which lost writes a "go" accepts.
	Reasons []string `json:"reasons,omitempty"`
	// Notes are what to know before saying yes.
	Notes []string `json:"notes,omitempty"`
	// Windows are before, during, after, and with a rollback two more.
	Windows []UpgradeWindow `json:"windows"`
	// Steps say what each step of Upgrade.Forward and then of Upgrade.Back cost.
	Steps       []StepCost        `json:"steps"`
	Differences []DifferenceGroup `json:"differences,omitempty"`
}

// UpgradeWindow is a stretch of whole seconds between the turns of an upgrade.
type UpgradeWindow struct {
	// Name is "before", "upgrade", "after", "rollback" or "after rollback".
	Name     string         `json:"name"`
	Load     PhaseLoad      `json:"load"`
	Response *Latency       `json:"response,omitempty"`
	Errors   map[string]int `json:"errors,omitempty"`
	// Down is the time in which at least one shard took no write; Longest the
	// longest outage of a shard.
	Down    Duration `json:"downMs"`
	Longest Duration `json:"longestMs"`
}

// StepCost is what happened from a step's beginning to that of the next one.
type StepCost struct {
	// Roll is "upgrade" or "rollback"; Step counts from 0 in it.
	Roll string `json:"roll"`
	Step int    `json:"step"`
	// Took is until the cluster was whole again; zero if it never was.
	Took Duration `json:"tookMs,omitempty"`
	// Down and Longest as in UpgradeWindow.
	Down    Duration `json:"downMs"`
	Longest Duration `json:"longestMs"`
	// Errors of the load by class, in the seconds of the step.
	Errors map[string]int `json:"errors,omitempty"`
	// Slowest is the p99 of response in the worst of its seconds.
	Slowest Duration `json:"slowestP99Ms,omitempty"`
}

// DifferenceGroup lists one kind of difference between the versions.
type DifferenceGroup struct {
	// What is "directives", "commands" or "INFO fields"; Change is "removed",
	// "changed" or "added".
	What   string `json:"what"`
	Change string `json:"change"`
	// Names are sorted; Details, of a change, say from what to what.
	Names   []string `json:"names"`
	Details []string `json:"details,omitempty"`
}
