package runner

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/recount"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// cutOff is a partition of six seconds around a primary, with a client inside.
const cutOff = `
timeline:
  phases: [{name: calm, duration: 2s}, {name: cut, duration: 6s}, {name: after, duration: 1s}]
  faults: [{name: cut, at: 2s, duration: 6s, partition: {between: [primary of shard 0, generator 1]}}]
`

// split is small with a generator for either side.
var split = strings.NewReplacer(
	"rate: 200", "rate: 100\n  generators: 2",
	"clusterStateReloadInterval: 1s", "clusterStateReloadInterval: 1s, dialTimeout: 300ms",
).Replace(small)

// TestAMinorityLosesWhatItAcknowledged compares the losses that the run reports
// with those that plain commands count.
func TestAMinorityLosesWhatItAcknowledged(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	in := &intruder{t: t, root: t.TempDir(), at: "audit"}
	var survived map[string][]string
	in.act = func(in *intruder) { survived = in.values() }
	r := start(t, split+cutOff, Options{Root: in.root, Observer: in, Room: room})
	f := r.Bundle.Run.Faults[0]
	if f.Status != results.StatusHealed || !strings.Contains(f.Proof, "none gets an answer") {
		t.Fatalf("the partition is %s: %s %s", f.Status, f.Proof, f.Reason)
	}
	want := recount.Lost(r.Bundle.Writes, survived)
	if got := recount.Found(r.Bundle.Findings); !slices.Equal(got, want) {
		t.Errorf("the audit reports %v as lost, an independent count %v", got, want)
	}
	inside := 0
	for _, f := range r.Bundle.Findings {
		if f.Write.Node == "node-0" {
			inside++
		}
	}
	if inside == 0 {
		t.Errorf("the minority lost nothing: %d losses in all", len(want))
	}
	if len(r.Summary.Failovers) != 1 || r.Summary.Failovers[0].To != "node-3" {
		t.Errorf("failovers: %+v", r.Summary.Failovers)
	}
}

// TestAPartitionThatIsNotInForceProvesNothing takes the rules away under a
// partition, before it is proved and after.
func TestAPartitionThatIsNotInForceProvesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for at, reason := range map[string]string{
		"all traffic, drop":   "is open",
		"none gets an answer": "it did not stay in force",
	} {
		t.Run(at, func(t *testing.T) {
			if !inRoom(t) {
				return
			}
			in := &intruder{t: t, root: t.TempDir(), at: at, act: func(*intruder) {
				if err := local.Mend("cut"); err != nil {
					t.Error(err)
				}
			}}
			r := start(t, split+cutOff, Options{Root: in.root, Observer: in, Room: room})
			f := r.Bundle.Run.Faults[0]
			if f.Status != results.StatusUnproved || !strings.Contains(f.Reason, reason) {
				t.Errorf("the partition is %s: %s", f.Status, f.Reason)
			}
			late := r.Summary.Verdict == results.Invalid && strings.HasPrefix(r.Summary.Reasons[0], "the load generator was the limit")
			if r.Summary.Verdict != results.Inconclusive && !late {
				t.Errorf("verdict is %s: %v", r.Summary.Verdict, r.Summary.Reasons)
			}
		})
	}
}

func TestAPausedPrimaryIsSeenStoppedAndGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	r := start(t, small+`
timeline:
  phases: [{name: calm, duration: 1s}, {name: hang, duration: 5s}, {name: after, duration: 1s}]
  faults: [{name: hang, at: 1s, duration: 4s, pause: {target: primary of shard 1}}]
`, Options{})
	f := r.Bundle.Run.Faults[0]
	if f.Status != results.StatusHealed || !strings.Contains(f.Proof, "state T") || !strings.Contains(f.Healing, "answers") {
		t.Errorf("the pause is %s: %q, %q, %s", f.Status, f.Proof, f.Healing, f.Reason)
	}
	if held := f.Restored - f.Injected; held.Std().Seconds() < 4 {
		t.Errorf("it lasted %s", held)
	}
	if len(r.Summary.Failovers) != 1 || r.Summary.Failovers[0].From != "node-1" || r.Summary.Failovers[0].To != "node-4" {
		t.Errorf("failovers: %+v", r.Summary.Failovers)
	}
}

func TestFailoversOnCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	r := start(t, small+`
timeline:
  phases: [{name: calm, duration: 12s}]
  faults:
    - {name: asked, at: 1s, failover: {target: replica of shard 0}}
    - {name: forced, at: 3s, failover: {target: replica of shard 1, mode: force}}
    - {name: taken, at: 5s, failover: {target: replica of shard 2, mode: takeover}}
    - {name: moved, at: 7s, reshard: {from: 0, to: 1, slots: 4}}
`, Options{})
	for i, f := range r.Bundle.Run.Faults {
		if f.Status != results.StatusHealed || len(f.Nodes) != 2 || f.Nodes[0].Role != "primary" {
			t.Errorf("%s is %s: %s %+v", f.Name, f.Status, f.Reason, f.Nodes)
		}
		if i < len(r.Summary.Failovers) && r.Summary.Failovers[i].Server.Std().Seconds() > 2 {
			t.Errorf("%s took %s", f.Name, r.Summary.Failovers[i].Server)
		}
	}
	if len(r.Summary.Failovers) != 3 {
		t.Errorf("failovers: %+v", r.Summary.Failovers)
	}
	// The slots are those of the primaries that the failovers made.
	if m := r.Bundle.Run.Faults[3].Moved; m == nil || m.Slots.String() != "5457-5460" || r.Bundle.Run.Faults[3].Nodes[0].Node != "node-3" {
		t.Errorf("moved %+v of %+v", m, r.Bundle.Run.Faults[3].Nodes)
	}
}

