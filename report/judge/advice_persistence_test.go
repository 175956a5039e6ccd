package judge

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// unsynced has the fault take what the volume had not synced.
func unsynced(b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Unsyncs, b.Run.Faults[0].Proof = true, "4,096 bytes of appendonly.aof.1.incr.aof"
	return b
}

// withConfig states directives for all nodes.
func withConfig(pairs ...string) func(*scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		for i := 0; i+1 < len(pairs); i += 2 {
			s.Redis.Config[pairs[i]] = pairs[i+1]
		}
	}
}

// persistenceRules are the cases of what keeps data over a restart: the advice names what is
// not set yet, and an fsync only where the disk had lost what was not synced.
// unread is a bundle of a cluster that refused CONFIG GET.
func unread(b *results.Bundle) *results.Bundle {
	b.Run.Environment.Shared, b.Run.Environment.ConfigUnread = true, true
	return b
}

func persistenceRules() []ruleCase {
	empty := func() *results.Bundle { return fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100) }
	tail := func() *results.Bundle { return fixture.Lose(cameBackEarly(), results.CauseRestartTail, 5) }
	heir := func() *results.Bundle { return unlinkedHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)) }
	file := func(fsync string) func(*scenarios.Scenario) {
		return withConfig("appendonly", "yes", "appendfsync", fsync)
	}
	return []ruleCase{
		{"empty-restart", "no persistence", empty(), withConfig("appendonly", "no", "save", ""), "Enable persistence (appendonly yes)"},
		{"empty-restart", "no persistence, power loss", unsynced(empty()), withConfig("appendonly", "no", "save", ""), "Enable persistence (appendonly yes)"},
		{"empty-restart", "a file that was never synced", unsynced(empty()), file("no"), "Set appendfsync to everysec or always: with no, the operating system decides"},
		{"empty-restart", "what the volume lost", unsynced(empty()), file("no"), "the fault took what the volume had not synced: 4,096 bytes"},
		{"empty-restart", "a file that was not synced yet", unsynced(empty()), file("everysec"), "Use appendfsync always for writes"},
		{"empty-restart", "a file that was synced", unsynced(empty()), file("always"), "Keep this run"},
		{"empty-restart", "a file that did not outlive the process", empty(), file("everysec"), "Keep the append-only file on a volume that outlives the node"},
		{"empty-restart", "a configuration that the servers do not show", unread(empty()), nil, "persistence: appendonly is unknown (CONFIG GET was refused, and the scenario does not state it)"},
		{"empty-restart", "advice on what they do not show", unread(empty()), nil, "Find out whether the node keeps its data"},
		{"empty-restart", "what the scenario states of it", unread(empty()), withConfig("appendonly", "no", "save", ""), "Enable persistence (appendonly yes)"},
		{"restart-tail", "a configuration that the servers do not show", unread(tail()), nil, "Find out whether the node keeps its data"},
		{"restart-tail", "snapshots, killed", tail(), nil, "Use appendonly yes for writes"},
		{"restart-tail", "snapshots, power loss", unsynced(tail()), nil, "Use appendonly yes with appendfsync always for writes"},
		{"restart-tail", "killed, everysec", tail(), file("everysec"), "With everysec a node answers before it writes to the file while an fsync takes long"},
		{"restart-tail", "killed, no", tail(), file("no"), "The end of a process takes nothing from its append-only file: read the node's log"},
		{"restart-tail", "power loss, everysec", unsynced(tail()), file("everysec"), "Use appendfsync always for writes"},
		{"restart-tail", "power loss, no", unsynced(tail()), file("no"), "Set appendfsync to everysec or always"},
		{"restart-tail", "power loss, always", unsynced(tail()), file("always"), "Keep this run"},
		{"unsaved", "snapshots", failing("MISCONF"), withConfig("appendonly", "no", "save", "60 1"), "With stop-writes-on-bgsave-error no it accepts writes after a failed snapshot"},
		{"unsaved", "a file", failing("MISCONF"), withConfig("appendonly", "yes", "save", ""), "A node whose append-only file cannot be written or synced refuses writes, whatever stop-writes-on-bgsave-error is"},
		{"unsaved", "a file as evidence", failing("MISCONF"), withConfig("appendonly", "yes", "save", ""), "persistence: an append-only file, appendfsync everysec"},
		{"unsaved", "a file, and snapshots", failing("MISCONF"), withConfig("appendonly", "yes"), "whatever stop-writes-on-bgsave-error is. With stop-writes-on-bgsave-error no it accepts writes after a failed snapshot"},
		{"unsaved", "a file, and snapshots that stop nothing", failing("MISCONF"), withConfig("appendonly", "yes", "stop-writes-on-bgsave-error", "no"), "Free space on the volume"},
		{"unsynced-replica", "no min-replicas-to-write", heir(), nil, "min-replicas-to-write 1 makes a primary refuse writes"},
		{"unsynced-replica", "min-replicas-to-write is set", heir(), withConfig("min-replicas-to-write", "1"), "Lower min-replicas-max-lag"},
		{"unsynced-replica", "min-replicas-to-write without a lag", heir(), withConfig("min-replicas-to-write", "1", "min-replicas-max-lag", "0"), "Set min-replicas-max-lag to 2 or more"},
	}
}

// The advice never asks for a setting that is in force.
func TestAdviceOnPersistenceAsksForNothingThatIsSet(t *testing.T) {
	for _, tt := range persistenceRules() {
		list := foundBy(t, tt.rule, tt.bundle, tt.change)
		if len(list) != 1 {
			t.Fatalf("%s: %+v", tt.name, list)
		}
		sc := fixture.Scenario(t)
		if tt.change != nil {
			tt.change(sc)
		}
		for _, asks := range []struct{ directive, value, text string }{
			{"appendonly", "yes", "appendonly yes"}, {"appendfsync", "always", "appendfsync always for"}, {"min-replicas-to-write", "1", "min-replicas-to-write 1 "},
		} {
			if sc.Redis.Config[asks.directive] == asks.value && strings.Contains(list[0].Advice, asks.text) {
				t.Errorf("%s, %s: %q", tt.rule, tt.name, list[0].Advice)
			}
		}
	}
}

// stop-writes-on-bgsave-error has no part in it where no snapshot could fail, or it is off.
func TestRefusalsOfAnAppendOnlyFileAlone(t *testing.T) {
	for name, change := range map[string]func(*scenarios.Scenario){
		"no snapshots":                withConfig("appendonly", "yes", "save", ""),
		"snapshots that stop nothing": withConfig("appendonly", "yes", "stop-writes-on-bgsave-error", "no"),
	} {
		list := foundBy(t, "unsaved", failing("MISCONF"), change)
		if len(list) != 1 || strings.Contains(strings.Join(list[0].Evidence, " "), "bgsave") || strings.Contains(list[0].Advice, "failed snapshot") {
			t.Errorf("%s: %+v", name, list)
		}
	}
}
