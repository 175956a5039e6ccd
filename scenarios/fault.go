package scenarios

import "reflect"

// Fault is one thing to break. Exactly one action (Kill to Restart) is set.
type Fault struct {
	// Name is a label, unique among the faults.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// At is the offset from the timeline's start.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s"`
	// Duration is how long the fault stays in force, 100ms to 24h. A kill, a
	// failover and a restart have none: they are over once they have acted.
	Duration Duration `yaml:"duration,omitempty" json:"duration,omitempty" jsonschema:"minimum=100ms,maximum=24h"`
	// Engine injects it: "builtin" is slotstorm itself, "chaosmesh" is Chaos
	// Mesh, on Kubernetes; "auto" takes builtin wherever that can.
	Engine string `yaml:"engine" json:"engine" jsonschema:"enum=auto,enum=builtin,enum=chaosmesh"`
	// Allow permits in words what a rehearsal is refused otherwise.
	Allow []Permission `yaml:"allow,omitempty" json:"allow,omitempty" jsonschema:"maxItems=3"`

	Kill      *Kill         `yaml:"kill,omitempty" json:"kill,omitempty" jsonschema:"oneof_required=kill"`
	Pause     *Pause        `yaml:"pause,omitempty" json:"pause,omitempty" jsonschema:"oneof_required=pause"`
	Partition *Partition    `yaml:"partition,omitempty" json:"partition,omitempty" jsonschema:"oneof_required=partition"`
	Isolate   *Isolate      `yaml:"isolate,omitempty" json:"isolate,omitempty" jsonschema:"oneof_required=isolate"`
	Failover  *Failover     `yaml:"failover,omitempty" json:"failover,omitempty" jsonschema:"oneof_required=failover"`
	Delay     *Delay        `yaml:"delay,omitempty" json:"delay,omitempty" jsonschema:"oneof_required=delay"`
	Loss      *Loss         `yaml:"loss,omitempty" json:"loss,omitempty" jsonschema:"oneof_required=loss"`
	Bandwidth *Bandwidth    `yaml:"bandwidth,omitempty" json:"bandwidth,omitempty" jsonschema:"oneof_required=bandwidth"`
	CPU       *CPUStress    `yaml:"cpu,omitempty" json:"cpu,omitempty" jsonschema:"oneof_required=cpu"`
	Memory    *MemoryStress `yaml:"memory,omitempty" json:"memory,omitempty" jsonschema:"oneof_required=memory"`
	DiskFull  *DiskFull     `yaml:"diskFull,omitempty" json:"diskFull,omitempty" jsonschema:"oneof_required=diskFull"`
	SlowDisk  *SlowDisk     `yaml:"slowDisk,omitempty" json:"slowDisk,omitempty" jsonschema:"oneof_required=slowDisk"`
	Drain     *Drain        `yaml:"drain,omitempty" json:"drain,omitempty" jsonschema:"oneof_required=drain"`
	Restart   *Restart      `yaml:"restart,omitempty" json:"restart,omitempty" jsonschema:"oneof_required=restart"`

	// Repeat injects the fault again and again.
	Repeat *FaultRepeat `yaml:"repeat,omitempty" json:"repeat,omitempty"`
}

