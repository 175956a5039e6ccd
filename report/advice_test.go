package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// foundBy are the findings of one rule, of a bundle under a scenario that was
// changed likewise.
func foundBy(t *testing.T, rule string, b *results.Bundle, change func(*scenarios.Scenario)) []results.Advice {
	t.Helper()
	sc := scenario(t)
	if change != nil {
		change(sc)
	}
	var list []results.Advice
	for _, f := range newAnalysis(b, sc).summary().Findings {
		if f.Rule == rule {
			list = append(list, f)
		}
	}
	return list
}

// lose adds a lost write with a cause to a bundle whose audit had others that
// were kept.
func lose(b *results.Bundle, cause string, count int) *results.Bundle {
	for i := range 100 {
		w := results.Write{Seq: i, Shard: 0, Node: "node-0", Outcome: "ok", Done: ms(14000 + float64(i))}
		b.Writes = append(b.Writes, w)
		if i >= 100-count {
			b.Findings = append(b.Findings, results.Finding{Class: results.ClassLost, Cause: cause, Write: w})
		}
	}
	b.Run.Audit.Lost = count
	b.Run.Audit.Durability = "asynchronous"
	return b
}

// reloading sets the client's topology interval and when it came back.
func reloading(interval string, back float64, class string) *results.Bundle {
	b := killed()
	b.Run.Client.Options[3].Value = interval
	b.Run.ClientOutages[0].To = ms(back)
	b.Run.ClientOutages[0].Errors = map[string]int{class: 40}
	return b
}

