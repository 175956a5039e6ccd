// Package explain says what the names mean that scenarios, reports and the command line
// use: metrics, faults, targets, findings, verdicts and the fields of a scenario. Every text
// comes from where its subject is defined.
package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/internal/spelling"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Topics are all topics of a kind, in the order of their definition.
func Topics(k Kind) ([]Topic, error) {
	switch k {
	case Metric:
		return ofMetrics(), nil
	case Fault:
		return ofFaults()
	case Target:
		return ofTargets(), nil
	case Finding:
		return ofFindings(), nil
	case Verdict:
		return ofVerdicts(), nil
	}
	return nil, nil
}

// Find is the topic of a name: a metric, a fault, a target, a finding, a verdict, or the
// path of a field such as redis.auth.user. ok is false if nothing has the name.
func Find(name string) (t Topic, ok bool, err error) {
	for _, k := range Kinds() {
		list, err := Topics(k)
		if err != nil {
			return Topic{}, false, err
		}
		for _, t := range list {
			if strings.EqualFold(t.Name, name) || k == Target && targets(t, name) {
				return t, true, nil
			}
		}
	}
	return field(name)
}

// targets reports whether a target is of the form of a topic.
func targets(t Topic, text string) bool {
	return strings.Contains(text, " ") && scenarios.TargetFormOf(text) == t.Name
}

// Near are names that may have been meant by one that is unknown, the nearest first.
func Near(name string) ([]string, error) {
	type near struct {
		name     string
		distance int
	}
	var list []near
	for _, k := range Kinds() {
		topics, err := Topics(k)
		if err != nil {
			return nil, err
		}
		for _, t := range topics {
			d := spelling.Distance(strings.ToLower(name), strings.ToLower(t.Name))
			if strings.HasPrefix(t.Name, name) {
				d = 0
			}
			if d <= len(name)/3+1 {
				list = append(list, near{t.Name, d})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b near) int { return a.distance - b.distance })
	var names []string
	for _, n := range list[:min(3, len(list))] {
		names = append(names, n.name)
	}
	return names, nil
}

func ofMetrics() []Topic {
	var list []Topic
	for _, m := range metrics.All() {
		t := Topic{Kind: Metric, Name: m.Name, Text: m.Doc + "."}
		switch m.Better {
		case metrics.Lower:
			t.Text += " Lower is better."
		case metrics.Higher:
			t.Text += " Higher is better."
		}
		may := m.MayName()
		if len(may) > 0 {
			t.Text += " An objective may name a " + either(may) + "."
		}
		bound := map[results.Unit]string{results.UnitDuration: "max: 500ms", results.UnitRatio: "min: 99%", results.UnitRate: "min: 1000/s", results.UnitCount: "max: 0"}[m.Unit]
		t.Example = fmt.Sprintf("objectives:\n  - {metric: %s, %s}", m.Name, bound)
		list = append(list, t)
	}
	return list
}

// either joins words by commas and 'or', as after 'a'.
func either(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", a ") + " or a " + words[last]
}

func ofTargets() []Topic {
	var list []Topic
	for _, f := range scenarios.TargetForms() {
		list = append(list, Topic{Kind: Target, Name: f.Form, Text: f.Means, Example: "kill: {target: " + f.Example + "}"})
	}
	return list
}

func ofFindings() []Topic {
	var list []Topic
	for _, r := range judge.Rules() {
		list = append(list, Topic{Kind: Finding, Name: r.Name, Text: r.Says})
	}
	return list
}

func ofVerdicts() []Topic {
	var list []Topic
	for _, v := range results.Verdicts() {
		list = append(list, Topic{Kind: Verdict, Name: string(v), Text: v.Means()})
	}
	return list
}