// FaultRepeat repeats a fault.
type FaultRepeat struct {
	// Times is the total number of injections, 1 to 10000.
	Times int `yaml:"times" json:"times" jsonschema:"required,minimum=1,maximum=10000"`
	// Every is the distance between the starts of two injections.
	Every Duration `yaml:"every" json:"every" jsonschema:"required,exclusiveMinimum=0s,maximum=24h"`
	// Jitter adds a seeded random delay, from 0 up to this, to each injection.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// Kill ends a node; its supervisor, or Kubernetes, starts it again.
type Kill struct {
	// Target is who is killed; roles are looked up at the moment of injection.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Scope is what is ended on Kubernetes. "pod" deletes the pod, by force for
	// SIGKILL and with its grace period for SIGTERM: a new pod with a new IP
	// takes over its volume. "container" sends the signal to redis-server, and
	// the kubelet starts it again in the same pod. On this machine the two are
	// the same.
	Scope string `yaml:"scope" json:"scope" jsonschema:"enum=pod,enum=container"`
	// Signal is "SIGKILL" or "SIGTERM".
	Signal string `yaml:"signal" json:"signal" jsonschema:"enum=SIGKILL,enum=SIGTERM"`
	// Grace is how long after SIGTERM SIGKILL follows, if it is still needed; 0
	// is never. For a pod it is the grace period of its deletion.
	Grace Duration `yaml:"grace,omitempty" json:"grace,omitempty" jsonschema:"minimum=0s,maximum=1h"`
}

// Signals are the values of Kill.Signal.
var Signals = []string{"SIGKILL", "SIGTERM"}

// Scopes are the values of Kill.Scope.
var Scopes = []string{"pod", "container"}

// Pause stops a node's process (SIGSTOP) and lets it go on (SIGCONT): its
// connections stand, and nobody answers.
type Pause struct {
	// Target is who is stopped.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Partition cuts two sets off from each other. What is within a set, and what
// is in neither, stays connected. slotstorm's own eyes are in no set: it goes on
// to see every node.
type Partition struct {
	// Between is the one set.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0, generator 1]"`
	// And is the other; left out it is the rest: every node and every client
	// that is not in Between.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// Direction is "both", or "one-way": what Between sends does not arrive at
	// And, the way back is open.
	Direction string `yaml:"direction" json:"direction" jsonschema:"enum=both,enum=one-way"`
	// Traffic is "all", "client" (the port of clients, which replication uses
	// too) or "bus" (the port by which nodes watch each other and vote).
	Traffic string `yaml:"traffic" json:"traffic" jsonschema:"enum=all,enum=client,enum=bus"`
	// Action is "drop" (packets vanish, as in a broken network) or "reject" (the
	// sender is told, as by a firewall).
	Action string `yaml:"action" json:"action" jsonschema:"enum=drop,enum=reject"`
}

// Isolate cuts a node off from every other node and from every client.
type Isolate struct {
	// Target is who is isolated; several are isolated from each other too.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Action is "drop" or "reject", as of a partition.
	Action string `yaml:"action" json:"action" jsonschema:"enum=drop,enum=reject"`
}

// Failover makes a replica take over by CLUSTER FAILOVER.
type Failover struct {
	// Target is the replica that is to take over, such as replica of shard 0.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Mode is "graceful" (the primary hands over when the replica has
	// everything), "force" (without asking the primary) or "takeover" (without
	// asking anybody).
	Mode string `yaml:"mode" json:"mode" jsonschema:"enum=graceful,enum=force,enum=takeover"`
}

// Delay makes packets between two sets late.
type Delay struct {
	// Between is the one set, as of a partition.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// And is the other; left out it is the rest.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// Latency is how late a packet is, in either direction.
	Latency Duration `yaml:"latency" json:"latency" jsonschema:"required,minimum=1ms,maximum=1m"`
	// Jitter is how much that varies, at most.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty" jsonschema:"minimum=0s,maximum=1m"`
}

// Loss loses some of the packets between two sets.
type Loss struct {
	// Between is the one set, as of a partition.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// And is the other; left out it is the rest.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// Percent of the packets is lost, above 0 to 100, in either direction.
	Percent float64 `yaml:"percent" json:"percent" jsonschema:"required,exclusiveMinimum=0,maximum=100"`
}

// Bandwidth bounds what passes between two sets.
type Bandwidth struct {
	// Between is the one set, as of a partition.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// And is the other; left out it is the rest.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// KBps is how many kilobytes (1000 bytes) pass each second in one direction;
	// packets beyond that are dropped.
	KBps int `yaml:"kBps" json:"kBps" jsonschema:"required,minimum=1,maximum=10000000"`
}

// CPUStress takes processor time from a node.
type CPUStress struct {
	// Target is who is to suffer.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Workers is how many busy processes share the node's core with it: it is
	// left one part of Workers+1.
	Workers int `yaml:"workers" json:"workers" jsonschema:"minimum=1,maximum=64"`
}

// MemoryStress takes memory from the place where a node runs.
type MemoryStress struct {
	// Target is who is to suffer. On this machine all nodes do.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Size is a Kubernetes quantity such as 256Mi.
	Size string `yaml:"size" json:"size" jsonschema:"required,format=quantity"`
}

// DiskFull fills a node's volume. Locally it needs redis.storage.size: each
// volume is a small file system of its own then.
type DiskFull struct {
	// Target is whose volume is filled.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// SlowDisk makes fsync on a node's volume slow.
type SlowDisk struct {
	// Target is whose disk is slow.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Latency is how long each fsync takes longer.
	Latency Duration `yaml:"latency" json:"latency" jsonschema:"required,minimum=1ms,maximum=1m"`
}

// Drain takes the Kubernetes node that a Redis node runs on out of service for
// the fault's duration, as 'kubectl drain' does before maintenance: no new pod is
// placed there, and the Redis pods on it are evicted, the target's first, each as
// soon as the PodDisruptionBudget allows. Other pods stay: they are not this run's.
type Drain struct {
	// Target is the Redis node whose Kubernetes node is drained.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Restart replaces the pods of whole shards one by one, as 'kubectl rollout
// restart' does: a shard after the other, and in each the next pod when the last
// one is ready.
type Restart struct {
	// Target is a shard, such as shard 0 or shard of the hottest slot, or all nodes.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Permission is what a fault does that a rehearsal is refused otherwise.
type Permission string

// The permissions.
const (
	// MajorityDown takes the majority of the primaries away, so that nobody is
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

// Allows tells whether the fault is permitted to do p.
func (f Fault) Allows(p Permission) bool {
	for _, allowed := range f.Allow {
		if allowed == p {
			return true
		}
	}
	return false
}

// Actions are the names of the actions, in the order of the fields.
var Actions = actionNames()

func actionNames() []string {
	var names []string
	t := reflect.TypeFor[Fault]()
	for i, name := range fieldNames(t) {
		if t.Field(i).Type.Kind() == reflect.Pointer && name != "repeat" {
			names = append(names, name)
		}
	}
	return names
}

// Action is the name of the fault's action: "kill". Empty if it has none.
func (f Fault) Action() string {
	v := reflect.ValueOf(f)
	for _, name := range Actions {
		if !v.Field(fieldIndex(v.Type(), name)).IsNil() {
			return name
		}
	}
	return ""
}

func fieldIndex(t reflect.Type, name string) int {
	for i, n := range fieldNames(t) {
		if n == name {
			return i
		}
	}
	panic("scenarios: no field " + name) // names come from the type itself
}

// Lasts tells whether an action stays in force for the fault's duration.
func Lasts(action string) bool {
	return action != "kill" && action != "failover" && action != "restart"
}

// Target is whom the fault is aimed at, for actions on nodes; false for those
// between two sets.
func (f Fault) Target() (Target, bool) {
	switch {
	case f.Kill != nil:
		return f.Kill.Target, true
	case f.Pause != nil:
		return f.Pause.Target, true
	case f.Isolate != nil:
		return f.Isolate.Target, true
	case f.Failover != nil:
		return f.Failover.Target, true
	case f.CPU != nil:
		return f.CPU.Target, true
	case f.Memory != nil:
		return f.Memory.Target, true
	case f.DiskFull != nil:
		return f.DiskFull.Target, true
	case f.SlowDisk != nil:
		return f.SlowDisk.Target, true
	case f.Drain != nil:
		return f.Drain.Target, true
	case f.Restart != nil:
		return f.Restart.Target, true
	}
	return Target{}, false
}

// Sides are the two sets that the fault is between, for actions on the network;
// false for those on nodes.
func (f Fault) Sides() (between, and []Party, ok bool) {
	switch {
	case f.Partition != nil:
		return f.Partition.Between, f.Partition.And, true
	case f.Delay != nil:
		return f.Delay.Between, f.Delay.And, true
	case f.Loss != nil:
		return f.Loss.Between, f.Loss.And, true
	case f.Bandwidth != nil:
		return f.Bandwidth.Between, f.Bandwidth.And, true
	}
	return nil, nil, false
}
