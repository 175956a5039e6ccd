package judge

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Baseline measures on earlier runs what the relative objectives of sc are
// about: of each, the median over those runs whose figures count.
func Baseline(sc *scenarios.Scenario, bundles []*results.Bundle) (*results.Baseline, error) {
	base := &results.Baseline{Values: map[string]results.BaselineValue{}}
	values := map[string][]float64{}
	var leftOut []string
	var version string
	for _, b := range bundles {
		own, err := facts.ScenarioOf(b)
		if err != nil {
			return nil, fmt.Errorf("baseline %s: %w", b.Dir, err)
		}
		a := facts.New(b, own)
		s := Summary(a)
		if why := slices.Concat(Invalid(a, s), Unsound(a, s)); len(why) > 0 {
			leftOut = append(leftOut, facts.RunName(b)+": "+why[0])
			continue
		}
		load := loadDigest(b)
		if len(base.Runs) > 0 && load != base.Load && version == b.Run.Versions.Slotstorm {
			return nil, fmt.Errorf("the runs of the baseline are not one thing measured again: %s and %s differ in load or timeline", base.Runs[0], facts.RunName(b))
		}
		base.Runs = append(base.Runs, facts.RunName(b))
		base.Load, base.Environment, version = load, b.Run.Environment, b.Run.Versions.Slotstorm
		for _, o := range sc.Objectives {
			if m := measure(a, o, s); m.Value != nil && !m.AtLeast && (isRelative(o.Min) || isRelative(o.Max)) {
				values[subject(o)] = append(values[subject(o)], *m.Value)
			}
		}
	}
	if len(base.Runs) == 0 {
		return nil, fmt.Errorf("no run of the baseline can be used: %v", leftOut)
	}
	for name, list := range values {
		slices.Sort(list)
		n := len(list)
		base.Values[name] = results.BaselineValue{Value: (list[(n-1)/2] + list[n/2]) / 2, N: n}
	}
	return base, nil
}
