package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// sending has the fault of the scenario send a command.
func sending(words ...scenarios.AnyValue) func(*scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		s.Timeline.Faults = []scenarios.Fault{{Name: "kill-primary", Command: &scenarios.SentCommand{Run: words}}}
	}
}

// setEarly has a fault send nodes a command before the kill.
func setEarly(b *results.Bundle, nodes ...string) *results.Bundle {
	set := results.Fault{Name: "set", Kind: "command", Traits: results.Traits{Takes: results.TakesCommand}, Status: results.StatusHealed, Injected: fixture.MS(11000), Proved: fixture.MS(11001)}
	for _, n := range nodes {
		set.Nodes = append(set.Nodes, results.Hit{Node: n})
	}
	b.Run.Faults = append(b.Run.Faults, set)
	return b
}

// undone has the last fault be over before the kill.
func undone(b *results.Bundle) *results.Bundle {
	b.Run.Faults[len(b.Run.Faults)-1].Restored = fixture.MS(13000)
	return b
}

// setting has the fault set set a directive, and set another value again.
func setting(name, value, before scenarios.AnyValue) func(*scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		s.Timeline.Faults = append(s.Timeline.Faults, scenarios.Fault{Name: "set", Command: &scenarios.SentCommand{
			Run: []scenarios.AnyValue{"CONFIG", "SET", name, value}, Undo: []scenarios.AnyValue{"CONFIG", "SET", name, before}}})
	}
}

// sentTo has the fault hit another node.
func sentTo(node string, b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Node = node
	return b
}

// owning gives node-3 a directive of its own.
func owning(b *results.Bundle, name, value string) *results.Bundle {
	b.Run.Nodes = slices.Clone(b.Run.Nodes)
	b.Run.Nodes[3].Config = map[string]string{name: value}
	return b
}

// noticed has a replica notice that its link is down.
func noticed(b *results.Bundle) *results.Bundle {
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(20000), Kind: results.EventLinkDown, Source: "poll", Node: "node-3"})
	return b
}

// evicting has node-0 evict keys.
func evicting(b *results.Bundle) *results.Bundle {
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(20000), Kind: results.EventEvicted, Source: "poll", Node: "node-0", Message: "7 keys were evicted by then"})
	return b
}

// again has GETs executed once more.
func again(b *results.Bundle, n int) *results.Bundle {
	b.Frames[2].Again = map[string]int{"GET": n}
	return b
}

// dialling has three requests wait for so many milliseconds after dials in vain,
// while their shard was away for so many.
func dialling(waited int64, retries int, away float64) *results.Bundle {
	b := fixture.Killed()
	b.Run.Client.Options = append(b.Run.Client.Options,
		results.Option{Name: "dialTimeout", Value: "500ms", Stated: true}, results.Option{Name: "dialerRetries", Value: fmt.Sprint(retries)},
		results.Option{Name: "dialerRetryTimeout", Value: "100ms"})
	b.Run.ProbeOutages = nil
	if away > 0 {
		b.Run.ProbeOutages = []results.Outage{{Shard: 0, From: fixture.MS(fixture.Injected), To: fixture.MS(fixture.Injected + away)}}
	}
	h := results.NewHistogram()
	if err := h.RecordValues(waited*1000, 3); err != nil {
		panic(err)
	}
	b.ShardIntervals = []results.Interval{{Time: results.Response, Shard: 0, Second: 15, Histogram: h}}
	b.Frames[15].Retried = map[string]int{"dial": 3}
	return b
}

// undialled is as slow with no dial in vain.
func undialled() *results.Bundle {
	b := dialling(5700, 5, 0)
	b.Frames[15].Retried = nil
	return b
}

// threeShards has two shards that refuse requests until 45 ms after the failed one is
// back: all three are down at once for 836 ms, and the two for 881 ms.
func threeShards() *results.Bundle {
	b := fixture.Killed()
	back := b.Run.ProbeOutages[0].To
	b.Run.ProbeOutages = b.Run.ProbeOutages[:1]
	for _, shard := range []int{2, 1} {
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{Shard: shard, From: back - fixture.MS(836), To: back + fixture.MS(45)})
	}
	return b
}

