package judge

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// thereAndBack has node-0 killed, made primary again and killed once more: it loses 5 writes at
// the first kill and 7 at the last, with one cause.
func thereAndBack(cause string) *results.Bundle {
	b := fixture.Repeated()
	last := b.Run.Faults[0]
	last.Name, last.Injected, last.Proved, last.Restored, last.Verified = "kill-4", fixture.MS(35500), fixture.MS(35508), 0, 0
	b.Run.Faults = append(b.Run.Faults, last)
	for _, e := range fixture.FailoverEvents("node-0", "node-3", 0, 35500) {
		if e.Offset < fixture.MS(40000) {
			b.Events = append(b.Events, e)
		}
	}
	b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{Shard: 0, From: fixture.MS(35497), To: fixture.MS(38504), Node: "node-3"})
	for at, n := range map[float64]int{14990: 5, 35490: 7} {
		for i := range n {
			w := results.Write{Seq: int(at) + i, Shard: 0, Node: "node-0", Outcome: "ok", Sent: fixture.MS(at), Done: fixture.MS(at + float64(i))}
			b.Writes = append(b.Writes, w)
			b.Findings = append(b.Findings, results.Finding{Class: results.ClassLost, Cause: cause, Write: w})
		}
	}
	b.Run.Audit.Lost = 12
	return b
}

// Writes that one node lost at two faults are not added up.
func TestLossesOfEachFault(t *testing.T) {
	tail := foundBy(t, "async-tail", thereAndBack(results.CauseAsyncTail), nil)
	want := []string{
		"5 acknowledged by node-0: fault kill-1; acknowledged 0.012 s before to 0.008 s before the fault; the first of them 3.011 s before promotion, the last 3.007 s before promotion",
		"7 acknowledged by node-0: fault kill-4; acknowledged 0.010 s before to 0.004 s before the fault; the first of them 3.009 s before promotion, the last 3.003 s before promotion",
	}
	if len(tail) != 1 || !strings.HasPrefix(tail[0].Title, "12 acknowledged writes") || !slices.Equal(tail[0].Evidence, want) {
		t.Errorf("async-tail: %+v", tail)
	}
	for rule, cause := range map[string]string{"empty-restart": results.CauseEmptyRestart, "restart-tail": results.CauseRestartTail, "split-brain": results.CauseSplitBrain, "unsynced-replica": results.CauseUnsynced, "unexplained-loss": results.CauseUnexplained} {
		list := foundBy(t, rule, thereAndBack(cause), nil)
		if len(list) != 2 || !strings.Contains(list[0].Evidence[0], "fault kill-1;") || !strings.Contains(list[1].Evidence[0], "fault kill-4;") {
			t.Errorf("%s: %+v", rule, list)
			continue
		}
		if title := list[0].Title; strings.Contains(title, "until then") && !strings.Contains(title, "5 of the 5 writes") {
			t.Errorf("%s: %q", rule, title)
		}
	}
}

// A pause that the primary outlived has not lost what another fault took later, although it was
// nearer to the writes; and no node took over from itself.
func TestLossesAfterAPauseThatWasOutlived(t *testing.T) {
	for rule, cause := range map[string]string{"async-tail": results.CauseAsyncTail, "unsynced-replica": results.CauseUnsynced, "split-brain": results.CauseSplitBrain} {
		b := thereAndBack(cause)
		pause := b.Run.Faults[0]
		pause.Name, pause.Takes, pause.Lasts = "pause", results.TakesTime, true
		pause.Injected, pause.Proved, pause.Released, pause.Restored, pause.Verified = fixture.MS(33000), fixture.MS(33005), fixture.MS(33500), fixture.MS(33505), fixture.MS(33600)
		b.Run.Faults = append(b.Run.Faults, pause)
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{Shard: 0, From: fixture.MS(32999), To: fixture.MS(33505), Node: "node-0"})
		for i := range b.Findings {
			if w := &b.Findings[i].Write; w.Done > fixture.MS(30000) {
				w.Sent, w.Done = w.Sent-fixture.MS(1300), w.Done-fixture.MS(1300) // nearer to the pause
			}
		}
		for _, one := range foundBy(t, rule, b, nil) {
			text := one.Title + " " + strings.Join(one.Evidence, "; ")
			if strings.Contains(text, "fault pause") || strings.Contains(text, "node-0 took over") {
				t.Errorf("%s: %s", rule, text)
			}
		}
	}
}

// linked has the replica be in sync at a millisecond after the kill.
func linked(b *results.Bundle, ms float64) *results.Bundle {
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + ms), Kind: results.EventLinkUp, Source: "poll", Node: "node-3"})
	slices.SortStableFunc(b.Events, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	return b
}

// replaceCause has all findings have another cause.
func replaceCause(b *results.Bundle, cause string) *results.Bundle {
	for i := range b.Findings {
		b.Findings[i].Cause = cause
	}
	return b
}

// A shard without a replica that may take over is not helped by one, and no replica copied its
// data.
func TestARestartWithoutHeirs(t *testing.T) {
	lost := func() *results.Bundle { return fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100) }
	ended := lost()
	ended.Events = append([]results.Event{{Offset: fixture.MS(9000), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-3"}}, ended.Events...)
	for name, b := range map[string]*results.Bundle{
		"no replica": lone(lost()), "it may not": owning(lost(), "cluster-replica-no-failover", "yes"), "it was down": ended, "in sync before": linked(lost(), 300),
	} {
		got := foundBy(t, "empty-restart", b, nil)
		if tail := foundBy(t, "restart-tail", replaceCause(b, results.CauseRestartTail), nil); len(tail) != 1 || strings.Contains(tail[0].Advice, "replica") != (name == "in sync before") {
			t.Errorf("%s: %+v", name, tail)
		}
		if len(got) != 1 || strings.Contains(got[0].Advice, "replica") != (name == "in sync before") || strings.Contains(strings.Join(got[0].Evidence, "\n"), "copied") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A node with snapshots may have loaded one from before the first audited write: it was not
// empty, and copies of its data were not.
func TestARestartWithASnapshotIsNotEmpty(t *testing.T) {
	for save, want := range map[string]string{"": "node-0 restarted empty", "60 10000": "node-0 restarted without any audited write"} {
		got := foundBy(t, "empty-restart", fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), func(s *scenarios.Scenario) { s.Redis.Config["save"] = save })
		if len(got) != 1 || !strings.HasPrefix(got[0].Title, want) || save != "" && strings.Contains(strings.Join(got[0].Evidence, "\n"), "the empty data set") {
			t.Errorf("save %q: %+v", save, got)
		}
	}
}

// A restart that came late, or replicas that may not take over, are not helped by a later one.
func TestALateRestartIsNotDelayed(t *testing.T) {
	got := foundBy(t, "empty-restart", fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), func(s *scenarios.Scenario) { s.Redis.Config["cluster-node-timeout"] = "500" })
	if len(got) != 1 || strings.Contains(got[0].Advice, "delay the restart") {
		t.Errorf("%+v", got)
	}
	served := foundBy(t, "busy-script", failing("BUSY"), func(s *scenarios.Scenario) { s.Redis.Config["busy-reply-threshold"] = "500" })
	if len(served) != 1 || strings.Contains(served[0].Advice, "take over") {
		t.Errorf("%+v", served)
	}
	stale := foundBy(t, "stale-reads", read(6260), nil)
	if len(stale) != 1 || strings.Contains(stale[0].Advice, "replica-serve-stale-data") || !slices.Contains(stale[0].Evidence, "no replica reported its replication link as down; repl-timeout is 60 s (the default)") {
		t.Errorf("%+v", stale)
	}
}
