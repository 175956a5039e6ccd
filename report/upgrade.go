package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// upgrade tells what an upgrade cost, and whether to do it; nil without one. It
// comes after the verdict, on which it builds.
func (a *analysis) upgrade(s *results.Summary) *results.UpgradeSummary {
	u := a.Run.Upgrade
	if u == nil {
		return nil
	}
	v := &results.UpgradeSummary{Windows: a.upgradeWindows(), Steps: a.stepCosts(), Differences: surfaceDifferences(a.Surfaces)}
	v.Decision, v.Reasons = decide(u, s)
	v.Notes = a.upgradeNotes(u, v)
	return v
}

// decide says go only where the run passed and every roll was done. A roll that
// failed is a no-go even where the load tells nothing.
func decide(u *results.Upgrade, s *results.Summary) (results.Decision, []string) {
	reasons, failures := slices.Clone(s.Reasons), rollFailures(u)
	switch {
	case len(failures) > 0:
		reasons = slices.DeleteFunc(reasons, func(r string) bool { return slices.Contains(failures, r) })
		return results.NoGo, append(failures, reasons...)
	case s.Verdict == results.Invalid || s.Verdict == results.Inconclusive:
		return results.Undecided, reasons
	case s.Verdict == results.Fail:
		return results.NoGo, reasons
	case len(rollShortcomings(u)) > 0:
		return results.Undecided, rollShortcomings(u)
	}
	return results.Go, nil
}

// rolls are the ways of an upgrade by name, in order.
func rolls(u *results.Upgrade) []namedRoll {
	if u == nil {
		return nil
	}
	list := []namedRoll{{"upgrade", &u.Forward}}
	if u.Back != nil {
		list = append(list, namedRoll{"rollback", u.Back})
	}
	return list
}

type namedRoll struct {
	name string
	*results.Roll
}

// rollFailures are findings: a roll that did not work fails the run.
func rollFailures(u *results.Upgrade) []string {
	var reasons []string
	for _, r := range rolls(u) {
		if r.Status == results.RollFailed {
			reasons = append(reasons, fmt.Sprintf("the %s failed: %s", r.name, r.Reason))
		}
	}
	return reasons
}

// rollShortcomings are questions left open.
func rollShortcomings(u *results.Upgrade) []string {
	var reasons []string
	for _, r := range rolls(u) {
		switch r.Status {
		case results.RollDone, results.RollFailed:
		case results.RollUnfinished:
			reasons = append(reasons, fmt.Sprintf("the %s was not finished when the timeline ended, after %s", r.name, plural(len(r.Steps), "step", "steps")))
		default:
			reasons = append(reasons, sentence(": ", fmt.Sprintf("the %s did not take place", r.name), r.Reason))
		}
	}
	return reasons
}

// upgradeWindows part the timeline at whole seconds: a second in which a roll
// was under way belongs to the roll.
func (a *analysis) upgradeWindows() []results.UpgradeWindow {
	var list []results.UpgradeWindow
	from, name := a.whole.from, "before"
	add := func(name string, from, to int) {
		to = min(to, a.whole.to)
		if from < to {
			list = append(list, a.upgradeWindow(window{name: name, from: from, to: to, length: inSeconds(to - from).Std()}))
		}
	}
	for _, r := range rolls(a.Run.Upgrade) {
		if r.Began == 0 {
			continue
		}
		began, ended := seconds(r.Began-a.Run.LoadStart, math.Floor), seconds(r.Ended-a.Run.LoadStart, math.Ceil)
		add(name, from, began)
		add(r.name, max(began, from), ended)
		from, name = ended, "after"
		if r.name == "rollback" {
			name = "after rollback"
		}
	}
	add(name, from, a.whole.to)
	return list
}

func (a *analysis) upgradeWindow(w window) results.UpgradeWindow {
	v := results.UpgradeWindow{Name: w.name, Errors: map[string]int{}}
	var total results.Counts
	for _, f := range a.Frames {
		if !w.has(f.Seq) {
			continue
		}
		for _, c := range f.Commands {
			total = total.Plus(c)
		}
		for class, n := range f.Errors {
			v.Errors[class] += n
		}
	}
	v.Load = loadRow(w, All, total)
	h := results.NewHistogram()
	for _, i := range a.Intervals {
		if i.Time == results.Response && w.has(i.Second) {
			h.Merge(i.Histogram)
		}
	}
	if h.TotalCount() > 0 {
		row := latencyRow(w.name, All, results.Response, h)
		v.Response = &row
	}
	start := a.Run.LoadStart
	v.Down, v.Longest = a.down(start+results.DurationOf(inSeconds(w.from).Std()), start+results.DurationOf(inSeconds(w.to).Std()))
	return v
}

// down is the time within [from, to) in which at least one shard took no write,
// and the longest outage of one shard in it.
func (a *analysis) down(from, to results.Duration) (sum, longest results.Duration) {
	var all []span
	for _, sh := range a.Run.Shards {
		spans := outageSpans(a.Run.ProbeOutages, sh.Index, from, to)
		_, l := length(spans)
		longest = max(longest, l)
		all = append(all, spans...)
	}
	sum, _ = length(union(all))
	return sum, longest
}