func cameBackEarly() *results.Bundle {
	b := fixture.Killed()
	b.Events = append(b.Events[:2], results.Event{Offset: fixture.MS(fixture.Injected + 700), Kind: results.EventNodeReady, Source: "supervisor", Node: "node-0"})
	b.Run.ProbeOutages = []results.Outage{{Shard: 0, From: fixture.MS(14999), To: fixture.MS(fixture.Injected + 900), Node: "node-0"}}
	return b
}

// sampled has only samples of the nodes show that they ended, 200 ms apart.
func sampled(b *results.Bundle) *results.Bundle {
	for i, e := range b.Events {
		if e.Kind == results.EventNodeExit {
			b.Events[i].Source, b.Events[i].Uncertainty = "poll", fixture.MS(200)
		}
	}
	return b
}

// fsyncStalls has the disk of a node be slow n times.
func fsyncStalls(n int) *results.Bundle {
	b := fixture.Killed()
	for i := range n {
		b.Events = append(b.Events, results.Event{Offset: fixture.MS(20000 + 3000*float64(i)), Kind: results.EventFsyncStall, Source: "log", Node: "node-1"})
	}
	return b
}

// servedBy has the nodes be of another version or product.
func servedBy(product, version string, b *results.Bundle) *results.Bundle {
	b.Run.Versions.Server = results.Server{Product: product, Version: version}
	return b
}

// early has the load start after everything.
func early(b *results.Bundle) *results.Bundle {
	b.Run.LoadStart = fixture.MS(1e6)
	return b
}

// by has the fault take something else than the process.
func by(what results.Resource, b *results.Bundle) *results.Bundle {
	f := &b.Run.Faults[0]
	if f.Takes = what; what == results.TakesRole {
		f.Proved = fixture.MS(fixture.PromotedAt + 20) // it is when the replica has the role
	}
	return b
}

// later has the writes be acknowledged some milliseconds later.
func later(ms float64, b *results.Bundle) *results.Bundle {
	for i := range b.Writes {
		b.Writes[i].Done += fixture.MS(ms)
	}
	for i := range b.Findings {
		w := &b.Findings[i].Write
		w.Sent, w.Done = w.Done+fixture.MS(ms)-1, w.Done+fixture.MS(ms)
	}
	return b
}

// replacedByCommand has the primary be replaced by a command, without having failed.
func replacedByCommand(b *results.Bundle) *results.Bundle {
	b.Events = slices.DeleteFunc(b.Events, func(e results.Event) bool { return e.Kind == results.EventFail || e.Kind == results.EventPFail })
	return by(results.TakesRole, b)
}

// commanding has the fault send a command that does not depose by itself.
func commanding(b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Deposes = false
	return by(results.TakesCommand, b)
}

// onlyOutage has the primary go on through a short outage.
func onlyOutage() *results.Bundle {
	b := cameBackEarly()
	b.Events = nil
	return b
}

// cutting has the fault cut the network.
func cutting(b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Disconnects = true
	return by(results.TakesNetwork, b)
}

// restartedHeir has the replica end and come back after the end of its primary.
func restartedHeir(b *results.Bundle) *results.Bundle {
	b.Events = append(b.Events,
		results.Event{Offset: fixture.MS(15200), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-3"},
		results.Event{Offset: fixture.MS(15400), Kind: results.EventNodeReady, Source: "supervisor", Node: "node-3"})
	slices.SortStableFunc(b.Events, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	return b
}

// unlinkedHeir has the replica that takes over lose its link 2 s before the fault.
func unlinkedHeir(b *results.Bundle) *results.Bundle {
	down := results.Event{Offset: fixture.MS(fixture.Injected - 2000), Kind: results.EventLinkDown, Source: "poll", Node: "node-3"}
	b.Events = append([]results.Event{down}, b.Events...)
	return b
}

// strangerHeir has the heir come from another shard shortly before the fault.
func strangerHeir(b *results.Bundle) *results.Bundle {
	at := func(ms float64, kind, about string) results.Event {
		return results.Event{Offset: fixture.MS(fixture.Injected + ms), Kind: kind, Source: "poll", Node: "node-3", About: about}
	}
	b.Events = append([]results.Event{at(-3000, results.EventFollows, "node-1"), at(-200, results.EventFollows, "node-0"), at(-200, results.EventLinkDown, "")}, b.Events...)
	return b
}

// cutOffHeir has the heir get nothing for 3 s, and a network fault all the while.
func cutOffHeir(b *results.Bundle) *results.Bundle {
	down := results.Event{Offset: fixture.MS(fixture.Injected - 500), Kind: results.EventLinkDown, Source: "poll", Node: "node-3", Grew: fixture.MS(fixture.Injected - 3000)}
	b.Events = append([]results.Event{down}, b.Events...)
	b.Run.Faults = append([]results.Fault{{Name: "cut", Traits: results.Traits{Takes: results.TakesNetwork, Disconnects: true, Lasts: true}, Detail: "partition", Injected: fixture.MS(fixture.Injected - 3010), Status: results.StatusHealed}}, b.Run.Faults...)
	return b
}

// wentOn has the primary go on through it all.
func wentOn(b *results.Bundle) *results.Bundle {
	b.Events = slices.DeleteFunc(b.Events, func(e results.Event) bool {
		return e.Node == "node-0" && slices.Contains([]string{results.EventNodeExit, results.EventNodeStart, results.EventNodeReady}, e.Kind)
	})
	return b
}

// blocked has it answer no polls for 4 s.
func blocked(b *results.Bundle) *results.Bundle {
	b = wentOn(b)
	for at, kind := range map[float64]string{250: results.EventUnreachable, 4250: results.EventReachable} {
		b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + at), Kind: kind, Source: "poll", Node: "node-0"})
	}
	slices.SortStableFunc(b.Events, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	return b
}

