package judge

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func isRelative(b *scenarios.Bound) bool { return b != nil && b.Relative }

// absolute is a bound beside the baseline's value.
func absolute(b *scenarios.Bound, base *results.BaselineValue) *scenarios.Bound {
	if b == nil {
		return nil
	}
	return &scenarios.Bound{Text: b.Text, Value: b.Of(base.Value)}
}

// resolved shows a relative bound with what it comes to.
func resolved(sign string, b, is *scenarios.Bound, unit results.Unit) string {
	switch {
	case b == nil:
		return ""
	case b.Relative:
		return fmt.Sprintf("%s%s (%s)", sign, b.Text, words.UnitLabel(unit, is.Value))
	}
	return sign + b.Text
}

// baseline is the value that o is relative to, or why there is none.
func baseline(a *facts.Analysis, o scenarios.Objective) (*results.BaselineValue, string) {
	if a.Run.Baseline == nil {
		return nil, "it is relative to a baseline, and there is none: --baseline RUN names one"
	}
	v, ok := a.Run.Baseline.Values[subject(o)]
	if !ok {
		return nil, "the baseline did not measure it"
	}
	return &v, ""
}

// Relative reports whether any objective of a scenario is relative to a baseline.
func Relative(sc *scenarios.Scenario) bool {
	return slices.ContainsFunc(sc.Objectives, func(o scenarios.Objective) bool { return isRelative(o.Min) || isRelative(o.Max) })
}

// loadDigest stands for the load and the timeline of a run.
func loadDigest(b *results.Bundle) string {
	h := sha256.New()
	all := facts.Traits(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if d := (facts.Difference{What: name}); facts.Decisive(d) && !facts.MachineTrait(name) {
			fmt.Fprintf(h, "%s=%s\n", name, all[name])
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16]
}

// baselineWarnings are the reasons not to trust a baseline.
func baselineWarnings(a *facts.Analysis) []string {
	base := a.Run.Baseline
	if base == nil {
		return nil
	}
	var list []string
	if len(base.Runs) == 1 {
		list = append(list, "the baseline is a single run: how far such runs differ by chance is not known, so name several")
	}
	if base.Load != loadDigest(a.Bundle) {
		list = append(list, "the baseline was measured under another load or timeline")
	}
	if e, own := base.Environment, a.Run.Environment; e.CPUModel != own.CPUModel || e.CPUs != own.CPUs {
		list = append(list, fmt.Sprintf("the baseline was measured on another machine: %d × %s", e.CPUs, words.OrNone(e.CPUModel)))
	}
	return list
}
