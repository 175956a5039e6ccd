package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// TestAFaultThatComesTooLate stops a replica, so that the check of a fault waits for
// the cluster, until some time after the fault was due.
func TestAFaultThatComesTooLate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for name, tc := range map[string]struct {
		phase, lasts, stopped time.Duration // the last from when the fault is due
		want                  results.FaultStatus
		reason                string
	}{
		"after its time":               {5 * time.Second, 3 * time.Second, 9 * time.Second, results.StatusRefused, "too late: it was planned at 1.00 s of the timeline and could be injected until 4.00 s"},
		"by more than a tenth of hang": {14 * time.Second, 10 * time.Second, 1800 * time.Millisecond, results.StatusHealed, "later than planned"},
	} {
		t.Run(name, func(t *testing.T) {
			beside(t)
			let := make(chan struct{})
			in := &intruder{t: t, root: t.TempDir(), at: "phase: calm"}
			in.act = func(in *intruder) {
				process := replica(in)
				if process == 0 {
					close(let)
					return
				}
				if err := syscall.Kill(process, syscall.SIGSTOP); err != nil {
					t.Error(err)
				}
				time.AfterFunc(time.Second+tc.stopped, func() {
					_ = syscall.Kill(process, syscall.SIGCONT) // ESRCH: the run has ended
					close(let)
				})
			}
			r := start(t, small+fmt.Sprintf(`
timeline:
  phases: [{name: calm, duration: 1s}, {name: hang, duration: %v}, {name: after, duration: 1s}]
  faults: [{name: hang, at: 1s, duration: %v, pause: {target: primary of shard 1}}]
`, tc.phase, tc.lasts), Options{Root: in.root, Observer: in})
			f := r.Bundle.Run.Faults[0]
			if f.Status != tc.want {
				t.Errorf("the fault is %s: %s", f.Status, f.Reason)
			}
			if said := f.Reason + strings.Join(r.Summary.Reasons, "\n"); !strings.Contains(said, tc.reason) {
				t.Errorf("%q is not said: %q", tc.reason, said)
			}
			if r.Summary.Verdict == results.Pass {
				t.Error("the run passed")
			}
			<-let
		})
	}
}

// replica is the process of node-5.
func replica(in *intruder) int {
	list, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		in.t.Error(err)
	}
	for _, p := range list {
		at, err := os.Readlink(p)
		if err == nil && strings.HasPrefix(at, in.root) && filepath.Base(at) == "node-5" {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(p)))
			if err != nil {
				in.t.Error(err)
			}
			return pid
		}
	}
	in.t.Error("node-5 does not run")
	return 0
}
