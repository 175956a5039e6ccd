package runner

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// slowNetworks are faults of a network that is not cut, two of them on one pair at once.
const slowNetworks = `
timeline:
  phases: [{name: calm, duration: 1s}, {name: slow, duration: 6s}, {name: after, duration: 1s}]
  faults:
    - {name: late, at: 1s, duration: 5s, delay: {between: [primary of shard 0], latency: 10ms, jitter: 2ms, distribution: normal}}
    - {name: rare, at: 1s, duration: 5s, allow: [overlap], loss: {between: [primary of shard 0], percent: 5, burst: 2}}
    - {name: narrow, at: 1s, duration: 5s, allow: [overlap], bandwidth: {between: [primary of shard 1], kBps: 1000}}
    - {name: bus, at: 1s, duration: 5s, allow: [overlap], delay: {between: [primary of shard 2], latency: 20ms, traffic: bus, direction: one-way}}
`

// Each condition is measured while others are in force beside it, and gone afterwards.
func TestSlowNetworksAreMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	r := start(t, small+slowNetworks, Options{Root: t.TempDir(), Room: room})
	proofs := map[string][2]string{
		"late":   {"a delay of 20.00 ms was to be added", "the rules are gone"},
		"rare":   {"packets between the two sides were lost", "5 % were to be"},
		"narrow": {"the bound is 1000 kB", "TCP sent"},
		"bus":    {"a delay of 20.00 ms was to be added", "beside them: p50"},
	}
	for _, f := range r.Bundle.Run.Faults {
		want := proofs[f.Name]
		if f.Status != results.StatusHealed || !strings.Contains(f.Proof, want[0]) || !strings.Contains(f.Healing, want[1]) {
			t.Errorf("%s is %s: %q, %q, %q", f.Name, f.Status, f.Proof, f.Healing, f.Reason)
		}
	}
}

// The network is whole as soon as the process that shapes packets is killed: the fault
// is not in force any more, and the run says so.
func TestTheNetworkOutlivesItsShaper(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	in := &intruder{t: t, root: t.TempDir(), at: "was to be added", act: func(in *intruder) {
		if err := syscall.Kill(shaperPID(in.t), syscall.SIGKILL); err != nil {
			in.t.Error(err)
		}
	}}
	late := strings.Split(slowNetworks, "\n    - ")
	r := start(t, small+late[0]+"\n    - "+late[1]+"\n", Options{Root: in.root, Observer: in, Room: room})
	f := r.Bundle.Run.Faults[0]
	if !strings.Contains(f.Reason, "has ended by SIGKILL") || !strings.Contains(f.Reason, "it did not stay in force") {
		t.Errorf("the fault is %s: %q", f.Status, f.Reason)
	}
	// Invalid is for a busy machine.
	if v := r.Summary.Verdict; v != results.Inconclusive && v != results.Invalid {
		t.Errorf("the verdict is %s", v)
	}
}

// shaperPID finds the process of this room that shapes packets.
func shaperPID(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil || !bytes.HasSuffix(raw, []byte("\x00agent\x00shape\x00")) {
			continue // ended meanwhile, or another
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	t.Fatal("no process shapes packets")
	return 0
}
