package runner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/recount"
	"github.com/slotstorm/slotstorm/results"
)

// inTheDark is a power failure of a primary, which is back before its replica takes over.
const inTheDark = `
timeline:
  phases: [{name: calm, duration: 4s}, {name: dark, duration: 4s}]
  faults: [{name: dark, at: 4s, powerLoss: {target: primary of shard 0, away: 500ms}}]
`

// TestAPowerFailureTakesWhatWasNotSynced compares the losses that the run reports with
// those that plain commands count: with a sync before each reply, with one each second,
// and without any.
func TestAPowerFailureTakesWhatWasNotSynced(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, fsync := range []string{"always", "everysec", "no"} {
		t.Run(fsync, func(t *testing.T) {
			if inRoom(t) {
				losesPower(t, fsync)
			}
		})
	}
}

func losesPower(t *testing.T, fsync string) {
	config := strings.NewReplacer("cluster-node-timeout: 1000", `cluster-node-timeout: 10000, save: "", appendonly: yes, appendfsync: `+fsync,
		"audit: {rate: 100}", "audit: {rate: 40, kinds: [once], reads: 0}").Replace(small)
	in := &intruder{t: t, root: t.TempDir(), at: "audit"}
	var survived map[string][]string
	in.act = func(in *intruder) { survived = in.values() }
	r := start(t, config+inTheDark, Options{Root: in.root, Observer: in, Room: room})
	f := r.Bundle.Run.Faults[0]
	if f.Status != results.StatusHealed {
		t.Fatalf("the power failure is %s: %s %s", f.Status, f.Proof, f.Reason)
	}
	t.Log(f.Proof)
	want := recount.Lost(r.Bundle.Writes, survived)
	if got := recount.Found(r.Bundle.Findings); !slices.Equal(got, want) {
		t.Errorf("the audit reports %v as lost, an independent count %v", got, want)
	}
	switch fsync {
	case "always":
		// Writes that were not synced yet had no reply.
		if len(want) > 0 {
			t.Errorf("%d writes are lost, although each was synced before its reply: %s", len(want), f.Proof)
		}
	case "no":
		if len(want) == 0 {
			t.Errorf("nothing is lost: %s", f.Proof)
		}
		return
	}
	for _, l := range r.Bundle.Findings {
		// Redis begins a sync each second, and one that takes longer delays the next.
		if age := f.Injected - l.Write.Done; l.Class == results.ClassLost && age > results.DurationOf(3*time.Second) {
			t.Errorf("a write is lost that was acknowledged %s before the power failure", age.Std())
		}
	}
}
