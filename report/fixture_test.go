package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// fixtureYAML is the scenario of every fixture: 3 × 1, 35 s after 3 s of
// warm-up, one kill at 10 s.
const fixtureYAML = `apiVersion: slotstorm/v1
kind: Scenario
metadata:
  name: kill-primary
seed: 42
redis:
  shards: 3
  replicasPerShard: 1
  config:
    cluster-node-timeout: 2000
workload:
  rate: 1000
  warmup: 3s
  maxInFlight: 500
  client:
    type: go-redis
    options:
      clusterStateReloadInterval: 1s
  mix:
    - {command: GET, weight: 80}
    - {command: SET, weight: 20}
  probe:
    interval: 5ms
  audit:
    rate: 100
timeline:
  phases:
    - {name: steady, duration: 10s}
    - {name: failure, duration: 15s}
    - {name: recovered, duration: 10s}
  faults:
    - name: kill-primary
      at: 10s
      kill: {target: primary of shard 0, signal: SIGKILL}
objectives:
  - {metric: response.p99, command: GET, phase: steady, max: 20ms}
  - {metric: availability, phase: steady, min: 99.9%}
  - {metric: throughput, phase: recovered, min: 950}
  - {metric: failover.server, max: 6s}
  - {metric: failover.client, max: 10s}
  - {metric: outage.shard, max: 4s}
  - {metric: failovers, min: 1}
  - {metric: writes.lost, max: 5}
`

func ms(v float64) results.Duration { return results.DurationOf(time.Duration(v * 1e6)) }

func ptr[T any](v T) *T { return &v }

func scenario(t *testing.T) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("fixture.yaml", []byte(fixtureYAML))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// The fixture's moments, in milliseconds since Run.Start. Load starts at 2 s,
// the timeline at 5 s, and the kill acts 2 ms after its time.
const (
	loadStart     = 2000.0
	timelineStart = 5000.0
	injected      = 15002.0
	promotedAt    = 18001.0
)

// quiet is a healthy run without a fault.
func quiet() *results.Bundle {
	b := &results.Bundle{Dir: "results/runs/kill-primary-20260304T050607Z-7f3a", Scenario: []byte(fixtureYAML)}
	b.Run = results.Run{
		SchemaVersion: 1,
		ID:            "kill-primary-20260304T050607Z-7f3a",
		Name:          "kill-primary",
		Seed:          42,
		Command:       "slotstorm run kill-primary --seed 42",
		Versions:      results.Versions{Slotstorm: "v0.1.0", Go: "go1.26.0", GoRedis: "v9.23.0", Redis: "7.0.15"},
		Environment: results.Environment{
			Provider: "local", Isolation: "namespaces", OS: "linux", Arch: "amd64", Kernel: "6.1.0",
			CPUModel: "Example CPU @ 2.40GHz", CPUs: 2, MemoryBytes: 8 << 30,
		},
		Start:     time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		LoadStart: ms(loadStart), TimelineStart: ms(timelineStart), LoadEnd: ms(40000), End: ms(44200),
		Phases: []results.PhaseWindow{
			{Name: "steady", From: ms(5000), To: ms(15000)},
			{Name: "failure", From: ms(15000), To: ms(30000)},
			{Name: "recovered", From: ms(30000), To: ms(40000)},
		},
		Shards: []results.Shard{
			{Index: 0, Slots: "0-5460", Primary: "node-0", Nodes: []string{"node-0", "node-3"}},
			{Index: 1, Slots: "5461-10922", Primary: "node-1", Nodes: []string{"node-1", "node-4"}},
			{Index: 2, Slots: "10923-16383", Primary: "node-2", Nodes: []string{"node-2", "node-5"}},
		},
		Audit: &results.Audit{Writes: 3500, OK: 3480, Failed: 12, Unknown: 8, ReadBack: 3500, UnknownKept: 1},
		Client: results.Client{Type: "go-redis", Version: "v9.23.0", Options: []results.Option{
			{Name: "MaxRedirects", Value: "3"}, {Name: "ReadTimeout", Value: "3s"}, {Name: "PoolSize", Value: "20"},
			{Name: "ClusterStateReloadInterval", Value: "1s", Stated: true},
		}},
		HealthyBefore: true, HealthyAfter: true,
	}
	for i, name := range []string{"node-0", "node-1", "node-2", "node-3", "node-4", "node-5"} {
		role := "primary"
		if i > 2 {
			role = "replica"
		}
		b.Run.Nodes = append(b.Run.Nodes, results.Node{Name: name, Shard: i % 3, Role: role})
	}
	for s := range 38 {
		b.Frames = append(b.Frames, results.Frame{
			Seq: s, Completed: 1000,
			Commands: map[string]results.Counts{"GET": {OK: 800}, "SET": {OK: 200}},
			Probes:   map[int]results.ProbeCount{0: {OK: 200}, 1: {OK: 200}, 2: {OK: 200}},
		})
	}
	b.Intervals = slices.Clone(quietIntervals())
	for s := range 38 {
		b.Frames[s].Self = &results.Self{CPU: ms(40), Cores: 2, Starved: ms(3), Paused: ms(0.2)}
		for n, i := range b.Intervals[6*s : 6*s+6] {
			// Shard 0 has the GETs, shard 1 the SETs.
			b.ShardIntervals = append(b.ShardIntervals, results.Interval{Time: i.Time, Shard: n / 3, Second: s, Histogram: i.Histogram})
		}
		for n, d := range []results.Delay{results.Starved, results.Sched, results.GC} {
			h := results.NewHistogram()
			for k := range int64(200) {
				h.RecordValue(5 + k*int64(n+1))
			}
			b.SelfIntervals = append(b.SelfIntervals, results.SelfInterval{Delay: d, Second: s, Histogram: h})
		}
	}
	return b
}

