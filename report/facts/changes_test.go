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
	if !a.forbidden([]string{"node-3"}) || a.forbidden([]string{"node-3", "node-4"}) {
		t.Error("node-3 is forbidden to take over, and node-4 is not")
	}
	a.Spec.Redis.Config["cluster-replica-no-failover"] = "yes"
	if !a.forbidden([]string{"node-3", "node-4"}) {
		t.Error("both are forbidden")
	}
	a = configured(t, []string{"node-3"}, "CONFIG", "SET", "cluster-replica-no-failover", "no")
	a.Spec.Redis.Config["cluster-replica-no-failover"] = "yes"
	if a.forbidden([]string{"node-3", "node-4"}) {
		t.Error("node-3 is allowed")
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
	if !a.forbidden([]string{"node-3"}) || a.forbidden([]string{"node-3", "node-4"}) {
		t.Error("node-3 is forbidden to take over, and node-4 is not")
	}
	a = owning(t, "cluster-replica-no-failover", "no")
	a.Spec.Redis.Config["cluster-replica-no-failover"] = "yes"
	if !a.forbidden([]string{"node-4"}) || a.forbidden([]string{"node-3"}) {
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
