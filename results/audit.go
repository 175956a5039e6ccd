package results

import "strings"

// Kinds of audited keys.
const (
	// KindOnce is a key that is written once: what is lost is seen by itself.
	KindOnce = "once"
	// KindRegister is a key that is set again and again, by SET with GET: each write
	// says which one it replaced.
	KindRegister = "register"
	// KindCounter is a key of which every write is an INCR.
	KindCounter = "counter"
	// KindList is a key of which every write is an RPUSH of an element of its own.
	KindList = "list"
)

// Write is a line of audit/ledger.jsonl: one audited write.
type Write struct {
	// Seq is unique among the writes of one auditor.
	Seq int `json:"seq"`
	// Kind of the key; empty is KindOnce.
	Kind string `json:"kind,omitempty"`
	Key  string `json:"key"`
	// Value is unique in the run; a Counter's writes have none.
	Value string `json:"value,omitempty"`
	Shard int    `json:"shard"`
	// Client says where the auditor stands, if there is more than one.
	Client string `json:"client,omitempty"`
	// Node answered, or was sent to last.
	Node     string   `json:"node,omitempty"`
	Intended Duration `json:"intendedMs"`
	Sent     Duration `json:"sentMs,omitempty"`
	Done     Duration `json:"doneMs"`
	// Outcome is "ok", "failed", "unknown" or "overflow".
	Outcome string `json:"outcome"`
	Error   string `json:"error,omitempty"`
	// Reply is what the node answered: a Register's value before, empty if there
	// was none; a Counter's value or a List's length after.
	Reply string `json:"reply,omitempty"`
	// Replicas is how many acknowledged it, as WAIT answered; nil without WAIT.
	Replicas *int64 `json:"replicas,omitempty"`
	// Attempts is how often it was sent, where that was more than once.
	Attempts int `json:"attempts,omitempty"`
}

// AuditRead is a line of audit/reads.jsonl: one audited read.
type AuditRead struct {
	Kind  string `json:"kind,omitempty"`
	Key   string `json:"key"`
	Shard int    `json:"shard"`
	Node  string `json:"node,omitempty"`
	// Replica marks a read that was meant for a replica.
	Replica bool `json:"replica,omitempty"`
	// Final marks the read-back at the end, after healing.
	Final bool     `json:"final,omitempty"`
	Sent  Duration `json:"sentMs"`
	Done  Duration `json:"doneMs"`
	// Value is nil if the key was not there; Elements are a List's.
	Value    *string  `json:"value,omitempty"`
	Elements []string `json:"elements,omitempty"`
	// Outcome is "ok", or "failed" or "unknown" if nothing was read.
	Outcome string `json:"outcome"`
	Error   string `json:"error,omitempty"`
}

// Classes of findings.
const (
	// Lost: acknowledged, and gone at the end.
	ClassLost = "lost"
	// Altered: acknowledged, and at the end a value that no client wrote stands in
	// its place. Found in bundles from before ClassPhantom.
	ClassAltered = "altered"
	// FailedKept: refused, yet there: a defect of slotstorm.
	ClassFailedKept = "failed-kept"
	// Duplicated: it took effect more than once.
	ClassDuplicated = "duplicated"
	// Reordered: it stands before one that was acknowledged before it was sent.
	ClassReordered = "reordered"
	// Late: a write without an answer stands over a later acknowledged one.
	// Either it took effect late, or the other was lost: it cannot be known.
	ClassLate = "late"
	// Phantom: a value that no client wrote.
	ClassPhantom = "phantom"
	// StalePrimary: a node that was asked as a primary gave a value that had
	// been replaced, or none where there was one.
	ClassStalePrimary = "stale-primary"
)

// Causes of lost writes, and of duplicated ones.
const (
	// AsyncTail: its primary died, and its replica had not got it yet.
	CauseAsyncTail = "async tail"
	// Unsynced: its primary died, and a replica took over that had not been in sync with
	// it for long enough to have it.
	CauseUnsynced = "unsynced replica"
	// SplitBrain: its primary lived on beside the one that replaced it.
	CauseSplitBrain = "split brain"
	// EmptyRestart: its primary came back, as primary, without any data.
	CauseEmptyRestart = "empty restart"
	// RestartTail: its primary came back, as primary, with older data.
	CauseRestartTail = "restart with older data"
	// Command: a fault sent a command to a node that had it, and the command removed all
	// data, or could remove some and nothing else happened to its primary.
	CauseCommand = "command of a fault"
	// Evicted: its node evicted keys after it, because it had reached maxmemory.
	CauseEvicted     = "eviction"
	CauseUnexplained = "unexplained"
	// ClientRetry and Server say who repeated a duplicated write.
	CauseClientRetry = "client retry"
	CauseServer      = "server"
)

