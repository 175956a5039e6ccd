package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Target is a node that a fault is aimed at.
type Target struct {
	Node  string
	Shard int
	Role  scenarios.Role
}

// Aim knows of a run what is needed to find targets beside the roles.
type Aim struct {
	// Nodes are all nodes, whether they answer or not; Generators the number of
	// load generators.
	Nodes      []deployer.Node
	Generators int
	// Present reports whether a node is in the cluster now; nil if all are.
	Present func(node string) bool
	// ShardOf is the shard that a slot has by the layout of the cluster, SlotOf the slot of a key.
	ShardOf func(slot int) int
	SlotOf  func(key string) int
	// Hottest is the slot with most requests at this moment, and says how that
	// is known.
	Hottest func() (slot int, why string, err error)
}

// Choose finds the nodes that a target means, among those that answered with
// their roles, leaving out nodes by name. Why says how each was chosen.
func (a Aim) Choose(roles []deployer.Role, want scenarios.Target, random *rand.Rand, without ...string) (list []Target, why string, err error) {
	shard, how, err := a.shard(want, roles)
	if err != nil {
		return nil, "", err
	}
	var hits []deployer.Role
	for _, r := range roles {
		fits := want.Role == scenarios.AnyRole || r.Primary == (want.Role == scenarios.Primary)
		switch {
		case want.By == scenarios.ByNode && r.Node.Name != a.named(want.Node):
		case shard != scenarios.AnyShard && r.Node.Shard != shard:
		case fits && !slices.Contains(without, r.Node.Name):
			hits = append(hits, r)
		}
	}
	number := 1
	switch want.Count {
	case scenarios.Every:
		number = len(hits)
	case scenarios.Minority:
		number = (len(hits) - 1) / 2
	case scenarios.Majority:
		number = len(hits)/2 + 1
	}
	if len(hits) == 0 || number == 0 {
		return nil, "", fmt.Errorf("no node that answers is %s now", want)
	}
	fitting := len(hits)
	if number < fitting {
		random.Shuffle(fitting, func(i, j int) { hits[i], hits[j] = hits[j], hits[i] })
		hits = hits[:number]
		slices.SortFunc(hits, func(x, y deployer.Role) int { return strings.Compare(x.Node.Name, y.Node.Name) })
	}
	var reasons []string
	for _, h := range hits {
		t := Target{Node: h.Node.Name, Shard: h.Node.Shard, Role: scenarios.Replica}
		if h.Primary {
			t.Role = scenarios.Primary
		}
		list = append(list, t)
		reasons = append(reasons, fmt.Sprintf("%s is %s of shard %d, offset %d", t.Node, t.Role, t.Shard, h.Offset))
	}
	return list, fmt.Sprintf("%s (%d of %d that fit %q%s)", strings.Join(reasons, "; "), len(list), fitting, want, how), nil
}

// named is the name here of a node that a scenario calls by its number: node-3 is
// the fourth of all, whatever the place calls it.
func (a Aim) named(node string) string {
	for i, n := range a.Nodes {
		if node == fmt.Sprintf("node-%d", i) {
			return n.Name
		}
	}
	return node
}

// shard is the shard that a target names in whatever way, or AnyShard.
func (a Aim) shard(want scenarios.Target, roles []deployer.Role) (shard int, how string, err error) {
	slot := 0
	switch want.By {
	case scenarios.ByNode:
		return scenarios.AnyShard, "", nil
	case scenarios.BySlot:
		slot = want.Slot
	case scenarios.ByKey:
		slot = a.SlotOf(want.Key)
		how = fmt.Sprintf("; the key is of slot %d", slot)
	case scenarios.ByHottest:
		if slot, how, err = a.Hottest(); err != nil {
			return 0, "", fmt.Errorf("finding the hottest slot: %w", err)
		}
		how = fmt.Sprintf("; slot %d: %s", slot, how)
	default:
		return want.Shard, "", nil
	}
	return a.serving(slot, roles), how, nil
}

