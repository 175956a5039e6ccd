package judge

import (
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestUpgradeSummary(t *testing.T) {
	b := fixture.Upgraded()
	s, err := Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	u := s.Upgrade
	if u == nil || u.Decision != results.Go {
		t.Fatalf("%+v, verdict %s: %v", u, s.Verdict, s.Reasons)
	}
	var names []string
	total := 0
	for _, w := range u.Windows {
		names = append(names, w.Name)
		total += w.Load.Counts.Total()
	}
	if want := []string{"before", "upgrade", "after", "rollback", "after rollback"}; !slices.Equal(names, want) || total != 35000 {
		t.Errorf("%v with %d requests", names, total)
	}
	if w := u.Windows[3]; w.Errors["CLUSTERDOWN"] != 1980 || w.Down != fixture.MS(2390) || w.Longest != fixture.MS(2390) {
		t.Errorf("rollback: %+v", w)
	}
	if len(u.Steps) != 11 || u.Steps[6].Longest != fixture.MS(61) || u.Steps[10].Errors["eof"] != 20 || u.Steps[5].Down != 0 {
		t.Errorf("steps: %+v", u.Steps)
	}
}

// restarted has every node run the version that it ran before.
func restarted(b *results.Bundle) {
	u := b.Run.Upgrade
	u.To = u.From
	for i := range u.Forward.Steps {
		u.Forward.Steps[i].Server = u.From
	}
}

func TestDecision(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*results.Bundle)
		want   results.Decision
		says   string
	}{
		"all well":            {func(*results.Bundle) {}, results.Go, ""},
		"an objective missed": {func(b *results.Bundle) { b.Run.Audit.Lost = 801 }, results.NoGo, "writes.lost"},
		"a roll failed": {func(b *results.Bundle) {
			b.Run.Upgrade.Forward.Status, b.Run.Upgrade.Forward.Reason = results.RollFailed, "replace of node-3: it ended"
		}, results.NoGo, "the upgrade failed: replace of node-3"},
		"a way back that failed, on a machine that was too slow": {func(b *results.Bundle) {
			b.Run.Upgrade.Back.Status, b.Run.Upgrade.Back.Reason = results.RollFailed, "no way"
			b.Run.Audit.FailedKept = 1 // invalid
		}, results.NoGo, "the rollback failed: no way"},
		"unfinished":       {func(b *results.Bundle) { b.Run.Upgrade.Back.Status = results.RollUnfinished }, results.Undecided, "rollback was not finished"},
		"refused":          {func(b *results.Bundle) { b.Run.Upgrade.Forward.Status = results.RollRefused }, results.Undecided, "the upgrade did not take place"},
		"nothing upgraded": {restarted, results.Undecided, "every node is Redis 7.0.15 before and after: this was a rolling restart"},
		"nothing upgraded, and an objective missed": {func(b *results.Bundle) {
			restarted(b)
			b.Run.Audit.Lost = 801
		}, results.NoGo, "this was a rolling restart"},
		"nothing upgraded, on a machine that was too slow": {func(b *results.Bundle) {
			restarted(b)
			b.Run.Audit.FailedKept = 1 // invalid
		}, results.Undecided, "this was a rolling restart"},
		"a node left behind":                    {func(b *results.Bundle) { b.Run.Upgrade.Forward.Steps[2].Server = b.Run.Upgrade.From }, results.Undecided, "node-4 is Redis 7.0.15 after its replacement, and not Redis 8.0.2"},
		"no version known":                      {func(b *results.Bundle) { b.Run.Upgrade.To = results.Server{} }, results.Undecided, "no node said"},
		"lost writes that an objective accepts": {func(*results.Bundle) {}, results.Go, "700 of "},
		"lost writes without an objective": {func(b *results.Bundle) {
			b.Scenario = []byte(strings.Replace(string(b.Scenario), "  - {metric: writes.lost, max: 800}\n", "", 1))
		}, results.Undecided, "acknowledged audited writes were lost, and no objective states how many are acceptable"},
		"invalid": {func(b *results.Bundle) { b.Run.Audit.FailedKept = 1 }, results.Undecided, "cannot be trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			b := fixture.Upgraded()
			tt.change(b)
			s, err := Analyze(b)
			if err != nil {
				t.Fatal(err)
			}
			if u := s.Upgrade; u.Decision != tt.want || !strings.Contains(strings.Join(u.Reasons, "\n"), tt.says) {
				t.Errorf("%s: %v (verdict %s)", u.Decision, u.Reasons, s.Verdict)
			}
		})
	}
}

