package scenarios

// Fault is one thing to break, with exactly one action, such as kill or partition.
type Fault struct {
	// Lower case letters, digits and '-'; unique among the faults.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// The time from the start of the timeline.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s"`
	// How long the fault stays in force, 100ms to 24h. A kill, a failover and a
	// restart have no duration: they are over once they have acted.
	Duration Duration `yaml:"duration,omitempty" json:"duration,omitempty" jsonschema:"minimum=100ms,maximum=24h"`
	// builtin: slotstorm injects the fault. chaosmesh: Chaos Mesh does, on
	// Kubernetes. auto: the same as builtin.
	Engine string `yaml:"engine" json:"engine" jsonschema:"enum=auto,enum=builtin,enum=chaosmesh"`
	// Permits a fault that slotstorm refuses otherwise. majority-down: takes the
	// majority of the primaries away, so that no failover can be voted. shards-down:
	// takes every copy of two or more shards away. overlap: may come so close to
	// another fault of the same shard that the voters refuse a second vote.
	Allow []Permission `yaml:"allow,omitempty" json:"allow,omitempty" jsonschema:"maxItems=3"`

	// Ends a node.
	Kill *Kill `yaml:"kill,omitempty" json:"kill,omitempty" jsonschema:"oneof_required=kill"`
	// Stops a node, which keeps its connections and does not answer.
	Pause *Pause `yaml:"pause,omitempty" json:"pause,omitempty" jsonschema:"oneof_required=pause"`
	// Cuts two sets of nodes and clients off from each other.
	Partition *Partition `yaml:"partition,omitempty" json:"partition,omitempty" jsonschema:"oneof_required=partition"`
	// Cuts a node off from everything else.
	Isolate *Isolate `yaml:"isolate,omitempty" json:"isolate,omitempty" jsonschema:"oneof_required=isolate"`
	// Makes a replica take over by command.
	Failover *Failover `yaml:"failover,omitempty" json:"failover,omitempty" jsonschema:"oneof_required=failover"`
	// Moves slots from one shard to another.
	Reshard *Reshard `yaml:"reshard,omitempty" json:"reshard,omitempty" jsonschema:"oneof_required=reshard"`
	// Adds shards with their nodes, or removes some.
	Scale *Scale `yaml:"scale,omitempty" json:"scale,omitempty" jsonschema:"oneof_required=scale"`
	// Delays packets.
	Delay *Delay `yaml:"delay,omitempty" json:"delay,omitempty" jsonschema:"oneof_required=delay"`
	// Loses packets.
	Loss *Loss `yaml:"loss,omitempty" json:"loss,omitempty" jsonschema:"oneof_required=loss"`
	// Limits the bandwidth.
	Bandwidth *Bandwidth `yaml:"bandwidth,omitempty" json:"bandwidth,omitempty" jsonschema:"oneof_required=bandwidth"`
	// Takes processor time from a node.
	CPU *CPUStress `yaml:"cpu,omitempty" json:"cpu,omitempty" jsonschema:"oneof_required=cpu"`
	// Takes memory from a node.
	Memory *MemoryStress `yaml:"memory,omitempty" json:"memory,omitempty" jsonschema:"oneof_required=memory"`
	// Has a node exceed the memory limit of its container.
	OOMKill *OOMKill `yaml:"oomKill,omitempty" json:"oomKill,omitempty" jsonschema:"oneof_required=oomKill"`
	// Fills a node's volume.
	DiskFull *DiskFull `yaml:"diskFull,omitempty" json:"diskFull,omitempty" jsonschema:"oneof_required=diskFull"`
	// Slows a node's disk.
	SlowDisk *SlowDisk `yaml:"slowDisk,omitempty" json:"slowDisk,omitempty" jsonschema:"oneof_required=slowDisk"`
	// Has a node's disk answer with errors.
	DiskError *DiskError `yaml:"diskError,omitempty" json:"diskError,omitempty" jsonschema:"oneof_required=diskError"`
	// Ends a node, with what its volume had not synced.
	PowerLoss *PowerLoss `yaml:"powerLoss,omitempty" json:"powerLoss,omitempty" jsonschema:"oneof_required=powerLoss"`
	// Takes a Kubernetes node out of service.
	Drain *Drain `yaml:"drain,omitempty" json:"drain,omitempty" jsonschema:"oneof_required=drain"`
	// Evicts the pod of a node.
	Evict *Evict `yaml:"evict,omitempty" json:"evict,omitempty" jsonschema:"oneof_required=evict"`
	// Breaks the machine that a node runs on.
	Machine *Machine `yaml:"machine,omitempty" json:"machine,omitempty" jsonschema:"oneof_required=machine"`
	// Restarts the pods of whole shards, one by one.
	Restart *Restart `yaml:"restart,omitempty" json:"restart,omitempty" jsonschema:"oneof_required=restart"`
	// Sends a command.
	Command *SentCommand `yaml:"command,omitempty" json:"command,omitempty" jsonschema:"oneof_required=command"`
	// Runs programs of your own on this machine.
	Exec *Exec `yaml:"exec,omitempty" json:"exec,omitempty" jsonschema:"oneof_required=exec"`

	// Injects the fault several times.
	Repeat *FaultRepeat `yaml:"repeat,omitempty" json:"repeat,omitempty"`
}

