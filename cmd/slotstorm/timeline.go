package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// moment is something that happens at a known time of the timeline.
type moment struct {
	// At counts from the end of warm-up. With a jitter it is the earliest time,
	// and Latest the latest.
	At     scenarios.Duration  `json:"at"`
	Latest *scenarios.Duration `json:"latest,omitempty"`
	// Kind is "phase", "fault" or "end".
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// timeline lists the phases and faults of s in order of time. Those at the same time keep
// the order of the scenario, phases first.
func timeline(s *scenarios.Scenario) []moment {
	var list []moment
	var at scenarios.Duration
	for _, ph := range s.Timeline.Phases {
		list = append(list, moment{At: at, Kind: "phase", Name: ph.Name, Detail: ph.Duration.String()})
		at += ph.Duration
	}
	list = append(list, moment{At: at, Kind: "end"})
	for _, f := range s.Timeline.Faults {
		list = append(list, injections(f)...)
	}
	slices.SortStableFunc(list, func(a, b moment) int {
		if a.At != b.At {
			return int(min(max(a.At-b.At, -1), 1))
		}
		return 0
	})
	return list
}

// injections are the times at which f acts.
func injections(f scenarios.Fault) []moment {
	one := moment{At: f.At, Kind: "fault", Name: f.Name, Detail: f.Detail()}
	if f.Repeat == nil {
		return []moment{one}
	}
	list := make([]moment, f.Repeat.Times)
	for i := range list {
		list[i] = one
		list[i].Name = fmt.Sprintf("%s-%d", f.Name, i+1)
		list[i].At = f.At + scenarios.Duration(i)*f.Repeat.Every
		if f.Repeat.Jitter > 0 {
			latest := list[i].At + f.Repeat.Jitter
			list[i].Latest = &latest
		}
	}
	return list
}

// timelineText is the timeline as a comment in YAML.
func timelineText(s *scenarios.Scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Timeline, from the end of the warm-up (%s):\n", s.Workload.Warmup)
	for _, m := range timeline(s) {
		at := m.At.String()
		if m.Latest != nil {
			at += " to " + m.Latest.String()
		}
		line := fmt.Sprintf("#   %-14s %-6s %s", at, m.Kind, m.Name)
		if m.Detail != "" {
			line += " (" + m.Detail + ")"
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if s.Repeat > 1 {
		total := time.Duration(s.Repeat) * (s.Workload.Warmup + s.Timeline.Length()).Std()
		fmt.Fprintf(&b, "# Repeated %d times with seeds %d to %d: load for %s.\n", s.Repeat, s.Seed, s.Seed+uint64(s.Repeat-1), scenarios.Duration(total))
	}
	return b.String()
}