// TestRestoreNoteOnLosses: what the note says of lost writes holds: none, a lower bound, and
// only those that came after the backup are said to be.
func TestRestoreNoteOnLosses(t *testing.T) {
	lose := func(b *results.Bundle, at float64, n int) {
		for i := range n {
			b.Findings = append(b.Findings, results.Finding{Class: results.ClassLost, Write: results.Write{Seq: i, Done: fixture.MS(at)}})
		}
	}
	for name, tt := range map[string]struct {
		change func(*results.Bundle)
		want   string
	}{
		"none":           {func(b *results.Bundle) { b.Run.Audit.Lost = 0 }, "; no acknowledged audited write was lost"},
		"not known":      {func(b *results.Bundle) { b.Run.Audit.Lost, b.Run.Audit.ReadBack = 0, 10 }, ""},
		"at least":       {func(b *results.Bundle) { b.Run.Audit.Lost, b.Run.Audit.ReadBack = 4, 10 }, "; ≥ 4 of 3,480 acknowledged audited writes were lost"},
		"after":          {func(b *results.Bundle) { b.Run.Audit.Lost = 3; lose(b, 20000, 3) }, "; 3 of 3,480 acknowledged audited writes were lost, 3 of them written after the backup and before the rollback"},
		"before, after":  {func(b *results.Bundle) { b.Run.Audit.Lost = 3; lose(b, 9000, 1); lose(b, 20000, 2) }, "; 3 of 3,480 acknowledged audited writes were lost, 2 of them written after the backup and before the rollback"},
		"before":         {func(b *results.Bundle) { b.Run.Audit.Lost = 3; lose(b, 9000, 3) }, "; 3 of 3,480 acknowledged audited writes were lost"},
		"after rollback": {func(b *results.Bundle) { b.Run.Audit.Lost = 1; lose(b, 36000, 1) }, "; 1 of 3,480 acknowledged audited writes was lost"},
	} {
		b := fixture.Upgraded()
		tt.change(b)
		s, err := Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.Upgrade.Notes, func(n string) bool { return strings.HasPrefix(n, "the rollback to the backup stops every node") })
		if i < 0 {
			t.Fatalf("%s: %q", name, s.Upgrade.Notes)
		}
		if _, got, _ := strings.Cut(s.Upgrade.Notes[i], "for up to 2.39 s"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestLossesOfAShardAreNotBoundedByAnother: an objective about one shard accepts no losses of
// the others.
func TestLossesOfAShardAreNotBoundedByAnother(t *testing.T) {
	for text, want := range map[string]results.Decision{
		"{metric: writes.lost, max: 800}":                                                results.Go,
		"{metric: writes.lost, shard: 2, max: 800}":                                      results.Undecided,
		"{metric: writes.lost, shard: 0, max: 800}":                                      results.Go,
		"{metric: writes.lost, shard: 1, max: 800}\n  - {metric: writes.lost, max: 800}": results.Go,
	} {
		b := fixture.Upgraded()
		b.Scenario = []byte(strings.Replace(string(b.Scenario), "{metric: writes.lost, max: 800}", text, 1))
		for i := range 700 {
			b.Findings = append(b.Findings, results.Finding{Class: results.ClassLost, Write: results.Write{Seq: i, Shard: 0, Done: fixture.MS(20000)}})
		}
		s, err := Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		if s.Upgrade.Decision != want {
			t.Errorf("%s: %s, want %s: %q", text, s.Upgrade.Decision, want, s.Upgrade.Reasons)
		}
	}
}
