package facts

import (
	"os"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// struckAgain are the failovers of a shard: a pause that node-0 outlived, a kill without
// persistence that it came back from empty, a kill that node-3 took over after, the return of
// the role, and one more kill.
func struckAgain() []results.Failover {
	at := fixture.MS
	promoted := func(ms float64) []results.Step { return []results.Step{{Name: results.StepPromoted, At: at(ms)}} }
	return []results.Failover{
		{Fault: "pause", From: "node-0", To: "node-0", Injected: at(5000), Server: at(1000)},
		{Fault: "kill-1", From: "node-0", To: "node-0", Injected: at(30000), Server: at(800)},
		{Fault: "kill-2", From: "node-0", To: "node-3", Injected: at(50000), Server: at(3000), Steps: promoted(2900)},
		{Fault: "back", From: "node-3", To: "node-0", Injected: at(60000), Server: at(20), Steps: promoted(10)},
		{Fault: "kill-3", From: "node-0", To: "node-3", Injected: at(70000), Server: at(3000), Steps: promoted(2900)},
	}
}

// A loss goes with the failover that lost the write, which need not be the nearest one.
func TestLossesGoWithTheFailoverThatLostThem(t *testing.T) {
	for _, tc := range []struct {
		what, cause string
		sent        float64
		want        string
	}{
		{"just after a pause that was outlived", results.CauseEmptyRestart, 7000, "kill-1"},
		{"just before a kill", results.CauseEmptyRestart, 29990, "kill-1"},
		{"while the kill acted", results.CauseRestartTail, 30005, "kill-1"},
		{"before the pause, and lost at the end", results.CauseEmptyRestart, 4000, "kill-1"},
		{"nearer to a kill that was outlived", results.CauseAsyncTail, 35000, "kill-2"},
		{"just before a promotion", results.CauseUnsynced, 49999, "kill-2"},
		{"after the promotion", results.CauseSplitBrain, 58000, "kill-2"},
		{"cut off, before the promotion", results.CauseSplitBrain, 52000, "kill-2"},
		{"after the role was back", results.CauseSplitBrain, 61000, "kill-3"},
		{"after the role was back, and the tail", results.CauseAsyncTail, 61000, "kill-3"},
	} {
		b := fixture.Quiet()
		for _, f := range []string{"pause", "kill-1", "kill-2", "back", "kill-3"} {
			takes := results.TakesProcess
			if f == "pause" {
				takes = results.TakesTime
			}
			b.Run.Faults = append(b.Run.Faults, results.Fault{Name: f, Proved: fixture.MS(30010), Traits: results.Traits{Takes: takes}})
		}
		b.Findings = []results.Finding{{Class: results.ClassLost, Cause: tc.cause, Write: results.Write{Node: "node-0", Sent: fixture.MS(tc.sent), Done: fixture.MS(tc.sent + 2)}}}
		list := New(b, fixture.Scenario(t)).losses(struckAgain())
		if len(list) != 1 || list[0].Fault != tc.want {
			t.Errorf("%s: %+v, want %s", tc.what, list, tc.want)
		}
	}
	b := fixture.Quiet()
	b.Findings = []results.Finding{{Class: results.ClassLost, Write: results.Write{Node: "node-4", Done: fixture.MS(52000)}}}
	if list := New(b, fixture.Scenario(t)).losses(struckAgain()); len(list) != 1 || list[0].Fault != "kill-2" {
		t.Errorf("of a node that was never replaced: %+v", list)
	}
}

// The times of losses count from the fault, also where the failover began later.
func TestLossesCountFromTheFault(t *testing.T) {
	b := fixture.Quiet()
	b.Run.Faults = []results.Fault{{Name: "slow", Injected: fixture.MS(20000), Traits: results.Traits{Takes: results.TakesTime}}}
	b.Findings = []results.Finding{{Class: results.ClassLost, Cause: results.CauseAsyncTail, Write: results.Write{Node: "node-0", Sent: fixture.MS(29998), Done: fixture.MS(30000)}}}
	f := results.Failover{Fault: "slow", From: "node-0", To: "node-3", Injected: fixture.MS(31000), Steps: []results.Step{{Name: results.StepPromoted, At: fixture.MS(3000)}}}
	list := New(b, fixture.Scenario(t)).losses([]results.Failover{f})
	if len(list) != 1 || list[0].FirstAfterFault != fixture.MS(10000) || list[0].First != fixture.MS(4000) {
		t.Errorf("%+v", list)
	}
}

// A write to a slot that had moved is lost by the failover of the shard that took the slot.
func TestLossesOfMovedSlots(t *testing.T) {
	raw, err := os.ReadFile("testdata/stories/crash-after-a-reshard.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(raw), "\n---\n")
	b, err := readStory(text)
	if err != nil {
		t.Fatal(err)
	}
	lost := func(sent float64) results.Finding {
		return results.Finding{Class: results.ClassLost, Cause: results.CauseUnsynced, Write: results.Write{Node: "node-1", Shard: 0, Sent: fixture.MS(sent), Done: fixture.MS(sent + 2)}}
	}
	b.Findings = []results.Finding{lost(29000), lost(29900)}
	a := New(b, fixture.Scenario(t))
	var list []results.Failover
	for _, f := range a.failovers() {
		list = append(list, f.Failover)
	}
	groups := a.losses(list)
	if len(groups) != 1 || groups[0].Shard != 1 || groups[0].Fault != "kill" || groups[0].Count != 2 {
		t.Errorf("%+v", groups)
	}
}
