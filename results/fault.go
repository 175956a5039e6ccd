package results

// FaultStatus is how far a fault came.
type FaultStatus string

// The ends of a fault. Only StatusHealed lets a run pass.
const (
	StatusPlanned  FaultStatus = "planned"  // its time never came
	StatusRefused  FaultStatus = "refused"  // the check said no; nothing was done
	StatusUnproved FaultStatus = "unproved" // injected, but no proof that it acted
	StatusUnhealed FaultStatus = "unhealed" // healing could not be verified
	StatusHealed   FaultStatus = "healed"   // proved, and healing verified
)

// Fault is one injection.
type Fault struct {
	// Name is unique in the run: a repeated fault carries "-1", "-2" ...
	Name string `json:"name"`
	// Kind is the action, by its name in a scenario: "kill", "partition".
	Kind string `json:"kind"`
	// Detail is the action in words: "SIGKILL to primary of shard 0".
	Detail string `json:"detail"`
	Traits
	// Target says who was chosen, and why.
	Target string `json:"target"`
	// Node, Shard and Role are of the first node that was hit; Shard is -1
	// without one. Nodes are all of them; bundles before faults on several nodes
	// have none.
	Node   string      `json:"node,omitempty"`
	Shard  int         `json:"shard"`
	Role   string      `json:"role,omitempty"`
	Nodes  []Hit       `json:"nodes,omitempty"`
	Status FaultStatus `json:"status"`
	// Reason explains a status other than healed.
	Reason string `json:"reason,omitempty"`
	// Waited is what its check waited for, where it took long: "1.8 s until the cluster was
	// whole".
	Waited string `json:"waited,omitempty"`
	// Proof is what was seen: "process 12 ended by SIGKILL".
	Proof string `json:"proof,omitempty"`
	// Healing is what was seen when it was over.
	Healing string `json:"healing,omitempty"`
	// Refused is how Kubernetes refused the action, which then took nothing; empty if it
	// did not.
	Refused string `json:"refused,omitempty"`
	// Machines are those that the fault broke.
	Machines []Broken `json:"machines,omitempty"`
	// Moved is what a fault that takes slots has moved.
	Moved *SlotMove `json:"moved,omitempty"`
	// Scaled is what a change of the number of shards did.
	Scaled *Scaling `json:"scaled,omitempty"`
	// Offsets; zero if it did not come so far. Injected is read just before
	// the system call that acts.
	Planned  Duration `json:"plannedMs"`
	Injected Duration `json:"injectedMs,omitempty"`
	// Until is when it should be over, for a fault that lasts; Released is read
	// just before what heals it. Bundles before them have neither.
	Until    Duration `json:"untilMs,omitempty"`
	Released Duration `json:"releasedMs,omitempty"`
	Proved   Duration `json:"provedMs,omitempty"`
	Restored Duration `json:"restoredMs,omitempty"`
	Verified Duration `json:"verifiedMs,omitempty"`
}

// Traits are what a fault does, in terms that do not depend on its kind: whoever
// reads a bundle decides by these, and shows Fault.Detail.
type Traits struct {
	// Takes is what the fault takes from the nodes that it hits.
	Takes Resource `json:"takes,omitempty"`
	// Lasts is true of a fault that stays in force for a duration.
	Lasts bool `json:"lasts,omitempty"`
	// Deposes is true of a fault that keeps a primary from serving its shard, so
	// that a replica has to take over.
	Deposes bool `json:"deposes,omitempty"`
	// Gradual is true of a fault that comes to its nodes one after the other.
	Gradual bool `json:"gradual,omitempty"`
	// Rolls is true of a gradual fault that waits for each node to be back before it
	// comes to the next, so that most are hit long after its injection.
	Rolls bool `json:"rolls,omitempty"`
	// Asked is true of a fault that asks nodes to go or to hand over (SIGTERM, a
	// drain, CLUSTER FAILOVER, a rolling restart). Where it is false, a fault that
	// takes a process is a crash.
	Asked bool `json:"asked,omitempty"`
	// Deletes is true of a fault that deletes pods. Whatever its signal is, the kubelet runs
	// their preStop hooks and sends SIGTERM first, so a node may hand its role over.
	Deletes bool `json:"deletes,omitempty"`
	// Disconnects is true of a fault that cuts connections between nodes that go on
	// running.
	Disconnects bool `json:"disconnects,omitempty"`
	// Erases is true of a fault that can remove data from a node that goes on running.
	Erases bool `json:"erases,omitempty"`
	// Empties is true of a fault that removes all data from such a node.
	Empties bool `json:"empties,omitempty"`
	// Unsyncs is true of a fault that takes what the volumes of its nodes had not synced.
	// Some of them may not start again on the rest.
	Unsyncs bool `json:"unsyncs,omitempty"`
	// Signal is what redis-server is sent: "SIGKILL", "SIGTERM" or "SIGSTOP".
	Signal string `json:"signal,omitempty"`
	// Engine injects the fault: "builtin" or "chaosmesh".
	Engine string `json:"engine,omitempty"`
}

