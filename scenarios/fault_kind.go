package scenarios

import "fmt"

// Action is what a fault does. Each kind of fault is one type in a file of its own,
// fault_NAME.go, which states all that other code decides by: whoever needs to know
// something of a fault asks it here, and never for the kind.
type Action interface {
	// Name is the action's field in a fault, as in a scenario: "kill".
	Name() string
	// Words say what it does, and to whom: "SIGKILL to primary of shard 0".
	Words() string
	// Aim is whom it is aimed at.
	Aim() Aim
	// Traits are what it takes away, and how.
	Traits() Traits

	// fill sets the fields at path that have a default and are not stated.
	fill(f *filler, path string)
	// validate notes what is wrong with the fields at path beside each other, and in
	// the cluster at hand.
	validate(d *document, at ground, path string)
}

// Aim is whom an action is aimed at: the nodes of Target, or what passes between two
// sets.
type Aim struct {
	Target       Target
	Between, And []Party
	// Direction is both or one-way, from Between to And; Traffic is all, client or bus.
	Direction, Traffic string
}

// Words say what is done between the two sets.
func (a Aim) Words(what string) string {
	text := wordsBetween(what, a.Between, a.And)
	if a.Direction == "one-way" {
		text = fmt.Sprintf("%s from (%s) to (%s)", what, PartyList(a.Between), PartyList(a.And))
	}
	if a.Traffic != "all" {
		text += ": " + a.Traffic + " traffic"
	}
	return text
}

// nodes is true of an action on nodes.
func (a Aim) nodes() bool { return len(a.Between) == 0 && len(a.And) == 0 }

// Resource is what a fault takes from the nodes that it hits.
type Resource string

// The resources.
const (
	TakesProcess Resource = "process" // redis-server ends
	TakesNetwork Resource = "network" // packets are lost, late or fewer
	TakesTime    Resource = "time"    // redis-server gets less processor time, or none
	TakesMemory  Resource = "memory"
	TakesDisk    Resource = "disk"    // the volume is full, slow or broken
	TakesRole    Resource = "role"    // another node becomes the primary
	TakesCommand Resource = "command" // what the command takes that it sends
	TakesSlots   Resource = "slots"   // another shard serves some of them
	TakesKubelet Resource = "kubelet" // the kubelet of their machine; redis-server goes on
	TakesUnknown Resource = "unknown" // what programs of the user's own take
)

// Odds say whether a fault takes a primary away from its shard.
type Odds int

// The odds.
const (
	Never  Odds = iota // the shard keeps its primary
	Maybe              // a primary can be so slow or so far away that a replica takes over
	Surely             // a primary that is hit cannot serve, and a replica is to take over
)

// Traits are what an action takes away, and how.
type Traits struct {
	// Takes is what it takes from its nodes.
	Takes Resource
	// Deposes says whether it takes a primary that it hits away from its shard. It is
	// the only statement about that: spacing, the blast radius, objectives and the
	// report derive from it.
	Deposes Odds
	// Lasts is true of an action that stays in force for the fault's duration; the
	// others are over once they have acted.
	Lasts bool
	// Gradual is true of an action that comes to its nodes one after the other; Rolls
	// of one that waits for each to be back before it comes to the next.
	Gradual, Rolls bool
	// Wide is true of an action that hits what stands beside its target, too.
	Wide bool
	// Asked is true of an action that asks nodes to go or to hand over: it is no
	// crash.
	Asked bool
	// Disconnects is true of an action that cuts connections between nodes that go on
	// running.
	Disconnects bool
	// Erases is true of an action that can remove data from a node that goes on running.
	Erases bool
	// Empties is true of an action that removes all data from such a node.
	Empties bool
	// Unsyncs is true of an action that takes what a node's volume had not synced.
	Unsyncs bool
	// Signal is what redis-server is sent.
	Signal string
	// Restarts is true of an action after which the supervisor, or the kubelet, starts
	// the node again; Grace is how long the node may take to end before.
	Restarts bool
	Grace    Duration
	// Away is how long the node is kept down; nil leaves that to who starts it again.
	Away *Away
	// Executes is true of an action that runs programs on the machine of slotstorm.
	Executes bool
	// Volume is true of an action that needs volumes with a size of their own.
	Volume bool
	// Disk is true of an action that needs volumes behind a file system of slotstorm's own.
	Disk bool
}

// Down is true of an action that leaves all nodes that it hits unable to serve at
// once.
func (t Traits) Down() bool { return t.Deposes == Surely && !t.Gradual && t.Takes != TakesRole }

// ground is what an action must know of the scenario around it.
type ground struct {
	provider string
	// bounded says that volumes have a size of their own.
	bounded bool
	// limited says that the containers of nodes have a memory limit.
	limited bool
	// shards is how many the cluster has; 0 if that is not known. replicas are those of each.
	shards, replicas int
	// machines is how many a kind cluster has that the run makes.
	machines int
	// renames says that the servers may have commands of modules, or commands under other
	// names.
	renames bool
	// newNames are names that the scenario gives commands.
	newNames []string
	// readOnlyReplicas says that replicas are known to refuse writes.
	readOnlyReplicas bool
}

// local is true where nodes are processes on this machine.
func (g ground) local() bool { return g.provider == "local" }

// wordsBetween says what is done between two sides.
func wordsBetween(what string, a, b []Party) string {
	return fmt.Sprintf("%s between (%s) and (%s)", what, PartyList(a), PartyList(b))
}

// fillSides sets what is not stated of an action between two sets.
func fillSides(f *filler, path string, and *[]Party, direction, traffic *string) {
	fillRest(f, path, and)
	fill(f, path+".direction", direction, "both", "a broken network fails in both directions")
	fill(f, path+".traffic", traffic, "all", "clients and the bus share the network")
}

// fillRest takes all who are not on the one side for the other.
func fillRest(f *filler, path string, and *[]Party) {
	fill(f, path+".and", and, []Party{{Clients: Rest}}, "everything that is not on the other side")
}