// neverBack has the primary be blocked to the end of the run. The source showed its start.
func neverBack(source string) *results.Bundle {
	b := blocked(unstruck(fixture.Killed()))
	b.Events = slices.DeleteFunc(b.Events, func(e results.Event) bool { return e.Kind == results.EventReachable })
	b.Events = append([]results.Event{{Offset: 1, Kind: results.EventNodeReady, Source: source, Node: "node-0"}}, b.Events...)
	return b
}

// cameBackLate has the primary declared failed and back 8 s after the kill.
func cameBackLate(more ...results.Event) *results.Bundle {
	b := cameBackEarly()
	b.Events[len(b.Events)-1].Offset = fixture.MS(fixture.Injected + 8000)
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + 2400), Kind: results.EventFail, Source: "log", Node: "node-1", About: "node-0"})
	b.Events = append(b.Events, more...)
	b.Run.ProbeOutages[0].To = fixture.MS(fixture.Injected + 8100)
	return b
}

// deniedVotes are an election of node-3, and a voter that refused.
func deniedVotes() []results.Event {
	return []results.Event{
		{Offset: fixture.MS(fixture.Injected + 3000), Kind: results.EventElectionStart, Source: "log", Node: "node-3"},
		{Offset: fixture.MS(fixture.Injected + 3001), Kind: results.EventVoteDenied, Source: "log", Node: "node-1", About: "node-3", Message: "already voted for epoch 7"},
	}
}

// onServer has the run be of another product or version.
func onServer(product, version string, b *results.Bundle) *results.Bundle {
	b.Run.Versions.Server = results.Server{Product: product, Version: version}
	return b
}

// lone has no replica in shard 0.
func lone(b *results.Bundle) *results.Bundle {
	b.Run.Shards[0].Nodes = []string{"node-0"}
	return b
}

func stuck(before ...results.Event) *results.Bundle {
	b := fixture.Killed()
	b.Events = append(before, b.Events...)
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + 2400), Kind: results.EventElectionLost, Source: "log", Node: "node-3",
		Message: "Currently unable to failover: Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option."})
	return b
}

// heirAway has the replica end and be back at milliseconds of the fault.
func heirAway(exit, back float64) []results.Event {
	return []results.Event{
		{Offset: fixture.MS(fixture.Injected + exit), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-3"},
		{Offset: fixture.MS(fixture.Injected + back), Kind: results.EventNodeReady, Source: "supervisor", Node: "node-3"},
	}
}

// unstruck has no fault.
func unstruck(b *results.Bundle) *results.Bundle {
	b.Run.Faults = nil
	return b
}

// together has all pods on one machine.
func together(b *results.Bundle) *results.Bundle {
	for i := range b.Run.Environment.Kubernetes.Pods {
		b.Run.Environment.Kubernetes.Pods[i].Node = "lab-worker"
	}
	return b
}

// atLeast1 has primaries want one replica in sync.
func atLeast1(s *scenarios.Scenario) { s.Redis.Config["min-replicas-to-write"] = "1" }

// happened is a quiet run with events.
func happened(events ...results.Event) *results.Bundle {
	b := fixture.Quiet()
	b.Events = append(b.Events, events...)
	return b
}

// failing has seven requests answered with an error of a class.
func failing(class string) *results.Bundle {
	b := fixture.Quiet()
	b.Frames[20].Errors = map[string]int{class: 7}
	return b
}

func timeout(ms string) func(*scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		s.Redis.Config = map[string]string{}
		if ms != "" {
			s.Redis.Config["cluster-node-timeout"] = ms
		}
	}
}