// serving is the shard of the primaries that say that they serve a slot, which may have moved.
// Where none says so, or those of several shards do, it is the one that has the slot by the
// layout of the cluster.
func (a Aim) serving(slot int, roles []deployer.Role) int {
	shard := scenarios.AnyShard
	for _, r := range roles {
		switch {
		case !r.Primary || !r.Slots.Has(slot):
		case shard == scenarios.AnyShard:
			shard = r.Node.Shard
		case shard != r.Node.Shard:
			return a.ShardOf(slot)
		}
	}
	if shard == scenarios.AnyShard {
		return a.ShardOf(slot)
	}
	return shard
}

// Side is one side of a partition.
type Side struct {
	Nodes      []Target
	Generators []int
	Probes     bool
}

// String lists who is on the side.
func (s Side) String() string {
	var names []string
	for _, n := range s.Nodes {
		names = append(names, n.Node)
	}
	for _, g := range s.Generators {
		names = append(names, fmt.Sprintf("generator %d", g))
	}
	if s.Probes {
		names = append(names, "the probes")
	}
	return strings.Join(names, ", ")
}

// names are those of the side's nodes.
func (s Side) names() []string {
	var list []string
	for _, n := range s.Nodes {
		list = append(list, n.Node)
	}
	return list
}

// primaries are how many of the side's nodes are primaries.
func (s Side) primaries() int {
	n := 0
	for _, t := range s.Nodes {
		if t.Role == scenarios.Primary {
			n++
		}
	}
	return n
}

// Sides finds who is on either side of a partition.
func (a Aim) Sides(roles []deployer.Role, between, and []scenarios.Party, random *rand.Rand) (one, other Side, why string, err error) {
	var reasons []string
	fill := func(side *Side, parties []scenarios.Party, opposite Side) error {
		for _, p := range parties {
			if p.Clients == scenarios.Rest {
				a.rest(side, roles, opposite)
				continue
			}
			if p.Clients != "" {
				a.clients(side, p)
				continue
			}
			taken := slices.Concat(side.names(), opposite.names())
			list, how, err := a.Choose(roles, p.Target, random, taken...)
			if err != nil {
				return err
			}
			side.Nodes = append(side.Nodes, list...)
			reasons = append(reasons, how)
		}
		return nil
	}
	if err := fill(&one, between, Side{}); err != nil {
		return one, other, "", err
	}
	if err := fill(&other, and, one); err != nil {
		return one, other, "", err
	}
	switch {
	case one.String() == "":
		return one, other, "", fmt.Errorf("no node and no client is in (%s)", scenarios.PartyList(between))
	case other.String() == "":
		return one, other, "", fmt.Errorf("no node and no client is in (%s)", scenarios.PartyList(and))
	case len(one.Nodes)+len(other.Nodes) == 0:
		return one, other, "", fmt.Errorf("there is no node on either side, and clients do not connect to each other")
	}
	return one, other, fmt.Sprintf("%s | %s: %s", one, other, strings.Join(reasons, "; ")), nil
}

func (a Aim) clients(side *Side, p scenarios.Party) {
	switch p.Clients {
	case scenarios.OneGenerator:
		side.Generators = append(side.Generators, p.Generator)
	case scenarios.Probes:
		side.Probes = true
	default:
		for g := range a.Generators {
			if !slices.Contains(side.Generators, g) {
				side.Generators = append(side.Generators, g)
			}
		}
		side.Probes = side.Probes || p.Clients == scenarios.AllClients
	}
}

// rest puts on a side everybody who is not on the opposite one.
func (a Aim) rest(side *Side, roles []deployer.Role, opposite Side) {
	for _, n := range a.Nodes {
		if slices.Contains(opposite.names(), n.Name) || a.Present != nil && !a.Present(n.Name) {
			continue
		}
		t := Target{Node: n.Name, Shard: n.Shard, Role: scenarios.Replica}
		for _, r := range roles {
			if r.Node.Name == n.Name {
				t.Shard = r.Node.Shard
				if r.Primary {
					t.Role = scenarios.Primary
				}
			}
		}
		side.Nodes = append(side.Nodes, t)
	}
	for g := range a.Generators {
		if !slices.Contains(opposite.Generators, g) {
			side.Generators = append(side.Generators, g)
		}
	}
	side.Probes = !opposite.Probes
}

// CutOff is the side with fewer primaries, the first where that is even.
func CutOff(one, other Side) []Target {
	if other.primaries() < one.primaries() {
		return other.Nodes
	}
	return one.Nodes
}
