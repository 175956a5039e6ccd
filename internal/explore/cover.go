package explore

import (
	"slices"

	"github.com/slotstorm/slotstorm/internal/explore/grammar"
	"github.com/slotstorm/slotstorm/results"
)

// The phases of a run in which a fault can strike.
const (
	PhaseWhole  = "whole"  // no fault has struck before
	PhaseDuring = "during" // another fault is in force, or strikes at the same moment
	PhaseAfter  = "after"  // others have struck, and are over
)

// Phases in their order.
var Phases = []string{PhaseWhole, PhaseDuring, PhaseAfter}

// Covered are the combinations that occurred in a run: of faults that are proved, with
// the roles that their nodes had at that moment.
func Covered(r *results.Run) []Cell {
	var list []Cell
	for _, f := range r.Faults {
		if f.Injected == 0 || f.Proved == 0 {
			continue
		}
		phase := phaseOf(r.Faults, f)
		for _, h := range f.Hits() {
			c := Cell{f.Kind, h.Role, phase}
			if slices.Contains(grammar.Roles, h.Role) && !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	return list
}

func phaseOf(list []results.Fault, f results.Fault) string {
	phase := PhaseWhole
	for _, g := range list {
		switch {
		case g.Name == f.Name || g.Injected == 0 || g.Injected > f.Injected:
		case end(g) >= f.Injected:
			return PhaseDuring
		default:
			phase = PhaseAfter
		}
	}
	return phase
}

// Coverage is how much of what a radius permits has occurred.
type Coverage struct {
	// Cells are all combinations that the radius permits, with how many runs each
	// occurred in.
	Cells []CellCount `json:"cells"`
	// Covered is how many of them occurred.
	Covered int `json:"covered"`
	// Servers, Verdicts and Refused count runs by server and by verdict, and faults that
	// their check refused.
	Servers  map[string]int `json:"servers"`
	Verdicts map[string]int `json:"verdicts"`
	Refused  int            `json:"refused"`
}

// CellCount is a combination and the number of runs in which it occurred.
type CellCount struct {
	Cell
	Runs int `json:"runs"`
}

// NewCoverage has the cells of a radius, of which none has occurred.
func NewCoverage(r grammar.Radius) *Coverage {
	c := &Coverage{Servers: map[string]int{}, Verdicts: map[string]int{}}
	for _, kind := range grammar.Kinds() {
		for _, role := range grammar.Roles {
			if !slices.Contains(r.Faults, kind) || !slices.Contains(r.Roles, role) || !aims(kind, role, r) {
				continue
			}
			for _, phase := range Phases {
				if r.Steps > 1 || phase == PhaseWhole {
					c.Cells = append(c.Cells, CellCount{Cell: Cell{kind, role, phase}})
				}
			}
		}
	}
	return c
}

// aims reports whether a fault of a kind can be aimed at nodes of a role within a radius.
func aims(kind, role string, r grammar.Radius) bool {
	switch {
	case role == "replica":
		return kind != "reshard" && r.Nodes >= 2*grammar.LeastNodes
	case role == "primary":
		return kind != "failover"
	}
	return true
}

// Add counts a run.
func (c *Coverage) Add(o Outcome) {
	if o.Verdict == "" {
		return
	}
	c.Verdicts[o.Verdict]++
	c.Servers[o.Server]++
	c.Refused += o.Refused
	for _, cell := range o.Covered {
		for i := range c.Cells {
			if c.Cells[i].Cell == cell {
				if c.Cells[i].Runs == 0 {
					c.Covered++
				}
				c.Cells[i].Runs++
			}
		}
	}
}