// quietIntervals are shared: a test that changes one replaces it.
var quietIntervals = sync.OnceValue(func() []results.Interval {
	random := rand.New(rand.NewPCG(1, 2))
	var list []results.Interval
	for s := range 38 {
		list = append(list, second(random, s, "GET", 800, 0)...)
		list = append(list, second(random, s, "SET", 200, 0)...)
	}
	return list
})

// slowIntervals replace those of killed's outage, likewise shared.
var slowIntervals = sync.OnceValue(func() []results.Interval {
	random := rand.New(rand.NewPCG(3, 4))
	var list []results.Interval
	for s := 13; s <= 17; s++ {
		bad := badShare[s]
		list = append(list, second(random, s, "GET", 800-int(800*bad), (800-int(800*bad))/20)...)
		list = append(list, second(random, s, "SET", 200-int(200*bad), (200-int(200*bad))/20)...)
	}
	return list
})

// badShare of the requests of a second, since load start, is not answered ok.
var badShare = map[int]float64{13: 0.33, 14: 0.33, 15: 0.65, 16: 0.6, 17: 0.09}

// second records n requests of a command: service times around 0.4 ms, slips
// around 60 µs; the first slow ones took up to 3 s.
func second(random *rand.Rand, s int, command string, n, slow int) []results.Interval {
	h := map[results.Time]*hdrhistogram.PackedHistogram{}
	for _, t := range []results.Time{results.Response, results.Service, results.Slip} {
		h[t] = results.NewHistogram()
	}
	for i := range n {
		slip := int64(60 * math.Exp(random.NormFloat64()/2))
		service := int64(400 * math.Exp(random.NormFloat64()/2))
		if i < slow {
			service = int64(3e6 * random.Float64())
		}
		h[results.Slip].RecordValue(slip)
		h[results.Service].RecordValue(service)
		h[results.Response].RecordValue(slip + service)
	}
	var list []results.Interval
	for _, t := range []results.Time{results.Response, results.Service, results.Slip} {
		list = append(list, results.Interval{Time: t, Command: command, Second: s, Histogram: h[t]})
	}
	return list
}

// killed is quiet with the kill of shard 0's primary and all that followed.
func killed() *results.Bundle {
	b := quiet()
	b.Run.Faults = []results.Fault{{
		Name: "kill-primary", Kind: "kill", Detail: "SIGKILL to primary of shard 0", Target: "primary of shard 0",
		Node: "node-0", Shard: 0, Role: "primary", Status: results.StatusHealed, Proof: "process 4711 ended by SIGKILL",
		Planned: ms(15000), Injected: ms(injected), Proved: ms(15010), Restored: ms(21060), Verified: ms(22400),
	}}
	b.Events = failoverEvents("node-0", "node-3", 0, injected)
	b.Run.ProbeOutages = []results.Outage{
		{Shard: 0, From: ms(14999), To: ms(18006), Uncertainty: ms(5), Node: "node-3"},
		{Shard: 1, From: ms(17350), To: ms(18055), Uncertainty: ms(5), Node: "node-1"},
		{Shard: 2, From: ms(17350), To: ms(18055), Uncertainty: ms(5), Node: "node-2"},
	}
	b.Run.ClientOutages = []results.Outage{
		{Shard: 0, From: ms(14998), To: ms(19250), Uncertainty: ms(4), Node: "node-3"},
	}
	for s, bad := range badShare {
		get, set := int(800*bad), int(200*bad)
		b.Frames[s].Commands = map[string]results.Counts{
			"GET": {OK: 800 - get, Failed: get}, "SET": {OK: 200 - set, Failed: set - 2, Unknown: 2},
		}
		b.Frames[s].Errors = map[string]int{"dial": get + set - 2, "timeout": 2}
		if s == 15 || s == 16 {
			b.Frames[s].Errors = map[string]int{"dial": 200, "CLUSTERDOWN": get + set - 202, "timeout": 2}
		}
		b.Frames[s].Completed = 1000 - get - set
	}
	copy(b.Intervals[13*6:], slowIntervals())
	return b
}

