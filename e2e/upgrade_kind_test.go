//go:build e2e && kind && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// upgraded runs an upgrade from 7.0 to 8.0 in pods, and back, and gives the run and
// its sheet.
func upgraded(t *testing.T, args ...string) (*results.Bundle, string) {
	t.Helper()
	b := onLab(t, append([]string{
		"upgrade-rollback", "--set", "redis.image=redis:7.0", "--set", "redis.auth.enabled=true", "--set", "redis.tls.enabled=true",
		"--set", "workload.rate=50", "--set", "workload.audit.rate=20", "--set", "workload.warmup=1s",
		"--set", "redis.config.repl-diskless-sync-delay=0", "--set", "redis.config.cluster-node-timeout=5000",
	}, args...)...)[0]
	u := b.Run.Upgrade
	for _, step := range append(u.Forward.Steps, u.Back.Steps...) {
		t.Logf("%s %s: %v to %v, %s %s", step.Kind, step.Node, step.Began, step.Whole, step.Server, step.Failed)
	}
	if u.Forward.Status != results.RollDone || !strings.HasPrefix(u.From.Version, "7.0.") || !strings.HasPrefix(u.To.Version, "8.0.") {
		t.Fatalf("upgrade from %s to %s %s: %s", u.From, u.To, u.Forward.Status, u.Forward.Reason)
	}
	// Every node went on its own volume to a new pod.
	for _, n := range b.Run.Nodes {
		if pods := podsOf(b, n.Name); len(pods) < 2 || pods[0].Image == pods[1].Image {
			t.Errorf("pods of %s: %+v", n.Name, pods)
		}
	}
	for _, p := range u.Persistence {
		if p.Reader == u.To && !p.OK {
			t.Errorf("a later version reads what an earlier one wrote: %+v", p)
		}
		if p.Reader == u.From && p.Format == "RDB" && p.OK {
			t.Errorf("7.0 does not read an RDB of 8.0: %+v", p)
		}
	}
	if len(u.Persistence) != 4 {
		t.Errorf("%d trials of files: %+v", len(u.Persistence), u.Persistence)
	}
	sheet, err := os.ReadFile(filepath.Join(b.Dir, "upgrade.html"))
	if err != nil {
		t.Fatal(err)
	}
	return b, string(sheet)
}

// TestKindUpgradeAndBackFromTheBackup loses what came after the backup, and says so.
func TestKindUpgradeAndBackFromTheBackup(t *testing.T) {
	b, sheet := upgraded(t, "--set", "timeline.phases=[{name: before, duration: 5s}, {name: upgrade, duration: 100s}, {name: rollback, duration: 45s}]",
		"--set", "timeline.upgrade.at=5s", "--set", "timeline.upgrade.rollback.at=105s")
	u := b.Run.Upgrade
	if u.Back.Status != results.RollDone {
		t.Fatalf("rollback %s: %s", u.Back.Status, u.Back.Reason)
	}
	if last := u.Back.Steps[len(u.Back.Steps)-1]; last.Server != u.From {
		t.Errorf("after the rollback it runs %s, and it began with %s", last.Server, u.From)
	}
	if b.Run.Audit.Lost < 100 || !strings.Contains(sheet, "of them written after the backup and before the rollback") || !b.Run.HealthyAfter {
		t.Errorf("%d writes were lost; whole after: %v", b.Run.Audit.Lost, b.Run.HealthyAfter)
	}
}

// TestKindUpgradeAndBackOnTheVolumes finds that 7.0 cannot read the files of 8.0: the
// first node fails, runs 8.0 again, and no write is lost.
func TestKindUpgradeAndBackOnTheVolumes(t *testing.T) {
	b, sheet := upgraded(t, "--set", "timeline.phases=[{name: before, duration: 5s}, {name: upgrade, duration: 100s}, {name: rollback, duration: 90s}]",
		"--set", "timeline.upgrade.at=5s", "--set", "timeline.upgrade.rollback={at: 105s, from: volumes}", "--set", "timeline.upgrade.stepLimit=40s")
	u := b.Run.Upgrade
	last := u.Back.Steps[len(u.Back.Steps)-1]
	if !strings.Contains(last.Failed, "Can't handle RDB format version") || last.Undone == 0 {
		t.Errorf("the node says %q, and had its old version back at %v", last.Failed, last.Undone)
	}
	if u.Back.Status != results.RollFailed || b.Run.Audit.Lost != 0 || !b.Run.HealthyAfter || !strings.Contains(sheet, "NO-GO") {
		t.Errorf("rollback %s (%s), %d lost, whole after: %v", u.Back.Status, u.Back.Reason, b.Run.Audit.Lost, b.Run.HealthyAfter)
	}
}
