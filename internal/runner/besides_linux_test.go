package runner

import (
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// downBeside keeps a replica down while networks are cut and slowed around it.
const downBeside = `
timeline:
  phases: [{name: calm, duration: 1s}, {name: faults, duration: 11s}, {name: after, duration: 1s}]
  faults:
    - {name: cut, at: 1s, duration: 3s, isolate: {target: primary of shard 1}}
    - {name: gone, at: 2s, allow: [overlap], kill: {target: replica of shard 0, away: 9s}}
    - {name: slow, at: 6s, duration: 3s, allow: [overlap], delay: {between: [clients], latency: 5ms}}
`

// A node that another fault keeps down does not answer: that is evidence neither for nor
// against a fault of the network, whose end must not wait for it.
func TestFaultsOfTheNetworkBesideANodeThatIsDown(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	r := start(t, small+downBeside, Options{Root: t.TempDir(), Room: room})
	faults := map[string]results.Fault{}
	for _, f := range r.Bundle.Run.Faults {
		faults[f.Name] = f
		if f.Status != results.StatusHealed {
			t.Errorf("%s is %s: %s", f.Name, f.Status, f.Reason)
		}
	}
	cut, gone, slow := faults["cut"], faults["gone"], faults["slow"]
	if took := (cut.Restored - cut.Released).Std(); cut.Restored > gone.Restored || took > 5*time.Second {
		t.Errorf("the healing of the partition took %v: %s", took, cut.Healing)
	}
	for _, text := range []string{cut.Healing, slow.Proof} {
		if !strings.Contains(text, "other faults keep the rest from an answer: ") || !strings.Contains(text, gone.Node) {
			t.Errorf("%s is not named as down: %s", gone.Node, text)
		}
	}
}

// slowBeside slows one disk twice, another one once, and has one fail meanwhile.
const slowBeside = `
timeline:
  phases: [{name: calm, duration: 1s}, {name: faults, duration: 8s}, {name: after, duration: 1s}]
  faults:
    - {name: first, at: 1s, duration: 3s, slowDisk: {target: primary of shard 0, fsync: 50ms}}
    - {name: second, at: 2s, duration: 6s, allow: [overlap], slowDisk: {target: primary of shard 0, fsync: 150ms}}
    - {name: other, at: 2s, duration: 6s, allow: [overlap], slowDisk: {target: primary of shard 1, fsync: 150ms}}
    - {name: broken, at: 5s, duration: 2s, allow: [overlap], diskError: {target: primary of shard 1, on: [fsync]}}
`

// Several faults of one disk are each proved, and over, beside the others.
func TestFaultsOfOneDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	r := start(t, small+slowBeside, Options{Root: t.TempDir(), Room: room})
	for _, f := range r.Bundle.Run.Faults {
		if took := (f.Restored - f.Released).Std(); f.Name == "first" && took > 2*time.Second {
			t.Errorf("the healing of the first took %v: %s", took, f.Healing)
		}
		if f.Status != results.StatusHealed {
			t.Errorf("%s is %s: %s", f.Name, f.Status, f.Reason)
		}
	}
}