// Finding is a line of audit/findings.jsonl: something that is not what the
// ledger promised.
type Finding struct {
	Class string `json:"class"`
	Cause string `json:"cause,omitempty"`
	// Write is the one concerned; of a phantom, one of the same key.
	Write Write `json:"write"`
	// Count is how many times over, where that is more than one.
	Count int `json:"count,omitempty"`
	// Read is the value found instead, if any.
	Read string `json:"read,omitempty"`
	// Age is how long a stale value had been replaced, at least.
	Age Duration `json:"ageMs,omitempty"`
}

// Audit is what the audit came to, derived from the ledger, the reads and the
// events by package audit.
type Audit struct {
	Writes  int `json:"writes"`
	OK      int `json:"ok"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
	// Overflow counts scheduled writes that found no free client.
	Overflow int `json:"overflow"`
	// ReadBack is the number of writes whose keys were read back, with a whole ledger of
	// the key; it equals Writes when that is every key.
	ReadBack int `json:"readBack"`
	// Lost are acknowledged writes that were gone; Altered those that a phantom
	// stands in place of. UnknownKept are unknown writes that turned out to be
	// there, and FailedKept failed ones that were (which would be a defect of
	// slotstorm).
	Lost        int `json:"lost"`
	Altered     int `json:"altered"`
	UnknownKept int `json:"unknownKept"`
	FailedKept  int `json:"failedKept"`
	Duplicated  int `json:"duplicated,omitempty"`
	Reordered   int `json:"reordered,omitempty"`
	Late        int `json:"late,omitempty"`
	Phantom     int `json:"phantom,omitempty"`
	// Kinds count by kind of key.
	Kinds []AuditKind `json:"kinds,omitempty"`
	// Durability is what an acknowledgement stands for: "asynchronous",
	// "WAIT 1", "WAITAOF 1 0", "min-replicas-to-write 1".
	Durability string `json:"durability,omitempty"`
	// Reads is what audited reads saw; nil if there were none.
	Reads *AuditReads `json:"reads,omitempty"`
	// Unread explains keys that could not be read back, or whose ledger is not whole.
	Unread string `json:"unread,omitempty"`
	// Linearizability is for information; nil if it was not looked at.
	Linearizability *Linearizability `json:"linearizability,omitempty"`
}

// AuditKind counts the writes to one kind of key.
type AuditKind struct {
	Kind string `json:"kind"`
	Keys int    `json:"keys"`
	OK   int    `json:"ok"`
	Lost int    `json:"lost"`
}

// AuditReads counts audited reads before the read-back.
type AuditReads struct {
	// Replica and Primary count answered reads by whom they were meant for.
	Replica int `json:"replica"`
	Primary int `json:"primary"`
	// StaleReplica and StalePrimary are those that gave a value which had been
	// replaced, by an acknowledged write that was not lost, before they were sent.
	StaleReplica int `json:"staleReplica"`
	StalePrimary int `json:"stalePrimary"`
	// MissingReplica and MissingPrimary are those that gave no value, where such a write
	// had given the key one before; MaxMissing is how long before at most, at replicas.
	MissingReplica int      `json:"missingReplica,omitempty"`
	MissingPrimary int      `json:"missingPrimary,omitempty"`
	MaxMissing     Duration `json:"maxMissingMs,omitempty"`
	// EmptyReplica are those that gave no value either, from nodes that had been started
	// again and did not have the data of their primary yet: Empty are those nodes.
	EmptyReplica int         `json:"emptyReplica,omitempty"`
	Empty        []EmptyNode `json:"empty,omitempty"`
	// Ages count stale replica reads by how long the value had been replaced, at
	// least; MaxAge is the greatest.
	Ages   []AgeBucket `json:"ages,omitempty"`
	MaxAge Duration    `json:"maxAgeMs,omitempty"`
}

// EmptyNode is a node that answered reads before it had the data of its primary.
type EmptyNode struct {
	Node  string `json:"node"`
	Reads int    `json:"reads"`
	// First and Last are when the reads were sent.
	First Duration `json:"firstMs"`
	Last  Duration `json:"lastMs"`
}

// AgeBucket counts ages below a bound and not below that of the bucket before;
// the last has none.
type AgeBucket struct {
	Below Duration `json:"belowMs,omitempty"`
	Count int      `json:"count"`
}

// Linearizability is what porcupine says of the histories of single keys.
type Linearizability struct {
	// Keys by answer. Unknown: the time was up.
	Linearizable int `json:"linearizable"`
	Illegal      int `json:"illegal"`
	Unknown      int `json:"unknown"`
	// Files are visualisations in the bundle, one for each kind of key.
	Files []string `json:"files,omitempty"`
}

// Waited reports whether an acknowledgement came after others had confirmed the write. A
// primary with min-replicas-to-write acknowledges without that: it only refuses writes while
// it sees too few replicas.
func (a Audit) Waited() bool { return strings.HasPrefix(a.Durability, "WAIT") }