// A command that blocks a primary for longer than the node timeout leads to the takeover,
// and one that empties a node to the lost writes.
func TestCommandsAsFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	r := start(t, strings.Replace(small, "config: {", `config: {enable-debug-command: "yes", `, 1)+`
timeline:
  phases: [{name: calm, duration: 1s}, {name: commands, duration: 12s}]
  faults:
    - {name: sleep, at: 1s, command: {target: primary of shard 1, run: [DEBUG, SLEEP, 4]}}
    - {name: empty, at: 7s, command: {target: primary of shard 0, run: [FLUSHALL]}}
`, Options{})
	for i, want := range []string{"did not answer PING", `answered "OK"`} {
		if f := r.Bundle.Run.Faults[i]; f.Status != results.StatusHealed || !strings.Contains(f.Proof, want) {
			t.Errorf("%s is %s: %q, %s", f.Name, f.Status, f.Proof, f.Reason)
		}
	}
	if len(r.Summary.Failovers) != 1 || r.Summary.Failovers[0].Fault != "sleep" {
		t.Errorf("failovers: %+v", r.Summary.Failovers)
	}
	lost := 0
	for _, f := range r.Bundle.Findings {
		if f.Class == results.ClassLost && f.Write.Shard == 0 {
			lost++
			if f.Cause != results.CauseCommand {
				t.Errorf("the cause is %q: %+v", f.Cause, f.Write)
			}
		}
	}
	if lost == 0 {
		t.Error("nothing lost")
	}
}

func TestFaultsThatTakeTooMuchAwayTogetherAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	r := start(t, small+`
timeline:
  phases: [{name: calm, duration: 9s}]
  faults:
    - {name: one, at: 1s, duration: 5s, allow: [overlap], pause: {target: primary of slot 0}}
    - {name: two, at: 1s, duration: 5s, allow: [overlap], pause: {target: primary of slot 8000}}
`, Options{})
	one, two := r.Bundle.Run.Faults[0], r.Bundle.Run.Faults[1]
	if one.Status == results.StatusRefused {
		one, two = two, one // both are due at once: either may come second
	}
	if one.Status != results.StatusHealed || two.Status != results.StatusRefused || !strings.Contains(two.Reason, "allow: [majority-down]") {
		t.Errorf("%s %s; %s %s", one.Status, one.Reason, two.Status, two.Reason)
	}
}

// A node shares its processor, the machine its memory, and a volume is full: the
// last one shows in the replies to clients.
func TestPressureIsProvedAndHealed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	r := start(t, strings.Replace(small, "redis: {", "redis: {storage: {size: 16Mi}, ", 1)+`
timeline:
  phases: [{name: pressed, duration: 12s}]
  faults:
    - {name: busy, at: 1s, duration: 2s, cpu: {target: primary of shard 0, workers: 2}}
    - {name: memory, at: 1s, duration: 2s, memory: {target: all nodes, size: 64Mi}, allow: [overlap]}
    - {name: full, at: 6s, duration: 3s, diskFull: {target: primary of shard 2}, allow: [overlap]}
`, Options{Room: room})
	for _, f := range r.Bundle.Run.Faults {
		if f.Status != results.StatusHealed {
			t.Errorf("%s is %s: %s", f.Name, f.Status, f.Reason)
		}
	}
	busy, memory, full := r.Bundle.Run.Faults[0], r.Bundle.Run.Faults[1], r.Bundle.Run.Faults[2]
	if !strings.Contains(busy.Proof, "with 2 busy processes") || !strings.Contains(busy.Healing, "may use processors") {
		t.Errorf("busy: %q, %q", busy.Proof, busy.Healing)
	}
	if !strings.Contains(memory.Proof, "64 MiB are held") || !strings.Contains(memory.Healing, "given back") {
		t.Errorf("memory: %q, %q", memory.Proof, memory.Healing)
	}
	if full.Node != "node-2" || !strings.Contains(full.Proof, "has no byte left") || !strings.Contains(full.Healing, "KiB left, and it answers") {
		t.Errorf("full: %q, %q", full.Proof, full.Healing)
	}
}

// Faults that this machine cannot inject are refused before anything is deployed.
func TestFaultsThatCannotBeDoneAreToldBeforeDeploying(t *testing.T) {
	for name, tc := range map[string]struct {
		fault string
		room  local.Room
		want  string
	}{
		"a partition without a room":   {"partition: {between: [primary of shard 0]}", local.Room{Why: "isolation: none"}, "only in a sealed room, and this is plain loopback (isolation: none)"},
		"a full volume without a room": {"diskFull: {target: primary of shard 0}", local.Room{Why: "isolation: none"}, "only in a sealed room"},
		"a slow disk":                  {"slowDisk: {target: primary of shard 0, fsync: 5ms}", local.Room{Why: "isolation: none"}, "only in a sealed room"},
		"a delay without a room":       {"delay: {between: [primary of shard 0], latency: 5ms}", local.Room{Why: "isolation: none"}, "only in a sealed room"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			s, err := scenarios.Parse("test.yaml", []byte(strings.Replace(small, "redis: {", "redis: {storage: {size: 16Mi}, ", 1)+"timeline: {phases: [{name: a, duration: 9s}], faults: [{name: f, at: 1s, duration: 2s, "+tc.fault+"}]}"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Run(t.Context(), s, Options{Root: root, Room: tc.room})
			if !errors.Is(err, site.ErrEnvironment) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v", err)
			}
			if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}