// FaultRepeat injects a fault several times.
type FaultRepeat struct {
	// The total number of injections, 1 to 10000.
	Times int `yaml:"times" json:"times" jsonschema:"required,minimum=1,maximum=10000"`
	// The time from the start of one injection to the start of the next.
	Every Duration `yaml:"every" json:"every" jsonschema:"required,exclusiveMinimum=0s,maximum=24h"`
	// Delays each injection by a seeded random time of up to this.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// Permission is what a fault does that a rehearsal is refused otherwise.
type Permission string

// The permissions.
const (
	// MajorityDown takes the majority of the primaries away, so that no node is
	// left to vote.
	MajorityDown Permission = "majority-down"
	// ShardsDown takes every copy of two shards or more away.
	ShardsDown Permission = "shards-down"
	// Overlap lets a fault come so close to another one of the same shard that
	// the voters are not ready to vote again.
	Overlap Permission = "overlap"
)

var permissions = []string{string(MajorityDown), string(ShardsDown), string(Overlap)}

// UnmarshalText reads one of the permissions.
func (p *Permission) UnmarshalText(b []byte) error {
	for _, known := range permissions {
		if string(b) == known {
			*p = Permission(b)
			return nil
		}
	}
	return &valueError{"a permission", string(b), "write " + either(permissions)}
}

// MarshalText writes the permission.
func (p Permission) MarshalText() ([]byte, error) { return []byte(p), nil }

// Allows reports whether the fault is permitted to do p.
func (f Fault) Allows(p Permission) bool {
	for _, allowed := range f.Allow {
		if allowed == p {
			return true
		}
	}
	return false
}

// actions are the kinds of faults in the order of their documentation, each with what
// f states of it.
func (f *Fault) actions() []statement {
	return []statement{
		of(f.Kill), of(f.Pause), of(f.Partition), of(f.Isolate), of(f.Failover), of(f.Reshard), of(f.Scale), of(f.Delay), of(f.Loss), of(f.Bandwidth),
		of(f.CPU), of(f.Memory), of(f.OOMKill), of(f.DiskFull), of(f.SlowDisk), of(f.DiskError), of(f.PowerLoss), of(f.Drain), of(f.Evict), of(f.Machine), of(f.Restart),
		of(f.Command), of(f.Exec),
	}
}

// statement is a kind of fault, and whether a fault states it; if not, action is the
// kind's zero value.
type statement struct {
	action Action
	stated bool
}

func of[T any, A interface {
	*T
	Action
}](action A) statement {
	if action == nil {
		return statement{action: A(new(T))}
	}
	return statement{action, true}
}

// kindNames are the names of the kinds of faults, in the order of the documentation.
func kindNames() []string {
	var names []string
	for _, a := range new(Fault).actions() {
		names = append(names, a.action.Name())
	}
	return names
}

// Action is what the fault does; nil if it states nothing.
func (f Fault) Action() Action {
	for _, a := range f.actions() {
		if a.stated {
			return a.action
		}
	}
	return nil
}

// Kind is the name of the fault's action: "kill".
func (f Fault) Kind() string {
	if a := f.Action(); a != nil {
		return a.Name()
	}
	return ""
}

// Traits are those of the fault's action.
func (f Fault) Traits() Traits {
	if a := f.Action(); a != nil {
		return a.Traits()
	}
	return Traits{}
}

// Detail is the fault in words: "SIGKILL to primary of shard 0".
func (f Fault) Detail() string {
	a := f.Action()
	if a == nil {
		return ""
	}
	text := a.Words()
	if f.Duration > 0 {
		text += " for " + f.Duration.String()
	}
	if f.Engine == "chaosmesh" {
		text += ", by Chaos Mesh"
	}
	return text
}

// Target is whom the fault is aimed at, for actions on nodes; false for those
// between two sets.
func (f Fault) Target() (Target, bool) {
	a := f.Action()
	if a == nil || !a.Aim().nodes() {
		return Target{}, false
	}
	return a.Aim().Target, true
}

// Sides are the two sets that the fault is between, for actions on the network;
// false for those on nodes.
func (f Fault) Sides() (between, and []Party, ok bool) {
	a := f.Action()
	if a == nil || a.Aim().nodes() {
		return nil, nil, false
	}
	return a.Aim().Between, a.Aim().And, true
}

// Holds is how long an injection at an offset of a timeline of this length is in force:
// the duration, or how long a killed node is kept down.
func (f Fault) Holds(at, length Duration) Duration {
	switch away := f.Traits().Away; {
	case away == nil:
		return f.Duration
	case away.Forever:
		return max(0, length-at)
	default:
		return away.For
	}
}

// injections are the starts of f: number, distance and jitter.
func (f Fault) injections() (times int, every, jitter Duration) {
	if f.Repeat == nil {
		return 1, 0, 0
	}
	return f.Repeat.Times, f.Repeat.Every, f.Repeat.Jitter
}

// deposes is true of a fault that takes the primary of a shard away. The node that a
// failover is aimed at takes over, so that it is a replica.
func (f Fault) deposes() bool {
	t, ok := f.Target()
	traits := f.Traits()
	return ok && traits.Deposes == Surely && (traits.Takes != TakesRole || t.Role == Replica || t.By == ByNode)
}

// canFailOver is true of a fault that a failover can follow from. Nodes that are
// named may be primaries; so may a partition's.
func (f Fault) canFailOver() bool {
	t, ok := f.Target()
	traits := f.Traits()
	if ok && traits.Down() {
		return t.hitsPrimary()
	}
	return traits.Deposes != Never
}
