//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// briskUpgrade makes the upgrade scenarios runs of some 40 seconds at a low rate.
var briskUpgrade = []string{
	"--set", "workload.rate=200", "--set", "workload.warmup=1s", "--set", "redis.config.repl-diskless-sync-delay=0",
	"--set", "timeline.upgrade.at=3s", "--set", "timeline.upgrade.pause=200ms",
}

// newer is a redis-server of a later version, named by SLOTSTORM_REDIS_NEW; the
// one on PATH under another name where there is none.
func newer(t *testing.T) (binary string, differs bool) {
	t.Helper()
	if name := os.Getenv("SLOTSTORM_REDIS_NEW"); name != "" {
		return name, true
	}
	return "redis-server", false
}

// upgradeRun runs a scenario with an upgrade, and gives the run and its sheet.
func upgradeRun(t *testing.T, scenario string, args ...string) (*results.Run, string) {
	t.Helper()
	s := newSandbox(t)
	before := look(t, s.dir)
	code, stdout, stderr := s.run(append(append([]string{"run", scenario, "--json"}, briskUpgrade...), args...)...)
	if code != 0 && code != 4 && code != 5 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var answer struct{ Summary *results.Summary }
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || answer.Summary.Upgrade == nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	b, err := results.Load(s.bundle())
	if err != nil {
		t.Fatal(err)
	}
	if left := s.remains(before); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, "; "))
	}
	sheet, err := os.ReadFile(filepath.Join(b.Dir, "upgrade.html"))
	if err != nil {
		t.Fatal(err)
	}
	return &b.Run, string(sheet)
}

func TestUpgradeAndBackFromTheBackup(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	binary, differs := newer(t)
	r, sheet := upgradeRun(t, "upgrade-rollback", "--set", "timeline.upgrade.to.binary="+binary,
		"--set", "timeline.phases=[{name: before, duration: 3s}, {name: upgrade, duration: 22s}, {name: rollback, duration: 10s}]",
		"--set", "timeline.upgrade.rollback.at=25s")
	u := r.Upgrade
	if u.Forward.Status != results.RollDone || u.Back.Status != results.RollDone {
		t.Fatalf("upgrade %s (%s), rollback %s (%s)", u.Forward.Status, u.Forward.Reason, u.Back.Status, u.Back.Reason)
	}
	if last := u.Back.Steps[len(u.Back.Steps)-1]; last.Server != u.From {
		t.Errorf("after the rollback it runs %s, and it began with %s", last.Server, u.From)
	}
	// Writes acknowledged after the backup are lost, and the sheet says so.
	if r.Audit.Lost < 100 || !strings.Contains(sheet, "of them written after the backup and before the rollback") {
		t.Errorf("%d writes were lost", r.Audit.Lost)
	}
	if !differs {
		if u.From != u.To || !strings.Contains(sheet, "this was a rolling restart") {
			t.Errorf("%s to %s", u.From, u.To)
		}
		return
	}
	if u.From == u.To || len(u.Persistence) != 4 {
		t.Errorf("%s to %s: %v", u.From, u.To, u.Persistence)
	}
	for _, p := range u.Persistence {
		if p.Reader == u.To && !p.OK {
			t.Errorf("a later version reads what an earlier one wrote: %+v", p)
		}
	}
}

func TestUpgradeAndBackOnTheVolumes(t *testing.T) {
	t.Parallel()
	binary, differs := newer(t)
	r, sheet := upgradeRun(t, "upgrade-rollback", "--set", "timeline.upgrade.to.binary="+binary,
		"--set", "timeline.phases=[{name: before, duration: 3s}, {name: upgrade, duration: 22s}, {name: rollback, duration: 15s}]",
		"--set", "timeline.upgrade.rollback={at: 25s, from: volumes}", "--set", "timeline.upgrade.stepLimit=10s")
	u := r.Upgrade
	if u.Forward.Status != results.RollDone {
		t.Fatalf("upgrade %s: %s", u.Forward.Status, u.Forward.Reason)
	}
	if !differs {
		if u.Back.Status != results.RollDone || r.Audit.Lost != 0 {
			t.Errorf("rollback %s (%s), %d lost", u.Back.Status, u.Back.Reason, r.Audit.Lost)
		}
		return
	}
	// 7.0 cannot read an RDB of 8.0: the first node fails, runs 8.0 again, and no
	// write is lost.
	if u.Back.Status == results.RollDone {
		return // a newer version whose files the older one reads
	}
	if u.Back.Status != results.RollFailed || r.Audit.Lost != 0 || !r.HealthyAfter || !strings.Contains(sheet, "NO-GO") {
		t.Errorf("rollback %s (%s), %d lost, healthy after: %t", u.Back.Status, u.Back.Reason, r.Audit.Lost, r.HealthyAfter)
	}
}
