package chaos

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Effect is what a fault takes away while it is in force.
type Effect struct {
	// Down are nodes that serve no client.
	Down []string
	// Held are nodes that are held to one processor. Two faults cannot hold one: the
	// second would take what the first did for how things were before.
	Held []string
	// Moving are shards whose slots move. Two moves of one shard would open the same slots.
	Moving []int
	// Cuts are pairs of sets of nodes that do not hear each other on the bus.
	Cuts [][2][]string
	// Unsure are nodes that count as up and need not answer: whether they do is up to them,
	// or to a program.
	Unsure []string
	// Apart are pairs of sets of nodes and clients between which some packets do not pass.
	Apart [][2][]string
}

// Hides reports whether the effect can keep one end of a connection from an answer of the
// other.
func (e Effect) Hides(from, to string) bool {
	return slices.ContainsFunc([]string{from, to}, func(end string) bool {
		return slices.Contains(e.Down, end) || slices.Contains(e.Unsure, end)
	}) || parted(e.Apart, from, to)
}

// parted reports whether one of some pairs has two ends on different sides.
func parted(pairs [][2][]string, a, b string) bool {
	return slices.ContainsFunc(pairs, func(cut [2][]string) bool {
		return slices.Contains(cut[0], a) && slices.Contains(cut[1], b) || slices.Contains(cut[1], a) && slices.Contains(cut[0], b)
	})
}

// CutBetween is the effect of a partition of the bus.
func CutBetween(one, other Side) Effect {
	return Effect{Cuts: [][2][]string{{one.names(), other.names()}}}
}

// separates reports whether the effect keeps two nodes apart.
func (e Effect) separates(a, b string) bool {
	return parted(e.Cuts, a, b)
}

// bearable reports whether the first effect can be added to the others: with all in
// force, some primary still sees the majority of them, and at most one shard is
// without any copy; a fault that is to take more away says so in words.
func bearable(shards int, roles []deployer.Role, effects []Effect, f scenarios.Fault) error {
	down := func(node string) bool {
		return slices.ContainsFunc(effects, func(e Effect) bool { return slices.Contains(e.Down, node) })
	}
	for _, node := range effects[0].Held {
		for _, other := range effects[1:] {
			if slices.Contains(other.Held, node) {
				return fmt.Errorf("%s is held to one processor already, by another fault", node)
			}
		}
	}
	for _, shard := range effects[0].Moving {
		if slices.ContainsFunc(effects[1:], func(e Effect) bool { return slices.Contains(e.Moving, shard) }) {
			return fmt.Errorf("slots of shard %d are moving already, by another fault", shard)
		}
	}
	best := 0
	copies := make([]int, shards)
	for _, from := range roles {
		if down(from.Node.Name) {
			continue
		}
		if from.Node.Shard < shards { // others are about to leave
			copies[from.Node.Shard]++
		}
		if !from.Primary {
			continue
		}
		// Old and new primary of one shard are one voter.
		voters := map[int]bool{}
		for _, to := range roles {
			apart := slices.ContainsFunc(effects, func(e Effect) bool { return e.separates(from.Node.Name, to.Node.Name) })
			if to.Primary && !down(to.Node.Name) && !apart {
				voters[to.Node.Shard] = true
			}
		}
		best = max(best, len(voters))
	}
	if best <= shards/2 && !f.Allows(scenarios.MajorityDown) {
		return fmt.Errorf("with this fault no primary would see more than %d of %d primaries: no majority is left to vote; if you mean it, add allow: [%s] to the fault", best, shards, scenarios.MajorityDown)
	}
	var gone []int
	for shard, n := range copies {
		if n == 0 {
			gone = append(gone, shard)
		}
	}
	if len(gone) > 1 && !f.Allows(scenarios.ShardsDown) {
		return fmt.Errorf("with this fault no copy of shards %v would be left; if you mean it, add allow: [%s] to the fault", gone, scenarios.ShardsDown)
	}
	return nil
}