// SlotMove is slots that were moved on purpose from one shard to another.
type SlotMove struct {
	From int `json:"from"`
	To   int `json:"to"`
	// Asked are the slots that were to move, and Slots those that did.
	Asked Slots `json:"asked"`
	Slots Slots `json:"slots,omitempty"`
	// Atomic: the server moved them in one step; otherwise key by key.
	Atomic bool `json:"atomic,omitempty"`
	// Keys are those that were moved, in the time Took.
	Keys int      `json:"keys"`
	Took Duration `json:"tookMs"`
	// Slowest is the longest time in which one slot was open, of those that were moved key
	// by key, and SlowestSlot that slot.
	Slowest     Duration `json:"slowestMs,omitempty"`
	SlowestSlot int      `json:"slowestSlot,omitempty"`
}

// Add notes that slots have moved, with their keys: took is how long they were open, and since
// the time from the fault on.
func (m *SlotMove) Add(slots Slots, keys int, took, since Duration) {
	m.Slots = m.Slots.Plus(slots)
	m.Keys += keys
	m.Took = since
	if !m.Atomic && took > m.Slowest {
		m.Slowest, m.SlowestSlot = took, slots[0].First
	}
}

// Moves are the moves of slots by the fault.
func (f Fault) Moves() []SlotMove {
	switch {
	case f.Moved != nil:
		return []SlotMove{*f.Moved}
	case f.Scaled != nil:
		return f.Scaled.Moves
	}
	return nil
}

// Scaling is a change of the number of shards.
type Scaling struct {
	// From and To are the numbers of shards before and after.
	From int `json:"from"`
	To   int `json:"to"`
	// Nodes joined, if To is above From, and left otherwise.
	Nodes []string `json:"nodes"`
	// Joined is the time until the new nodes were members and their replicas in sync.
	Joined Duration   `json:"joinedMs,omitempty"`
	Moves  []SlotMove `json:"moves,omitempty"`
}

// Slots are those that have moved.
func (s Scaling) Slots() (all Slots) {
	for _, m := range s.Moves {
		all = all.Plus(m.Slots)
	}
	return all
}

// Left are the slots that were to move and did not.
func (s Scaling) Left() (all Slots) {
	for _, m := range s.Moves {
		all = all.Plus(m.Asked.Minus(m.Slots))
	}
	return all
}

// Keys are the keys of the slots that have moved.
func (s Scaling) Keys() (n int) {
	for _, m := range s.Moves {
		n += m.Keys
	}
	return n
}

// Resource is what a fault takes from a node.
type Resource string

// The resources.
const (
	TakesProcess Resource = "process" // redis-server ends
	TakesNetwork Resource = "network" // packets are lost, late or fewer
	TakesTime    Resource = "time"    // redis-server gets less processor time, or none
	TakesMemory  Resource = "memory"
	TakesDisk    Resource = "disk"    // the volume is full or slow
	TakesRole    Resource = "role"    // another node becomes the primary
	TakesCommand Resource = "command" // what the command takes that the fault sends
	TakesSlots   Resource = "slots"   // another shard serves some of them
	TakesKubelet Resource = "kubelet" // the kubelet of their machine; redis-server goes on
	TakesUnknown Resource = "unknown" // what programs of the user's own take
)

// DeposesAtOnce is true of a fault that takes away every primary that it hits with its
// injection: a failover is expected there.
func (t Traits) DeposesAtOnce() bool { return t.Deposes && !t.Gradual }

// Hit is a node that a fault was aimed at, with its role at that moment.
type Hit struct {
	Node  string `json:"node"`
	Shard int    `json:"shard"`
	Role  string `json:"role"`
}

// Acted reports whether a fault did to its nodes what its traits say.
func (f Fault) Acted() bool { return f.Injected > 0 && f.Refused == "" }

// Hits are the nodes that a fault was aimed at, of old bundles too.
func (f Fault) Hits() []Hit {
	if len(f.Nodes) == 0 && f.Node != "" {
		return []Hit{{f.Node, f.Shard, f.Role}}
	}
	return f.Nodes
}

// Broken is a machine that a fault broke.
type Broken struct {
	Name string `json:"name"`
	// ID is that of the container that the machine is, and Action what was done to it:
	// "pause", "stop" or "kubelet".
	ID     string `json:"id"`
	Action string `json:"action"`
	// Nodes are the Redis nodes on it.
	Nodes []string `json:"nodes"`
	// NotReady is when Kubernetes was first seen to take it for lost, and Ready when it was
	// first seen to be ready after it was mended; 0 if that was not seen.
	NotReady Duration `json:"notReadyMs,omitempty"`
	Ready    Duration `json:"readyMs,omitempty"`
	// Terminating are pods on it that Kubernetes was deleting while it was broken.
	Terminating []string `json:"terminating,omitempty"`
}