// failoverEvents are those of one clean failover, laid out from its injection.
func failoverEvents(from, to string, shard int, at float64) []results.Event {
	sh := ptr(shard)
	return []results.Event{
		{Offset: ms(at), Kind: results.EventFaultInject, Source: "chaos", Fault: "kill-primary", Node: from, Shard: sh},
		{Offset: ms(at + 8), Kind: results.EventNodeExit, Source: "supervisor", Node: from, Shard: sh},
		{Offset: ms(at + 2308), Uncertainty: ms(20), Kind: results.EventPFail, Source: "poll", Node: "node-1", About: from, Shard: sh},
		{Offset: ms(at + 2350), Uncertainty: ms(1), Kind: results.EventFail, Source: "log", Node: "node-1", About: from, Shard: sh},
		{Offset: ms(at + 2366), Uncertainty: ms(20), Kind: results.EventFail, Source: "poll", Node: "node-2", About: from, Shard: sh},
		{Offset: ms(at + 2380), Uncertainty: ms(1), Kind: results.EventElectionDelay, Source: "log", Node: to, Shard: sh, Delay: ms(612), Rank: ptr(0), ReplOffset: ptr(int64(12345))},
		{Offset: ms(at + 2993), Uncertainty: ms(1), Kind: results.EventElectionStart, Source: "log", Node: to, Shard: sh, Epoch: 7},
		{Offset: ms(at + 2999), Uncertainty: ms(1), Kind: results.EventElectionWon, Source: "log", Node: to, Shard: sh, Epoch: 7},
		{Offset: ms(at + 3013), Uncertainty: ms(20), Kind: results.EventPromoted, Source: "poll", Node: to, Shard: sh},
		{Offset: ms(at + 6058), Kind: results.EventNodeReady, Source: "supervisor", Node: from, Shard: sh},
		{Offset: ms(at + 7398), Uncertainty: ms(20), Kind: results.EventLinkUp, Source: "poll", Node: from, Shard: sh},
	}
}

// interrupted was stopped 3.5 s into its second phase, before the failover.
func interrupted() *results.Bundle {
	b := quiet()
	b.Run.Interrupted = "stopped by Ctrl-C"
	b.Run.Phases = []results.PhaseWindow{
		{Name: "steady", From: ms(5000), To: ms(15000)},
		{Name: "failure", From: ms(15000), To: ms(18500)},
	}
	b.Run.LoadEnd, b.Run.End = ms(18500), ms(21000)
	b.Frames = b.Frames[:17]
	b.Intervals = b.Intervals[:17*6]
	b.Run.Faults = []results.Fault{{
		Name: "kill-primary", Kind: "kill", Detail: "SIGKILL to primary of shard 0", Node: "node-0",
		Role: "primary", Status: results.StatusPlanned, Planned: ms(19000),
	}}
	return b
}

// repeated has three failovers of two shards; the last one needed two elections.
func repeated() *results.Bundle {
	b := quiet()
	b.Events = failoverEvents("node-0", "node-3", 0, 15002)
	b.Events = append(b.Events, failoverEvents("node-1", "node-4", 1, 21000)...)
	b.Events = append(b.Events,
		results.Event{Offset: ms(29500), Uncertainty: ms(1), Kind: results.EventElectionStart, Source: "log", Node: "node-0", Shard: ptr(0), Epoch: 8})
	last := failoverEvents("node-3", "node-0", 0, 27000)
	for i := range last {
		if last[i].Offset > ms(29400) {
			last[i].Offset += ms(4000)
		}
	}
	b.Events = append(b.Events, last...)
	for i, f := range []struct {
		node  string
		shard int
		at    float64
		up    float64
		to    string
	}{{"node-0", 0, 15002, 18006, "node-3"}, {"node-1", 1, 21000, 24004, "node-4"}, {"node-3", 0, 27000, 34005, "node-0"}} {
		b.Run.Faults = append(b.Run.Faults, results.Fault{
			Name: []string{"kill-1", "kill-2", "kill-3"}[i], Kind: "kill", Detail: "SIGKILL to random primary", Node: f.node, Shard: f.shard,
			Role: "primary", Status: results.StatusHealed, Proof: "process ended by SIGKILL",
			Planned: ms(f.at), Injected: ms(f.at), Proved: ms(f.at + 8), Restored: ms(f.at + 6058), Verified: ms(f.at + 7398),
		})
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{Shard: f.shard, From: ms(f.at - 3), To: ms(f.up), Uncertainty: ms(5), Node: f.to})
		b.Run.ClientOutages = append(b.Run.ClientOutages, results.Outage{Shard: f.shard, From: ms(f.at - 4), To: ms(f.up + 900), Uncertainty: ms(5), Node: f.to})
	}
	return b
}

