//go:build linux

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// TestAKilledRun: list knows a run that is under way from one whose processes were killed,
// and prune removes the second one, once nothing of it is left.
func TestAKilledRun(t *testing.T) { // not beside other runs, which could choose the same ports
	cmd := slotstorm(t, "run", "steady", "--out", "runs", "-q", "--set", "timeline.phases[0].duration=10m")
	root := filepath.Join(cmd.Dir, "runs")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id := ""
	defer func() {
		if id == "" {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		}
	}()
	for deadline := time.Now().Add(time.Minute); id == ""; time.Sleep(10 * time.Millisecond) {
		if list, err := results.List(root); err == nil && len(list) == 1 && results.UnderWay(list[0].Dir) {
			id = list[0].ID
		} else if time.Now().After(deadline) {
			t.Fatalf("no run is under way: %v, %v", list, err)
		}
	}
	listed := func(state string) {
		t.Helper()
		if code, stdout, stderr := do(t, "--out", root, "list"); code != exitOK || !strings.Contains(stdout, state) {
			t.Errorf("not %s: %d %s%s", state, code, stdout, stderr)
		}
	}
	prune := func(want string) {
		t.Helper()
		if code, stdout, stderr := do(t, "--out", root, "prune", "--killed"); code != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("prune does not say %q: %d %s%s", want, code, stdout, stderr)
		}
	}
	listed(stateRunning)
	prune("kept " + id + " (its run is still under way)")
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	dir := filepath.Join(root, id)
	for deadline := time.Now().Add(time.Minute); results.UnderWay(dir); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the lock outlives the processes")
		}
	}
	listed(stateKilled)
	if code, _, stderr := do(t, "--out", root, "recover", id); code != exitOK {
		t.Errorf("recover: %d %s", code, stderr)
	}
	prune("removed " + id + " (killed)")
	if list, err := results.List(root); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
