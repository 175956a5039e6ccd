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
