package judge

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// objectives answers every objective. What could not be measured is
// inconclusive; what was only seen in part can fail, but not pass.
func objectives(a *facts.Analysis, s *results.Summary) []results.Objective {
	list := []results.Objective{}
	for _, o := range a.Spec.Objectives {
		list = append(list, judge(a, o, measure(a, o, s)))
	}
	return list
}

func judge(a *facts.Analysis, o scenarios.Objective, m metrics.Measurement) results.Objective {
	unit := unitOf(o.Metric)
	r := results.Objective{
		Name: words.Sentence(" ", subject(o), boundText(o)), Metric: o.Metric, Bound: boundText(o),
		Value: m.Value, Shown: "not measured", Result: results.Inconclusive, Evidence: m.Evidence,
	}
	if m.Value == nil {
		return r
	}
	v := *m.Value
	low, high := o.Min, o.Max
	if isRelative(o.Min) || isRelative(o.Max) {
		base, why := baseline(a, o)
		if base == nil {
			r.Shown = shown(unit, m)
			r.Evidence = words.Sentence("; ", why, r.Evidence)
			return r
		}
		low, high = absolute(o.Min, base), absolute(o.Max, base)
		r.Bound = words.Sentence(", ", resolved("≥ ", o.Min, low, unit), resolved("≤ ", o.Max, high, unit))
		r.Evidence = words.Sentence("; ", r.Evidence, fmt.Sprintf("the baseline's %s, median of %s", words.Quantity(unit, base.Value), words.Plural(base.N, "run", "runs")))
	}
	r.Min, r.Max = value(low), value(high)
	tooHigh := high != nil && v > high.Value
	tooLow := low != nil && v < low.Value
	r.Shown = shown(unit, m, high, low)
	switch {
	case tooHigh, tooLow && !m.AtLeast:
		r.Result = results.Fail
	case !m.AtLeast:
		r.Result = results.Pass
	}
	r.Margin = margin(low, high, v)
	return r
}

// shown is a measured value, which reads as none of the bounds unless it equals that.
func shown(unit results.Unit, m metrics.Measurement, bounds ...*scenarios.Bound) string {
	text := words.Quantity(unit, *m.Value)
	for _, b := range bounds {
		if b != nil && text == words.Quantity(unit, b.Value) {
			text = words.Apart(unit, *m.Value, b.Value)
		}
	}
	if m.AtLeast {
		return "> " + text
	}
	return text
}

func value(b *scenarios.Bound) *float64 {
	if b == nil {
		return nil
	}
	return &b.Value
}

// margin is the distance to the nearer bound as a share of it, negative if
// missed; nil beside a bound of 0, of which there are no shares.
func margin(low, high *scenarios.Bound, v float64) *float64 {
	var shares []float64
	if high != nil && high.Value != 0 {
		shares = append(shares, (high.Value-v)/high.Value)
	}
	if low != nil && low.Value != 0 {
		shares = append(shares, (v-low.Value)/low.Value)
	}
	if len(shares) == 0 {
		return nil
	}
	m := slices.Min(shares)
	return &m
}
