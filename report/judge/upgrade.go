package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// upgrade is what an upgrade cost, and whether to do it; nil without one. It
// comes after the verdict, on which it builds.
func upgrade(a *facts.Analysis, s *results.Summary) *results.UpgradeSummary {
	u := a.Run.Upgrade
	if u == nil {
		return nil
	}
	v := &results.UpgradeSummary{Windows: a.UpgradeWindows(), Steps: a.StepCosts(), Differences: facts.SurfaceDifferences(a.Surfaces)}
	v.Decision, v.Reasons = decide(a, u, s)
	v.Notes = upgradeNotes(a, u, v)
	return v
}

// decide says go only where the run passed, every roll was done, the nodes run another
// version than before, and an objective allows the writes that were lost. A roll that
// failed is a no-go even where the load was not measured.
func decide(a *facts.Analysis, u *results.Upgrade, s *results.Summary) (results.Decision, []string) {
	reasons, failures := slices.Clone(s.Reasons), rollFailures(u)
	switch {
	case len(failures) > 0:
		reasons = slices.DeleteFunc(reasons, func(r string) bool { return slices.Contains(failures, r) })
		return results.NoGo, append(failures, reasons...)
	case s.Verdict == results.Invalid || s.Verdict == results.Inconclusive:
		return results.Undecided, append(reasons, rehearsed(u)...)
	case s.Verdict == results.Fail:
		return results.NoGo, append(reasons, rehearsed(u)...)
	}
	open := slices.Concat(rollShortcomings(u), rehearsed(u), unbounded(a))
	if len(open) > 0 {
		return results.Undecided, open
	}
	return results.Go, accepted(a)
}

// rehearsed are the reasons why what was done is no upgrade.
func rehearsed(u *results.Upgrade) []string {
	if u.Forward.Status != results.RollDone {
		return nil
	}
	if u.To.Version == "" {
		return []string{"no node said which version it runs after its replacement"}
	}
	if u.To == u.From {
		return []string{fmt.Sprintf("every node is %s before and after: this was a rolling restart, which shows nothing about another version", u.To)}
	}
	for _, st := range u.Forward.Steps {
		if st.Kind == results.StepReplace && st.Failed == "" && st.Server != u.To {
			return []string{fmt.Sprintf("%s is %s after its replacement, and not %s", st.Node, words.OrNone(st.Server.String()), u.To)}
		}
	}
	return nil
}

// lostWrites are the acknowledged writes that the run lost, in words; empty if it lost
// none.
func lostWrites(a *facts.Analysis) string {
	au := a.Run.Audit
	if au == nil || au.Gone() == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s acknowledged audited writes %s lost", words.Lost(au), words.Count(au.OK), words.Verb(au.Gone(), "was", "were"))
}

// bounded reports whether objectives bound the writes that the run may lose: in all shards, or
// in each that lost some.
func bounded(a *facts.Analysis) bool {
	of := map[int]bool{}
	for _, o := range a.Spec.Objectives {
		switch {
		case o.Metric != "writes.lost" || o.Max == nil:
		case o.Shard == nil:
			return true
		default:
			of[*o.Shard] = true
		}
	}
	gone := 0
	for _, f := range a.Findings {
		if (f.Class == results.ClassLost || f.Class == results.ClassAltered) && of[f.Write.Shard] {
			gone++
		}
	}
	return gone == a.Run.Audit.Gone()
}

// unbounded are lost writes that no objective is about.
func unbounded(a *facts.Analysis) []string {
	if lost := lostWrites(a); lost != "" && !bounded(a) {
		return []string{lost + ", and no objective states how many are acceptable: add {metric: writes.lost, max: N}"}
	}
	return nil
}

// accepted is what a go accepts.
func accepted(a *facts.Analysis) []string {
	if lost := lostWrites(a); lost != "" {
		return []string{lost + ", as many as the objectives accept"}
	}
	return nil
}

// rollFailures are findings: a roll that did not work fails the run.
func rollFailures(u *results.Upgrade) []string {
	var reasons []string
	for _, r := range facts.Rolls(u) {
		if r.Status == results.RollFailed {
			reasons = append(reasons, fmt.Sprintf("the %s failed: %s", r.Name, r.Reason))
		}
	}
	return reasons
}

