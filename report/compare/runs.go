package compare

import (
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// Runs are one side of a comparison: runs that count as repetitions of one
// thing.
type Runs struct {
	Name    string
	used    []*results.Run
	refs    []RunRef
	leftOut []string
	order   []FigureID
	figures map[FigureID]*Figure
	pool    *Pool
	// traits are what each used run was made with, by name.
	traits []map[string]string
	// steady is the phase before anything breaks.
	steady     string
	closedLoop bool
}

// NewRuns makes an empty side.
func NewRuns(name string) *Runs {
	return &Runs{Name: name, figures: map[FigureID]*Figure{}, pool: &Pool{Merged: facts.Histograms[facts.HistogramKey]{}}}
}

// Add analyzes a run anew and adds its figures. A run that was invalid,
// interrupted or without a steady state is left out.
func (r *Runs) Add(b *results.Bundle) error {
	sc, err := facts.ScenarioOf(b)
	if err != nil {
		return err
	}
	a := facts.New(b, sc)
	s := judge.Summary(a)
	if why := slices.Concat(judge.Invalid(a, s), judge.Unsound(a, s)); len(why) > 0 {
		r.leftOut = append(r.leftOut, facts.RunName(b)+": "+strings.Join(why, "; "))
		return nil
	}
	if len(r.used) == 0 {
		r.steady, r.closedLoop = a.Phases[0].Name, sc.Workload.Rate.Max
		if len(a.Phases) == 1 {
			r.steady = results.All
		}
	}
	r.used = append(r.used, &b.Run)
	r.refs = append(r.refs, RunRef{facts.RunName(b), s.Verdict, b.Run.Seed})
	r.traits = append(r.traits, facts.Traits(b))
	for _, f := range figuresOf(&b.Run, s) {
		if known := r.figures[f.FigureID]; known != nil {
			known.Values, known.AtLeast = append(known.Values, f.Values...), known.AtLeast+f.AtLeast
			continue
		}
		r.order = append(r.order, f.FigureID)
		r.figures[f.FigureID] = &f
	}
	r.pool.add(a, s)
	return nil
}

// Usable is how many runs have figures that count.
func (r *Runs) Usable() int { return len(r.used) }

func (r *Runs) side() Side { return Side{Name: r.Name, Runs: r.refs, LeftOut: r.leftOut} }

// Side is one of the two sets of runs.
type Side struct {
	Name string   `json:"name"`
	Runs []RunRef `json:"runs"`
	// LeftOut are runs whose figures do not count, with the reason.
	LeftOut []string `json:"leftOut,omitempty"`
}

// RunRef names a run.
type RunRef struct {
	ID      string          `json:"id"`
	Verdict results.Verdict `json:"verdict"`
	Seed    uint64          `json:"seed"`
}