func slowTimeout() *results.Bundle {
	b := slow(16200)
	for i := 2; i < 9; i++ {
		b.Events[i].Offset += fixture.MS(13000)
	}
	return b
}

// slow is killed with the shard back so many milliseconds after the kill.
func slow(after float64) *results.Bundle {
	b := fixture.Killed()
	b.Run.ProbeOutages[0].To = fixture.MS(fixture.Injected + after)
	return b
}

// slowNetwork has the fault delay packets, and its node go on.
func slowNetwork(b *results.Bundle) *results.Bundle {
	f := &b.Run.Faults[0]
	f.Kind, f.Takes, f.Lasts, f.Deposes, f.Signal = "delay", results.TakesNetwork, true, false, ""
	b.Events = slices.DeleteFunc(b.Events, func(e results.Event) bool { return e.Kind == results.EventNodeExit })
	return b
}

// crashedToo has the node end right after the fault.
func crashedToo(b *results.Bundle) *results.Bundle {
	f := b.Run.Faults[0]
	b.Events = append(b.Events, results.Event{Offset: f.Injected + fixture.MS(5), Kind: results.EventNodeExit, Source: "supervisor", Node: f.Node})
	slices.SortStableFunc(b.Events, func(x, y results.Event) int { return int(x.Offset - y.Offset) })
	return b
}

func alone() *results.Bundle {
	b := fixture.Killed()
	b.Events = b.Events[:2]
	b.Run.Shards[0].Nodes = []string{"node-0"}
	b.Run.ProbeOutages[0].To, b.Run.ProbeOutages[0].Open = fixture.MS(40000), true
	return b
}

// fiveShards has the primaries of two of five shards killed.
func fiveShards() *results.Bundle {
	b := both(fixture.Killed())
	for i := 3; i < 5; i++ {
		b.Run.Shards = append(b.Run.Shards, results.Shard{Index: i, Primary: fmt.Sprintf("node-%d", 10+i), Nodes: []string{fmt.Sprintf("node-%d", 10+i)}})
		o := b.Run.ProbeOutages[2]
		o.Shard, o.Node = i, fmt.Sprintf("node-%d", 10+i)
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, o)
	}
	return b
}

// withReplica has the fault hit a replica of another shard too.
func withReplica(b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Nodes = []results.Hit{{Node: "node-0", Shard: 0, Role: "primary"}, {Node: "node-4", Shard: 1, Role: "replica"}}
	return b
}

func both(b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Nodes = []results.Hit{{Node: "node-0", Shard: 0, Role: "primary"}, {Node: "node-1", Shard: 1, Role: "primary"}}
	return b
}

func read(age float64) *results.Bundle {
	b := fixture.Killed()
	b.Run.Audit.Reads = &results.AuditReads{Replica: 100, StaleReplica: 3, MaxAge: fixture.MS(age)}
	return b
}

func reading(r results.AuditReads) *results.Bundle {
	b := fixture.Killed()
	b.Run.Audit.Reads = &r
	return b
}

// emptied are reads of a node that was back without its data.
func emptied() results.AuditReads {
	return results.AuditReads{Replica: 100, EmptyReplica: 36, Empty: []results.EmptyNode{{Node: "node-3", Reads: 36, First: fixture.MS(20000), Last: fixture.MS(24000)}}}
}

func doubled(cause string) *results.Bundle {
	b := fixture.Killed()
	b.Run.Audit.Duplicated = 1
	b.Findings = []results.Finding{{Class: results.ClassDuplicated, Cause: cause}}
	return b
}

func ghost() *results.Bundle {
	b := fixture.Killed()
	b.Run.Audit.Phantom = 1
	b.Findings = []results.Finding{{Class: results.ClassPhantom, Read: "boo", Write: results.Write{Key: "k"}}}
	return b
}