// rollShortcomings are questions left open.
func rollShortcomings(u *results.Upgrade) []string {
	var reasons []string
	for _, r := range facts.Rolls(u) {
		switch r.Status {
		case results.RollDone, results.RollFailed:
		case results.RollUnfinished:
			reasons = append(reasons, fmt.Sprintf("the %s was not finished when the timeline ended, after %s", r.Name, words.Plural(len(r.Steps), "step", "steps")))
		default:
			reasons = append(reasons, words.Sentence(": ", fmt.Sprintf("the %s did not take place", r.Name), r.Reason))
		}
	}
	return reasons
}

// upgradeNotes are what a change board should hear, whatever the decision.
func upgradeNotes(a *facts.Analysis, u *results.Upgrade, v *results.UpgradeSummary) []string {
	var notes []string
	for _, r := range facts.Rolls(u) {
		if n := redundancy(a, r); n != "" {
			notes = append(notes, n)
		}
	}
	notes = append(notes, handoverNote(a, u, v)...)
	notes = append(notes, persistenceNotes(u)...)
	if u.Back != nil && u.Back.From == "backup" && u.Back.Status == results.RollDone {
		notes = append(notes, restoreNote(a, v))
	}
	for _, g := range v.Differences {
		switch list := strings.Join(g.Names, ", "); {
		case g.Change != "removed":
		case g.What == "commands":
			notes = append(notes, fmt.Sprintf("%s no longer has the commands %s", u.To, list))
		case g.What == "directives":
			// A file may still have some of them: they are then ignored.
			notes = append(notes, fmt.Sprintf("CONFIG GET of %s no longer lists the directives %s", u.To, list))
		}
	}
	if a.Run.Audit == nil {
		notes = append(notes, "no writes were audited: this run does not show whether the upgrade loses writes")
	}
	return notes
}

// redundancy is the time in which a shard had a copy less.
func redundancy(a *facts.Analysis, r facts.NamedRoll) string {
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
	return fmt.Sprintf("a shard has one copy less while one of its nodes is replaced: %s in total in the %s, %s at most for one node (%s)", words.Duration(sum), r.Name, words.Duration(longest), node)
}

func handoverNote(a *facts.Analysis, u *results.Upgrade, v *results.UpgradeSummary) []string {
	n, at := 0, 0
	var slowest, down results.Duration
	for _, r := range facts.Rolls(u) {
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
	seen := "no probe saw a shard refuse writes during a hand-over"
	if down > 0 {
		seen = fmt.Sprintf("during a hand-over, a shard refused writes for up to %s", words.Duration(down))
	}
	return []string{fmt.Sprintf("%s, the slowest took %s; %s", words.Plural(n, "hand-over", "hand-overs"), words.Duration(slowest), seen)}
}

// persistenceNotes are the files that one version cannot read; readable ones need no note.
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
		notes = append(notes, fmt.Sprintf("%s does not read what %s writes (%s: %s): a rollback node by node is impossible, and a rollback to a backup loses every write since the backup",
			u.From, u.To, strings.Join(formats, " and "), words))
	}
	for _, p := range u.Persistence {
		if !p.OK && p.Reader == u.To {
			notes = append(notes, fmt.Sprintf("%s does not read what %s writes (%s: %s)", u.To, u.From, p.Format, p.Evidence))
		}
	}
	return notes
}

func restoreNote(a *facts.Analysis, v *results.UpgradeSummary) string {
	text := "the rollback to the backup stops every node"
	for _, w := range v.Windows {
		if w.Name == "rollback" {
			text += fmt.Sprintf(": shards took no writes for up to %s", words.Duration(w.Longest))
		}
	}
	au := a.Run.Audit
	switch lost := lostWrites(a); {
	case lost != "":
		text += "; " + lost
		if n := takenBack(a); n > 0 {
			text += fmt.Sprintf(", %s of them written after the backup and before the rollback", words.Count(n))
		}
	case au != nil && au.OK > 0 && !au.Partial():
		text += "; no acknowledged audited write was lost"
	}
	return text
}

// takenBack counts lost writes that were acknowledged between the backup and the rollback to it,
// which takes them away.
func takenBack(a *facts.Analysis) int {
	u := a.Run.Upgrade
	i := slices.IndexFunc(u.Forward.Steps, func(st results.UpgradeStep) bool { return st.Kind == results.StepBackup })
	if i < 0 {
		return 0
	}
	n := 0
	for _, f := range a.Findings {
		if f.Class == results.ClassLost && f.Write.Done > u.Forward.Steps[i].Began && f.Write.Done <= u.Back.Began {
			n++
		}
	}
	return n
}