// lossy is killed with seven acknowledged writes lost, six of them in the
// failover and one of a shard that had none.
func lossy() *results.Bundle {
	b := killed()
	for i := range 6 {
		b.Findings = append(b.Findings, results.Finding{Class: "lost", Cause: results.CauseAsyncTail, Write: results.Write{
			Seq: i, Shard: 0, Node: "node-0", Done: ms(14990 + float64(i)), Outcome: "ok",
		}})
	}
	b.Findings = append(b.Findings, results.Finding{Class: "lost", Cause: results.CauseUnexplained, Write: results.Write{Seq: 9, Shard: 2, Node: "node-2", Done: ms(20000), Outcome: "ok"}})
	au := b.Run.Audit
	au.Lost, au.Duplicated, au.Late, au.Phantom, au.Durability = 7, 1, 2, 1, "asynchronous"
	au.Kinds = []results.AuditKind{{Kind: results.KindOnce, Keys: 875, OK: 870, Lost: 7}, {Kind: results.KindList, Keys: 14, OK: 870}}
	au.Reads = &results.AuditReads{Replica: 400, Primary: 400, StaleReplica: 5, MaxAge: ms(2.4), Ages: []results.AgeBucket{{Below: ms(1), Count: 3}, {Below: ms(3), Count: 2}, {}}}
	au.Linearizability = &results.Linearizability{Linearizable: 13, Illegal: 2, Unknown: 1, Files: []string{"audit/linearizability-list.html"}}
	return b
}

// onPods is killed where the nodes are pods: the one that was killed is another
// pod afterwards, on the same volume.
func onPods() *results.Bundle {
	b := killed()
	k := &results.Kubernetes{Context: "kind-lab", Version: "v1.34.3", Namespace: "slotstorm-20260304t050607z-7f3a", NamespaceUID: "0b0c6c2e-3a53-4f0a-9d43-7f5c2ad1a001"}
	for i, name := range []string{"lab-worker", "lab-worker2"} {
		k.Nodes = append(k.Nodes, results.Machine{Name: name, Version: "v1.34.3", Runtime: "containerd://1.7.24", OS: "Debian GNU/Linux 12", Kernel: "6.1.0", CPUs: int64(2 + i), MemoryBytes: 8 << 30})
	}
	for i := range b.Run.Nodes {
		n := &b.Run.Nodes[i]
		n.Addr = fmt.Sprintf("10.244.1.%d:6379", 2+i)
		k.Pods = append(k.Pods, results.Pod{Name: n.Name, UID: fmt.Sprintf("5d1e7a52-0000-4000-8000-00000000000%d", i), IP: fmt.Sprintf("10.244.1.%d", 2+i), Node: k.Nodes[i/3].Name, Image: "docker.io/library/redis:8.0", From: ms(300)})
		k.Volumes = append(k.Volumes, results.Volume{Claim: "data-" + n.Name, UID: fmt.Sprintf("c1a1b100-0000-4000-8000-00000000000%d", i), Volume: fmt.Sprintf("pvc-c1a1b1%d", i), Class: "standard", Capacity: "1Gi"})
	}
	k.Pods[0].To = ms(15600)
	k.Pods[4].Restarts = 1
	k.Pods = append(k.Pods, results.Pod{Name: "node-0", UID: "5d1e7a52-0000-4000-8000-0000000000ff", IP: "10.244.1.9", Node: "lab-worker", Image: "docker.io/library/redis:8.0", From: ms(15610)})
	b.Run.Environment.Provider, b.Run.Environment.Isolation, b.Run.Environment.Kubernetes = "kind", "namespace slotstorm-20260304t050607z-7f3a of kind-lab", k
	f := &b.Run.Faults[0]
	f.Proof = "pod node-0 is another one: uid 5d1e7a52-0000-4000-8000-0000000000ff, not 5d1e7a52-0000-4000-8000-000000000000"
	f.Healing = "node-0 is back at 10.244.1.9, not 10.244.1.2"
	return b
}