// haunted is a run that read a value of another one.
func haunted() *results.Bundle {
	b := ghost()
	b.Findings[0].Read = "mine-20261129T195850Z-ff2d:869"
	return b
}

// The finding is about the shards beside the failed one; the time in which all were
// down at once is shorter, and stands in the table of availability.
func TestFullCoverageAgreesWithAvailability(t *testing.T) {
	b := fixture.ClusterDown(threeShards())
	s := Summary(facts.New(b, fixture.Scenario(t)))
	if s.Availability.All != fixture.MS(836) {
		t.Errorf("all shards were down for %s", s.Availability.All)
	}
	got := foundBy(t, "full-coverage", b, nil)
	want := []string{
		"only shard 0 lost its primary (fault kill-primary)",
		"shard 1 kept its primary and answered CLUSTERDOWN for 881 ms",
		"shard 2 kept its primary and answered CLUSTERDOWN for 881 ms",
	}
	if len(got) != 1 || strings.Contains(got[0].Title, "all shards") || !slices.Equal(got[0].Evidence, want) {
		t.Errorf("got %+v", got)
	}
}

// copying has a node begin to copy all data of its primary at a millisecond.
func copying(node string, b *results.Bundle, ms float64) *results.Bundle {
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(ms), Kind: results.EventFullSync, Source: "log", Node: node})
	slices.SortStableFunc(b.Events, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	return b
}

// heirRestarted has node-3 end and be back while it refuses requests.
func heirRestarted(b *results.Bundle) *results.Bundle {
	b.Events = append(b.Events, heirAway(3000, 3010)...)
	slices.SortStableFunc(b.Events, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	return b
}

// A node loads its own file after a restart, and the data of its primary after that: each
// advice stands only where that was seen.
func TestWhyNodesLoad(t *testing.T) {
	const own, primary = "has restarted", "copies all data"
	for name, tt := range map[string]struct {
		bundle       *results.Bundle
		own, primary bool
	}{
		"restarted":                  {heirRestarted(fixture.Refused("LOADING", 16000)), true, false},
		"restarted, and copied then": {copying("node-3", heirRestarted(fixture.Refused("LOADING", 16000)), 19000), true, true},
		"copied long after its end":  {copying("node-3", heirRestarted(fixture.Refused("LOADING", 16000)), 18018), false, true},
		"copied":                     {copying("node-3", fixture.Refused("LOADING", 16000), 17000), false, true},
		"copied before its end":      {heirRestarted(copying("node-3", fixture.Refused("LOADING", 16000), 17000)), true, false},
	} {
		got := foundBy(t, "loading", tt.bundle, nil)
		if len(got) != 1 || strings.Contains(got[0].Advice, own) != tt.own || strings.Contains(got[0].Advice, primary) != tt.primary {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// joined has node-4 follow the new primary of shard 0 before the kill.
func joined(b *results.Bundle) *results.Bundle {
	b.Events = append([]results.Event{{Offset: fixture.MS(9000), Kind: results.EventFollows, Source: "poll", Node: "node-4", About: "node-0"}}, b.Events...)
	return b
}

// refusedWhileCut has node-3 refuse writes while, or after, a fault cuts it off for so long.
func refusedWhileCut(length results.Duration) *results.Bundle {
	b := fixture.Refused("NOREPLICAS", 16000)
	b.Run.Faults = append(b.Run.Faults, results.Fault{
		Name: "cut", Kind: "partition", Traits: results.Traits{Takes: results.TakesNetwork, Disconnects: true, Lasts: true}, Detail: "partition", Status: results.StatusHealed,
		Node: "node-3", Role: "primary", Injected: fixture.MS(14000), Proved: fixture.MS(14001), Restored: fixture.MS(14000) + length,
	})
	return b
}

// commanded adds a fault that sent node-0 a command.
func commanded(b *results.Bundle) *results.Bundle {
	b.Run.Faults = append(b.Run.Faults, results.Fault{
		Name: "empty", Kind: "command", Traits: results.Traits{Takes: results.TakesCommand, Erases: true, Engine: "builtin"}, Detail: "FLUSHALL to node-0",
		Node: "node-0", Role: "primary", Status: results.StatusHealed, Injected: fixture.MS(14500), Proved: fixture.MS(14501), Restored: fixture.MS(14502),
	})
	return b
}
