package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// checkSides gives in what two sides differ and what warns of their comparison. It
// refuses what would give figures without a meaning, unless it is forced.
func checkSides(a, b *Runs, o Options) (differs []facts.Difference, warnings []string, err error) {
	var refused []string
	for _, r := range []*Runs{a, b} {
		if len(r.used) == 0 {
			return nil, nil, &NotComparable{[]string{fmt.Sprintf("no run of %s can be used (%s)", r.Name, words.OrNone(strings.Join(r.leftOut, "; ")))}, true}
		}
		for i := 1; i < len(r.traits); i++ {
			if list := facts.Differences(r.traits[0], r.traits[i]); len(list) > 0 {
				refused = append(refused, fmt.Sprintf("%s is not one thing measured again: of %s and %s, %s", r.Name, r.refs[0].ID, r.refs[i].ID, several(list)))
				break
			}
		}
	}
	differs = []facts.Difference{}
	var other []facts.Difference
	for _, d := range facts.Differences(a.traits[0], b.traits[0]) {
		if facts.Decisive(d) {
			other = append(other, d)
		}
		differs = append(differs, d)
	}
	if len(other) > 0 && !o.Declared {
		refused = append(refused, "of A and B, "+several(other))
	}
	warnings = []string{}
	if len(refused) > 0 && !o.Force {
		return nil, nil, &NotComparable{Reasons: refused}
	}
	warnings = append(warnings, refused...)
	if a.used[0].Name != b.used[0].Name {
		warnings = append(warnings, fmt.Sprintf("the scenarios have different names: %s and %s", a.used[0].Name, b.used[0].Name))
	}
	for _, d := range differs {
		if d.What == "versions.slotstorm" {
			warnings = append(warnings, "the instrument itself differs: "+words.Differs(d.What, d.A, d.B))
		}
	}
	for _, r := range []*Runs{a, b} {
		for _, text := range r.leftOut {
			warnings = append(warnings, "left out of "+r.Name+": "+text)
		}
	}
	if gap := apart(a, b); gap > 0 {
		warnings = append(warnings, fmt.Sprintf("all runs of one side came before those of the other, %s apart at the median: what drifted meanwhile is in the difference; 'slotstorm run --against' takes turns", gap.Round(time.Second)))
	}
	return differs, warnings, nil
}

// several names the first differences of many.
func several(list []facts.Difference) string {
	var parts []string
	for i, d := range list {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("and %d more", len(list)-3))
			break
		}
		parts = append(parts, words.Differs(d.What, d.A, d.B))
	}
	return strings.Join(parts, ", ")
}

// apart is the time between the middles of two sides that did not take turns;
// 0 if they did, or if there is a single run on each.
func apart(a, b *Runs) time.Duration {
	if len(a.used)+len(b.used) < 4 {
		return 0
	}
	sort := func(r *Runs) []time.Time {
		var list []time.Time
		for _, run := range r.used {
			list = append(list, run.Start)
		}
		slices.SortFunc(list, time.Time.Compare)
		return list
	}
	ta, tb := sort(a), sort(b)
	if ta[len(ta)-1].Before(tb[0]) || tb[len(tb)-1].Before(ta[0]) {
		return tb[len(tb)/2].Sub(ta[len(ta)/2]).Abs()
	}
	return 0
}

// Options are what a user may decide about a comparison.
type Options struct {
	// Judged are the figures that decide; empty is the default set.
	Judged []FigureID
	// Thresholds by metric, "" for all: shares of A's value.
	Thresholds map[string]float64
	// Force compares runs that differ in what makes them comparable.
	Force bool
	// Declared says that A and B differ in what the user said they shall.
	Declared bool
}

// matters is the threshold of a figure. A share that the user states for it is all that
// counts. One that is stated for all figures counts for times and rates, however small: of
// counts and ratios, which are 0 or 1 without a fault, it says too little.
func (o Options) matters(id FigureID, unit results.Unit) metrics.Threshold {
	limit := id.threshold()
	if share, ok := o.Thresholds[id.Metric]; ok {
		return metrics.Threshold{Share: share}
	}
	if share, ok := o.Thresholds[""]; ok {
		limit.Share = share
		if unit != results.UnitCount && unit != results.UnitRatio {
			limit.Floor = 0
		}
	}
	return limit
}

// NotComparable is why runs were not compared.
type NotComparable struct {
	Reasons []string
	// Unusable says that a side has no run with figures that count.
	Unusable bool
}

func (e *NotComparable) Error() string {
	return "these runs are not comparable: " + strings.Join(e.Reasons, "; ")
}