// stepCosts gives each step the time from its beginning to the beginning of the
// next one: what a node's start does to the others may come late.
func (a *analysis) stepCosts() []results.StepCost {
	list := []results.StepCost{}
	p99 := a.p99BySecond()
	for _, r := range rolls(a.Run.Upgrade) {
		for i, st := range r.Steps {
			until := r.Ended
			if i+1 < len(r.Steps) {
				until = r.Steps[i+1].Began
			}
			v := results.StepCost{Roll: r.name, Step: i, Errors: map[string]int{}}
			if st.Whole > 0 {
				v.Took = st.Whole - st.Began
			}
			v.Down, v.Longest = a.down(st.Began, until)
			from, to := seconds(st.Began-a.Run.LoadStart, math.Floor), seconds(until-a.Run.LoadStart, math.Floor)
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
func (a *analysis) p99BySecond() map[int]results.Duration {
	merged := map[int]*hdrhistogram.PackedHistogram{}
	for _, i := range a.Intervals {
		if i.Time != results.Response {
			continue
		}
		if merged[i.Second] == nil {
			merged[i.Second] = results.NewHistogram()
		}
		merged[i.Second].Merge(i.Histogram)
	}
	p99 := map[int]results.Duration{}
	for second, h := range merged {
		p99[second] = micros(h.ValueAtPercentile(99))
	}
	return p99
}

// surfaceDifferences compare what the two versions show.
func surfaceDifferences(s results.Surfaces) []results.DifferenceGroup {
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

// upgradeNotes are what a change board should hear, whatever the decision.
func (a *analysis) upgradeNotes(u *results.Upgrade, v *results.UpgradeSummary) []string {
	var notes []string
	for _, r := range rolls(u) {
		if n := a.redundancy(r); n != "" {
			notes = append(notes, n)
		}
	}
	notes = append(notes, a.handoverNote(u, v)...)
	notes = append(notes, persistenceNotes(u)...)
	if u.Back != nil && u.Back.From == "backup" && u.Back.Status == results.RollDone {
		notes = append(notes, a.restoreNote(v))
	}
	for _, g := range v.Differences {
		if g.Change == "removed" && g.What != "INFO fields" {
			notes = append(notes, fmt.Sprintf("%s no longer has the %s %s", u.To, g.What, strings.Join(g.Names, ", ")))
		}
	}
	if u.To != "" && u.To == u.From {
		notes = append(notes, fmt.Sprintf("both are version %s: this shows what a rolling restart costs, and nothing about another version", u.To))
	}
	return notes
}

// redundancy is the time in which a shard had a copy less.
func (a *analysis) redundancy(r namedRoll) string {
	var sum, longest results.Duration
	var node string
	for _, st := range r.Steps {
		if st.Kind != results.StepReplace || st.Whole == 0 {
			continue
		}
		took := st.Whole - st.Began
		sum += took
		if took > longest {
			longest, node = took, st.Node
		}
	}
	if sum == 0 {
		return ""
	}
	return fmt.Sprintf("while a node is replaced its shard has one copy less: %s in sum in the %s, at the longest %s (%s)", duration(sum), r.name, duration(longest), node)
}

func (a *analysis) handoverNote(u *results.Upgrade, v *results.UpgradeSummary) []string {
	n, at := 0, 0
	var slowest, down results.Duration
	for _, r := range rolls(u) {
		for _, st := range r.Steps {
			cost := v.Steps[at]
			at++
			if st.Kind == results.StepHandover && st.Answered > 0 {
				n++
				slowest = max(slowest, st.Answered-st.Began)
				down = max(down, cost.Longest)
			}
		}
	}
	if n == 0 {
		return nil
	}
	seen := "no probe saw a shard refuse writes in one"
	if down > 0 {
		seen = fmt.Sprintf("the longest that a shard refused writes in one is %s", duration(down))
	}
	return []string{fmt.Sprintf("%s, the slowest took %s; %s", plural(n, "hand-over", "hand-overs"), duration(slowest), seen)}
}

// persistenceNotes tell who cannot read whose files; what can be read needs no note.
func persistenceNotes(u *results.Upgrade) []string {
	var formats []string
	var words string
	for _, p := range u.Persistence {
		if p.OK {
			continue
		}
		if p.Reader == u.From {
			formats = append(formats, p.Format)
			if words == "" {
				words = p.Evidence
			}
		}
	}
	var notes []string
	if len(formats) > 0 {
		notes = append(notes, fmt.Sprintf("%s does not read what %s writes (%s: %s): there is no way back node by node, only to a backup, and what was written since is lost",
			u.From, u.To, strings.Join(formats, " and "), words))
	}
	for _, p := range u.Persistence {
		if !p.OK && p.Reader == u.To {
			notes = append(notes, fmt.Sprintf("%s does not read what %s writes (%s: %s)", u.To, u.From, p.Format, p.Evidence))
		}
	}
	return notes
}

func (a *analysis) restoreNote(v *results.UpgradeSummary) string {
	text := "going back to the backup stops every node"
	for _, w := range v.Windows {
		if w.Name == "rollback" {
			text += fmt.Sprintf(": shards took no writes for up to %s", duration(w.Longest))
		}
	}
	if au := a.Run.Audit; au != nil && au.OK > 0 {
		text += fmt.Sprintf("; %s of %s acknowledged audited writes were lost with what came after the backup", count(au.Lost+au.Altered), count(au.OK))
	}
	return text
}
