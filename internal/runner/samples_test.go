package runner

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

func TestSamplesStayWhereANodeChanged(t *testing.T) {
	info := func(run, role string) string {
		return statistics("# Server\r\nrun_id:" + run + "\r\n\r\n# Memory\r\nused_memory:1\r\n\r\n# Replication\r\nrole:" + role + "\r\nmaster_replid:h\r\n")
	}
	if got, want := info("a", "slave"), "# Server\nrun_id:a\n# Replication\nrole:slave\nmaster_replid:h\n"; got != want {
		t.Fatalf("the sample has %q, want %q", got, want)
	}
	n := &sampledNode{}
	for i, s := range []results.NodeSample{
		{Moment: results.MomentBefore, Info: info("a", "slave")},
		{Info: info("a", "slave")},
		{Info: info("a", "slave")},
		{Info: info("a", "master")}, // promoted
		{Info: info("a", "master")},
		{Info: info("b", "slave")}, // restarted
		{Moment: results.MomentAfter, Info: info("b", "slave")},
		{Moment: results.MomentSettled, Info: info("b", "slave")},
	} {
		s.Asked = results.Duration(i)
		n.add(s)
	}
	var kept []int
	for _, s := range n.kept {
		kept = append(kept, int(s.Asked))
	}
	if want := []int{0, 2, 3, 4, 5, 6, 7}; !slices.Equal(kept, want) {
		t.Errorf("samples %v are kept, want %v", kept, want)
	}
}

// Keys that were evicted before the first answer are not the run's; a new process counts
// from 0.
func TestEvictionsAreSeen(t *testing.T) {
	n := &sampledNode{name: "node-0"}
	for i, info := range []string{"run_id:a\r\nevicted_keys:5\r\n", "run_id:a\r\nevicted_keys:5\r\n", "run_id:a\r\nevicted_keys:7\r\n", "run_id:b\r\nevicted_keys:3\r\n", "run_id:b\r\nevicted_keys:4\r\n", "run_id:b\r\n"} {
		at := results.Duration(i)
		n.evicts(info, n.process, at, at)
		n.lives(lineOf(info, "run_id:"), at, at)
	}
	var got []results.Event
	(&sampler{nodes: []*sampledNode{n, {name: "node-1"}}}).evictions(func(e results.Event) { got = append(got, e) })
	if len(got) != 2 || got[0].Offset != 2 || got[1].Offset != 4 || got[1].Message != "6 keys were evicted by then" || got[0].Node != "node-0" {
		t.Errorf("%+v", got)
	}
}

// A volatile policy evicts no key without a TTL, so that it explains no loss of one.
func TestEvictionsOfVolatilePolicies(t *testing.T) {
	for policy, want := range map[string]int{"volatile-lru": 0, "volatile-ttl": 0, "allkeys-lru": 1, "allkeys-random": 1} {
		n := &sampledNode{}
		n.evicts("run_id:a\r\nevicted_keys:5\r\nmaxmemory_policy:"+policy+"\r\n", "run_id:a", 1, 1)
		if len(n.evicted) != want {
			t.Errorf("%s: noted %v", policy, n.evicted)
		}
	}
}

// A restart that the supervisor saw has its events already; one within a process has not.
func TestEndsThatOnlySamplesShow(t *testing.T) {
	second := results.DurationOf(time.Second)
	r := &recorder{}
	r.Emit(results.Event{Kind: results.EventNodeExit, Node: "node-1", Offset: 20 * second})
	var list []*sampledNode
	for _, name := range []string{"node-0", "node-1"} {
		n := &sampledNode{name: name}
		n.lives("run_id:a", 19*second, 19*second)
		n.lives("run_id:b", 21*second, 21*second)
		list = append(list, n)
	}
	var got []string
	(&sampler{nodes: list}).ends(func(e results.Event) { got = append(got, e.Kind+" "+e.Node) }, r.ended)
	if want := []string{"node-exit node-0", "node-ready node-0"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