// dialling has three requests wait for so many milliseconds after dials in vain,
// while their shard was away for so many.
func dialling(waited int64, retries int, away float64) *results.Bundle {
	b := killed()
	b.Run.Client.Options = append(b.Run.Client.Options,
		results.Option{Name: "dialTimeout", Value: "500ms", Stated: true}, results.Option{Name: "dialerRetries", Value: fmt.Sprint(retries)},
		results.Option{Name: "dialerRetryTimeout", Value: "100ms"})
	b.Run.ProbeOutages = nil
	if away > 0 {
		b.Run.ProbeOutages = []results.Outage{{Shard: 0, From: ms(injected), To: ms(injected + away)}}
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

func cameBackEarly() *results.Bundle {
	b := killed()
	b.Events = append(b.Events[:2], results.Event{Offset: ms(injected + 700), Kind: results.EventNodeReady, Source: "supervisor", Node: "node-0"})
	b.Run.ProbeOutages = []results.Outage{{Shard: 0, From: ms(14999), To: ms(injected + 900), Node: "node-0"}}
	return b
}

func clusterDown(b *results.Bundle) *results.Bundle {
	for i := range b.Run.ProbeOutages[1:] {
		b.Run.ProbeOutages[i+1].Errors = map[string]int{"CLUSTERDOWN": 30}
	}
	return b
}

func stuck(before ...results.Event) *results.Bundle {
	b := killed()
	b.Events = append(before, b.Events...)
	b.Events = append(b.Events, results.Event{Offset: ms(injected + 2400), Kind: results.EventElectionLost, Source: "log", Node: "node-3",
		Message: "Currently unable to failover: Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option."})
	return b
}

// together has all pods on one machine.
func together(b *results.Bundle) *results.Bundle {
	for i := range b.Run.Environment.Kubernetes.Pods {
		b.Run.Environment.Kubernetes.Pods[i].Node = "lab-worker"
	}
	return b
}

// TestRules: each rule where it must say something, and where it must not.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		rule, name string
		bundle     *results.Bundle
		change     func(*scenarios.Scenario)
		// says is in the title, or the evidence; empty where nothing is to be said.
		says string
	}{
		{"client-topology", "default interval", reloading("1m0s", 59000, "dial"), nil, "go-redis kept dialling the old primary of shard 0 for 41.0 s after a replica had taken over: it reloads the topology every 1m0s"},
		{"client-topology", "short interval", reloading("1s", 19250, "dial"), nil, ""},
		{"client-topology", "late, but not on the network", reloading("1m0s", 59000, "CLUSTERDOWN"), nil, ""},
		{"client-topology", "later than the interval explains", reloading("6s", 59000, "dial"), nil, ""},
		{"client-topology", "hardly later", reloading("1m0s", 19250, "dial"), nil, ""},

		{"dials-in-vain", "five dials, twice", dialling(5700, 5, 0), nil, "Requests waited for up to 5.70 s while shard 0 was away for 0 s: go-redis dialled a node that was gone"},
		{"dials-in-vain", "its evidence", dialling(5700, 5, 0), nil, "3 requests ended ok after dials in vain, 3 of them due in second 15 of the load"},
		{"dials-in-vain", "its sum", dialling(5700, 5, 0), nil, "× dialerRetries 5 (the library's default) and 100ms between make 2.90 s, and a request tries a node 2 times: up to 5.80 s"},
		{"dials-in-vain", "as long as the shard was away", dialling(5700, 5, 5000), nil, ""},
		{"dials-in-vain", "one dial", dialling(5700, 1, 0), nil, ""},
		{"dials-in-vain", "refused at once", dialling(900, 5, 0), nil, ""},
		{"dials-in-vain", "slow for another reason", undialled(), nil, ""},

		{"node-timeout", "15 s", slowTimeout(), timeout("15000"), "cluster-node-timeout of 15.0 s dominates the failover of 16.2 s"},
		{"node-timeout", "the default", slowTimeout(), timeout(""), "the timeout is the default"},
		{"node-timeout", "2 s", killed(), nil, ""},
		{"node-timeout", "no failover", cameBackEarly(), timeout("15000"), ""},

		{"empty-restart", "all of it", lose(cameBackEarly(), results.CauseEmptyRestart, 100), nil, "node-0 restarted empty and stayed primary: 100 of the 100 acknowledged writes (100 %) of shard 0 are gone"},
		{"empty-restart", "when it was back", lose(cameBackEarly(), results.CauseEmptyRestart, 100), nil, "node-0 was back 692 ms after it ended; cluster-node-timeout is 2.00 s"},
		{"empty-restart", "a tail", lose(killed(), results.CauseAsyncTail, 3), nil, ""},
		{"restart-tail", "a part of it", lose(cameBackEarly(), results.CauseRestartTail, 5), nil, "node-0 came back as primary with older data: 5 of the 100 acknowledged writes (5 %)"},
		{"restart-tail", "nothing lost", cameBackEarly(), nil, ""},
		{"split-brain", "minority writes", lose(killed(), results.CauseSplitBrain, 37), nil, "node-0 acknowledged 37 writes of shard 0 that were lost"},
		{"split-brain", "its reason", lose(killed(), results.CauseSplitBrain, 37), nil, "min-replicas-to-write is 0"},
		{"split-brain", "a tail", lose(killed(), results.CauseAsyncTail, 37), nil, ""},
		{"async-tail", "a tail", lose(killed(), results.CauseAsyncTail, 3), nil, "3 acknowledged writes had not reached a replica"},
		{"async-tail", "nothing lost", killed(), nil, ""},
		{"unexplained-loss", "out of nowhere", lose(killed(), results.CauseUnexplained, 1), nil, "1 write acknowledged by node-0 lost, and no event explains it"},
		{"unexplained-loss", "a tail", lose(killed(), results.CauseAsyncTail, 1), nil, ""},

		{"full-coverage", "all away", clusterDown(killed()), nil, "One lost shard took the whole cluster with it for 705 ms"},
		{"full-coverage", "turned off", clusterDown(killed()), func(s *scenarios.Scenario) { s.Redis.Config["cluster-require-full-coverage"] = "no" }, ""},
		{"full-coverage", "away for another reason", killed(), nil, ""},
		{"full-coverage", "struck itself", both(clusterDown(killed())), nil, ""},

		{"no-replica", "none", alone(), nil, "Nobody could take over shard 0: it has no replica"},
		{"no-replica", "one", killed(), nil, ""},
		{"replica-unfit", "never synced", stuck(results.Event{Offset: ms(9000), Kind: results.EventLinkDown, Source: "poll", Node: "node-3"}), nil, "node-3 could not take over shard 0: it had not finished its sync"},
		{"replica-unfit", "synced, then too old", stuck(results.Event{Offset: ms(9000), Kind: results.EventLinkDown, Source: "poll", Node: "node-3"},
			results.Event{Offset: ms(10000), Kind: results.EventLinkUp, Source: "poll", Node: "node-3"}), nil, "its data were older than allowed"},
		{"replica-unfit", "took over at once", killed(), nil, ""},
		{"one-machine", "together", together(onPods()), nil, "All copies of a shard are on one machine, in 3 of 3 shards"},
		{"one-machine", "apart", onPods(), nil, ""},
		{"one-machine", "on this machine", killed(), nil, ""},
		{"no-failover", "back early", cameBackEarly(), nil, "node-0 was back before it was declared failed"},
		{"no-failover", "a failover", killed(), nil, ""},

		{"stale-reads", "seconds old", read(6260), nil, "Replicas gave values that had been replaced up to 6.26 s before"},
		{"stale-reads", "milliseconds old", read(2.5), nil, ""},
		{"duplicates", "by a client", doubled(results.CauseClientRetry), nil, "repeated by: client retry 1"},
		{"duplicates", "none", killed(), nil, ""},
		{"phantom", "one", ghost(), nil, "1 audited key held a value that slotstorm never wrote"},
		{"phantom", "none", killed(), nil, ""},
		{"outlier", "slow without a reason", slow(5500), nil, "A failover took 5.50 s where 2.61 to 5.02 s is predicted"},
		{"outlier", "as predicted", slow(4500), nil, ""},
	} {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			list := foundBy(t, tt.rule, tt.bundle, tt.change)
			if tt.says == "" {
				if len(list) != 0 {
					t.Errorf("it says: %+v", list)
				}
				return
			}
			if len(list) != 1 {
				t.Fatalf("%d findings, want 1: %+v", len(list), list)
			}
			f := list[0]
			if !strings.Contains(f.Title+"\n"+strings.Join(f.Evidence, "\n"), tt.says) {
				t.Errorf("it says %q with %q, want %q", f.Title, f.Evidence, tt.says)
			}
			if len(f.Evidence) == 0 || f.Advice == "" || f.Anchor == "" || f.Severity == "" {
				t.Errorf("it lacks something: %+v", f)
			}
		})
	}
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
		b.Events[i].Offset += ms(13000)
	}
	return b
}

