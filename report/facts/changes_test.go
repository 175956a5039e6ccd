package facts

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// configured is a run in which a fault before the crash set a directive on some nodes.
func configured(t *testing.T, nodes []string, words ...scenarios.AnyValue) *Analysis {
	t.Helper()
	b := fixture.Killed()
	set := results.Fault{Name: "set", Kind: "command", Traits: results.Traits{Takes: results.TakesCommand}, Injected: fixture.MS(11000), Proved: fixture.MS(11001)}
	for _, n := range nodes {
		set.Nodes = append(set.Nodes, results.Hit{Node: n})
	}
	b.Run.Faults = append([]results.Fault{set}, b.Run.Faults...)
	s := fixture.Scenario(t)
	s.Timeline.Faults = append(s.Timeline.Faults, scenarios.Fault{Name: "set", Command: &scenarios.SentCommand{Run: words}})
	return New(b, s)
}

// A node timeout that a fault changes is not that of the scenario: what follows from it is
// not predicted.
func TestAChangedTimeoutIsNotPredicted(t *testing.T) {
	all := []string{"node-0", "node-1", "node-2", "node-3", "node-4", "node-5"}
	if low, high := configured(t, all, "config", "set", "Cluster-Node-Timeout", "8000").predict(nil); low != 0 || high != 0 {
		t.Errorf("predicted %s to %s", low, high)
	}
	if _, high := configured(t, all, "CONFIG", "SET", "maxmemory", "8000").predict(nil); high == 0 {
		t.Error("another directive changes the prediction")
	}
	if _, high := configured(t, all, "CONFIG", "GET", "cluster-node-timeout").predict(nil); high == 0 {
		t.Error("a question changes the prediction")
	}
}

func TestReplicasThatAFaultForbids(t *testing.T) {
	a := configured(t, []string{"node-3"}, "CONFIG", "SET", "maxmemory", "1mb", "cluster-replica-no-failover", "YES")
	if !a.forbidden([]string{"node-3"}, fixture.MS(fixture.Injected)) || a.forbidden([]string{"node-3", "node-4"}, fixture.MS(fixture.Injected)) {
		t.Error("node-3 is forbidden to take over, and node-4 is not")
	}
	a.Spec.Redis.Config["cluster-replica-no-failover"] = "yes"
	if !a.forbidden([]string{"node-3", "node-4"}, fixture.MS(fixture.Injected)) {
		t.Error("both are forbidden")
	}
	a = configured(t, []string{"node-3"}, "CONFIG", "SET", "cluster-replica-no-failover", "no")
	a.Spec.Redis.Config["cluster-replica-no-failover"] = "yes"
	if a.forbidden([]string{"node-3", "node-4"}, fixture.MS(fixture.Injected)) {
		t.Error("node-3 is allowed")
	}
}

// A directive counts from the command of a fault on, by any of its names, and until it is undone
// or its node ends.
func TestADirectiveAtAMoment(t *testing.T) {
	const name = "cluster-replica-no-failover"
	undone := func(a *Analysis) *Analysis {
		a.Run.Faults[0].Restored = fixture.MS(13000)
		a.Spec.Timeline.Faults[len(a.Spec.Timeline.Faults)-1].Command.Undo = []scenarios.AnyValue{"CONFIG", "SET", name, "no"}
		return a
	}
	set := func(name scenarios.AnyValue) *Analysis {
		return configured(t, []string{"node-0", "node-3"}, "CONFIG", "SET", name, "yes")
	}
	refused := set(name)
	refused.Run.Faults[0].Proved = 0
	for _, tt := range []struct {
		what, node string
		a          *Analysis
		at         float64
		want       string
	}{
		{"before", "node-3", set(name), 10999, ""},
		{"after", "node-3", set(name), 14000, "yes"},
		{"by the older name", "node-3", set("cluster-slave-no-failover"), 14000, "yes"},
		{"another node", "node-4", set(name), 14000, ""},
		{"in force", "node-3", undone(set(name)), 12000, "yes"},
		{"undone", "node-3", undone(set(name)), 14000, "no"},
		{"refused", "node-3", refused, 14000, ""},
		{"before its node ended", "node-0", set(name), 15000, "yes"},
		{"after its node ended", "node-0", set(name), 22000, ""},
	} {
		if got := tt.a.DirectiveAt(tt.node, name, fixture.MS(tt.at)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
	if a := undone(set(name)); a.forbidden([]string{"node-3"}, fixture.MS(fixture.Injected)) || len(a.Heirs("node-0", fixture.MS(fixture.Injected))) != 1 {
		t.Error("node-3 may take over again")
	}
	if got := set("lua-time-limit").DirectiveAt("node-3", "busy-reply-threshold", fixture.MS(14000)); got != "yes" {
		t.Errorf("busy-reply-threshold is %q", got)
	}
}

// The node timeout of a moment is the longest of all nodes then.
func TestNodeTimeoutAtAMoment(t *testing.T) {
	a := configured(t, []string{"node-3"}, "CONFIG", "SET", "cluster-node-timeout", "9000")
	if before, after := a.NodeTimeoutAt(fixture.MS(10000)), a.NodeTimeoutAt(fixture.MS(14000)); before != 2*time.Second || after != 9*time.Second {
		t.Errorf("it is %s before and %s after", before, after)
	}
}

// owning is a run in which node-3 has a value of its own of a directive.
func owning(t *testing.T, name, value string) *Analysis {
	t.Helper()
	b := fixture.Killed()
	b.Run.Nodes = slices.Clone(b.Run.Nodes)
	b.Run.Nodes[3].Config = map[string]string{name: value}
	return New(b, fixture.Scenario(t))
}

// The value of one node is not taken for that of all.
func TestADirectiveOfOneNode(t *testing.T) {
	a := owning(t, "cluster-replica-no-failover", "YES")
	if !a.forbidden([]string{"node-3"}, fixture.MS(fixture.Injected)) || a.forbidden([]string{"node-3", "node-4"}, fixture.MS(fixture.Injected)) {
		t.Error("node-3 is forbidden to take over, and node-4 is not")
	}
	a = owning(t, "cluster-replica-no-failover", "no")
	a.Spec.Redis.Config["cluster-replica-no-failover"] = "yes"
	if !a.forbidden([]string{"node-4"}, fixture.MS(fixture.Injected)) || a.forbidden([]string{"node-3"}, fixture.MS(fixture.Injected)) {
		t.Error("node-4 is forbidden to take over, and node-3 is not")
	}
	a = owning(t, "cluster-node-timeout", "60000")
	if _, high := a.predict(nil); high != 0 || a.NodeTimeout() != time.Minute {
		t.Errorf("predicted up to %s with a timeout of %s", high, a.NodeTimeout())
	}
	if _, high := owning(t, "maxmemory", "1gb").predict(nil); high == 0 {
		t.Error("another directive changes the prediction")
	}
	if one, other := owning(t, "cluster-replica-validity-factor", "0").allowedAge("node-3"), a.allowedAge("node-4"); one != 0 || other == 0 {
		t.Errorf("data of node-3 may be %s old, of node-4 %s", one, other)
	}
}
