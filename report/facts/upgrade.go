package facts

import (
	"maps"
	"math"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// UpgradeWindows part the timeline at whole seconds: a second in which a roll
// was under way belongs to the roll.
func (a *Analysis) UpgradeWindows() []results.UpgradeWindow {
	var list []results.UpgradeWindow
	from, name := a.Whole.From, "before"
	add := func(name string, from, to int) {
		to = min(to, a.Whole.To)
		if from < to {
			list = append(list, a.upgradeWindow(Window{Name: name, From: from, To: to, Length: InSeconds(to - from).Std()}))
		}
	}
	for _, r := range Rolls(a.Run.Upgrade) {
		if r.Began == 0 {
			continue
		}
		began, ended := Seconds(r.Began-a.Run.LoadStart, math.Floor), Seconds(r.Ended-a.Run.LoadStart, math.Ceil)
		add(name, from, began)
		add(r.Name, max(began, from), ended)
		from, name = ended, "after"
		if r.Name == "rollback" {
			name = "after rollback"
		}
	}
	add(name, from, a.Whole.To)
	return list
}

func (a *Analysis) upgradeWindow(w Window) results.UpgradeWindow {
	v := results.UpgradeWindow{Name: w.Name, Errors: map[string]int{}}
	var total results.Counts
	for _, f := range a.Frames {
		if !w.Has(f.Seq) {
			continue
		}
		for _, c := range f.Commands {
			total = total.Plus(c)
		}
		for class, n := range f.Errors {
			v.Errors[class] += n
		}
	}
	v.Load = loadRow(w, results.All, total)
	h := results.NewHistogram()
	for _, i := range a.Intervals {
		if i.Time == results.Response && w.Has(i.Second) {
			h.Merge(i.Histogram)
		}
	}
	if h.TotalCount() > 0 {
		row := LatencyRow(w.Name, results.All, results.Response, h)
		v.Response = &row
	}
	start := a.Run.LoadStart
	v.Down, v.Longest = a.down(start+results.DurationOf(InSeconds(w.From).Std()), start+results.DurationOf(InSeconds(w.To).Std()))
	return v
}

// down is the time within [from, to) in which at least one shard took no write,
// and the longest outage of one shard in it.
func (a *Analysis) down(from, to results.Duration) (sum, longest results.Duration) {
	var all []Span
	for _, sh := range a.Run.Shards {
		spans := OutageSpans(a.Run.ProbeOutages, sh.Index, from, to)
		_, l := length(spans)
		longest = max(longest, l)
		all = append(all, spans...)
	}
	sum, _ = length(Union(all))
	return sum, longest
}

// StepCosts gives each step the time from its beginning to the beginning of the
// next one: what a node's start does to the others may come late.
func (a *Analysis) StepCosts() []results.StepCost {
	list := []results.StepCost{}
	p99 := a.p99BySecond()
	for _, r := range Rolls(a.Run.Upgrade) {
		for i, st := range r.Steps {
			until := r.Ended
			if i+1 < len(r.Steps) {
				until = r.Steps[i+1].Began
			}
			v := results.StepCost{Roll: r.Name, Step: i, Errors: map[string]int{}}
			if st.Whole > 0 {
				v.Took = st.Whole - st.Began
			}
			v.Down, v.Longest = a.down(st.Began, until)
			from, to := Seconds(st.Began-a.Run.LoadStart, math.Floor), Seconds(until-a.Run.LoadStart, math.Floor)
			if i+1 == len(r.Steps) {
				to++
			}
			for _, f := range a.Frames {
				if from <= f.Seq && f.Seq < to {
					for class, n := range f.Errors {
						v.Errors[class] += n
					}
				}
			}
			for second := from; second < to; second++ {
				v.Slowest = max(v.Slowest, p99[second])
			}
			list = append(list, v)
		}
	}
	return list
}

// p99BySecond is the p99 of response of each second.
func (a *Analysis) p99BySecond() map[int]results.Duration {
	p99 := map[int]results.Duration{}
	for second, h := range a.responses() {
		p99[second] = Micros(h.ValueAtPercentile(99))
	}
	return p99
}

// SurfaceDifferences compare what the two versions show.
func SurfaceDifferences(s results.Surfaces) []results.DifferenceGroup {
	if s.Before == nil || s.After == nil {
		return nil
	}
	info := func(names []string) map[string]string {
		m := map[string]string{}
		for _, n := range names {
			m[n] = ""
		}
		return m
	}
	var list []results.DifferenceGroup
	for _, c := range []struct {
		what          string
		before, after map[string]string
	}{
		{"commands", s.Before.Commands, s.After.Commands},
		{"directives", s.Before.Config, s.After.Config},
		{"INFO fields", info(s.Before.Info), info(s.After.Info)},
	} {
		removed := results.DifferenceGroup{What: c.what, Change: "removed"}
		changed := results.DifferenceGroup{What: c.what, Change: "changed"}
		added := results.DifferenceGroup{What: c.what, Change: "added"}
		for _, name := range slices.Sorted(maps.Keys(c.before)) {
			now, there := c.after[name]
			switch was := c.before[name]; {
			case !there:
				removed.Names = append(removed.Names, name)
			case now != was:
				changed.Names = append(changed.Names, name)
				changed.Details = append(changed.Details, orEmpty(was)+" → "+orEmpty(now))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(c.after)) {
			if _, there := c.before[name]; !there {
				added.Names = append(added.Names, name)
			}
		}
		for _, g := range []results.DifferenceGroup{removed, changed, added} {
			if len(g.Names) > 0 {
				list = append(list, g)
			}
		}
	}
	return list
}

func orEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}