// slow is killed with the shard back so many milliseconds after the kill.
func slow(after float64) *results.Bundle {
	b := killed()
	b.Run.ProbeOutages[0].To = ms(injected + after)
	return b
}

func alone() *results.Bundle {
	b := killed()
	b.Events = b.Events[:2]
	b.Run.Shards[0].Nodes = []string{"node-0"}
	b.Run.ProbeOutages[0].To, b.Run.ProbeOutages[0].Open = ms(40000), true
	return b
}

func both(b *results.Bundle) *results.Bundle {
	b.Run.Faults[0].Nodes = []results.Hit{{Node: "node-0", Shard: 0, Role: "primary"}, {Node: "node-1", Shard: 1, Role: "primary"}}
	return b
}

func read(age float64) *results.Bundle {
	b := killed()
	b.Run.Audit.Reads = &results.AuditReads{Replica: 100, StaleReplica: 3, MaxAge: ms(age)}
	return b
}

func doubled(cause string) *results.Bundle {
	b := killed()
	b.Run.Audit.Duplicated = 1
	b.Findings = []results.Finding{{Class: results.ClassDuplicated, Cause: cause}}
	return b
}

func ghost() *results.Bundle {
	b := killed()
	b.Run.Audit.Phantom = 1
	b.Findings = []results.Finding{{Class: results.ClassPhantom, Read: "boo", Write: results.Write{Key: "k"}}}
	return b
}

// TestAnchorsAreInThePage: what a finding points at is there.
func TestAnchorsAreInThePage(t *testing.T) {
	b := lose(clusterDown(reloading("1m0s", 59000, "dial")), results.CauseAsyncTail, 3)
	s := summary(t, b)
	if len(s.Findings) < 3 {
		t.Fatalf("only %d findings", len(s.Findings))
	}
	var page strings.Builder
	if err := HTML(&page, b, s); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Findings {
		if !strings.Contains(page.String(), `id="`+f.Anchor+`"`) || !strings.Contains(page.String(), `href="#`+f.Anchor+`"`) {
			t.Errorf("%s: anchor %s is not in the page", f.Rule, f.Anchor)
		}
	}
}
