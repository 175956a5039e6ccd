package facts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// after are events, by milliseconds after the injection of the fixture's kill.
type after struct {
	ms                float64
	kind, node, about string
	message           string
}

// tooOldLine is what Redis 7.0 and 8.0 log; Valkey says primary.
const tooOldLine = "Currently unable to failover: Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option."

// hindranceCase is what was seen after node-0 of shard 0 was killed. Its replica is node-3.
type hindranceCase struct {
	name   string
	events []after
	// server is when the shard took a write again, in milliseconds; 0 if it did not.
	server float64
	config map[string]string
	change func(*results.Bundle)
	want   Reason
	// replicas and elections are expected, and down primaries of three.
	replicas  []string
	elections int
	down      int
}

func hindranceCases() []hindranceCase {
	exit := after{0, results.EventNodeExit, "node-0", "", ""}
	fail := after{2400, results.EventFail, "node-1", "node-0", ""}
	ready := func(ms float64) after { return after{ms, results.EventNodeReady, "node-0", "", ""} }
	return []hindranceCase{
		{name: "back before FAIL", events: []after{exit, ready(700)}, server: 900, want: BackBeforeFail, down: 1},
		{name: "FAIL, back soon", events: []after{exit, fail, ready(2700)}, server: 2800, want: BackBeforeElection, down: 1},
		{name: "an election was scheduled and not started", events: []after{exit, fail, {2401, results.EventElectionDelay, "node-3", "", ""}, ready(3700)}, server: 3800, want: BackBeforeElection, down: 1},
		{name: "FAIL, back late, no reason", events: []after{exit, fail, ready(8000)}, server: 8100, want: Open, down: 1},
		{name: "not back, no FAIL", events: []after{exit}, want: Open, down: 1},
		{name: "forbidden", events: []after{exit, fail, ready(8000)}, server: 10100, config: map[string]string{"cluster-replica-no-failover": "yes"}, want: Forbidden, replicas: []string{"node-3"}, down: 1},
		{name: "forbidden, but back before FAIL", events: []after{exit, ready(700)}, server: 900, config: map[string]string{"cluster-replica-no-failover": "yes"}, want: BackBeforeFail, down: 1},
		{name: "without a replica", events: []after{exit, fail, ready(8000)}, server: 8100, want: Unreplicated, down: 1,
			change: func(b *results.Bundle) { b.Run.Shards[0].Nodes = []string{"node-0"} }},
		{name: "the replica was down too", events: []after{exit, {1, results.EventNodeExit, "node-3", "", ""}, fail, {5000, results.EventNodeReady, "node-3", "", ""}, ready(5001)}, server: 7000,
			want: ReplicasDown, replicas: []string{"node-3"}, down: 1},
		{name: "the replica was back much earlier", events: []after{exit, {1, results.EventNodeExit, "node-3", "", ""}, fail, {3000, results.EventNodeReady, "node-3", "", ""}, ready(9000)}, server: 9100, want: DataTooOld, replicas: []string{"node-3"}, down: 1},
		{name: "most nodes suspected the replica", events: []after{exit, fail, {2000, results.EventPFail, "node-1", "node-3", ""}, {2000, results.EventPFail, "node-2", "node-3", ""}, {2000, results.EventPFail, "node-4", "node-3", ""},
			ready(8000)}, server: 8100, want: ReplicasDown, replicas: []string{"node-3"}, down: 1},
		{name: "one node suspected the replica", events: []after{exit, fail, {2000, results.EventPFail, "node-1", "node-3", ""}, ready(8000)}, server: 8100, want: Open, down: 1},
		{name: "two of three primaries down", events: []after{exit, {0, results.EventNodeExit, "node-1", "", ""}, ready(6000), {6000, results.EventNodeReady, "node-1", "", ""}}, server: 8000, want: NoMajority, down: 2},
		{name: "two of three down, back at once", events: []after{exit, {0, results.EventNodeExit, "node-1", "", ""}, ready(700), {700, results.EventNodeReady, "node-1", "", ""}}, server: 800, want: BackBeforeFail, down: 2},
		{name: "elections without a majority", events: []after{exit, {0, results.EventNodeExit, "node-1", "", ""}, fail, {3000, results.EventElectionStart, "node-3", "", ""}, ready(9000)}, server: 9100, want: NoMajority, down: 2},
		{name: "data too old, logged", events: []after{exit, fail, {2401, results.EventElectionLost, "node-3", "", tooOldLine}, ready(8000)}, server: 8100, want: DataTooOld, replicas: []string{"node-3"}, down: 1},
		{name: "data too old by the configuration", events: []after{{-6000, results.EventLinkDown, "node-3", "", ""}, exit, fail, ready(8000)}, server: 8100,
			config: map[string]string{"cluster-replica-validity-factor": "1", "repl-ping-replica-period": "1"}, want: DataTooOld, replicas: []string{"node-3"}, down: 1},
		{name: "restarted before the fault, and never in sync", events: []after{{-2000, results.EventNodeExit, "node-3", "", ""}, {-1800, results.EventNodeReady, "node-3", "", ""}, exit, fail, ready(8000)}, server: 8100, want: DataTooOld, replicas: []string{"node-3"}, down: 1},
		{name: "restarted after the fault, and never in sync", events: []after{exit, {500, results.EventNodeExit, "node-3", "", ""}, {1000, results.EventNodeReady, "node-3", "", ""}, fail, ready(8000)}, server: 8100, want: DataTooOld, replicas: []string{"node-3"}, down: 1},
		{name: "restarted before the fault, and in sync", events: []after{{-4000, results.EventNodeExit, "node-3", "", ""}, {-3800, results.EventNodeReady, "node-3", "", ""}, {-2000, results.EventLinkUp, "node-3", "", ""}, exit, fail, ready(8000)}, server: 8100, want: Open, down: 1},
		{name: "restarted, and any age will do", events: []after{{-2000, results.EventNodeExit, "node-3", "", ""}, {-1800, results.EventNodeReady, "node-3", "", ""}, exit, fail, ready(8000)}, server: 8100,
			config: map[string]string{"cluster-replica-validity-factor": "0"}, want: Open, down: 1},
		{name: "old, but not too old", events: []after{{-6000, results.EventLinkDown, "node-3", "", ""}, exit, fail, ready(8000)}, server: 8100, want: Open, down: 1},
		{name: "no age is too old", events: []after{{-6000, results.EventLinkDown, "node-3", "", ""}, exit, fail, ready(8000)}, server: 8100,
			config: map[string]string{"cluster-replica-validity-factor": "0"}, want: Open, down: 1},
		{name: "votes refused", events: []after{exit, fail, {3000, results.EventElectionStart, "node-3", "", ""}, {3001, results.EventVoteDenied, "node-1", "node-3", "already voted for epoch 7"}, ready(8000)}, server: 8100,
			want: VotesRefused, elections: 1, down: 1},
		{name: "votes refused to another shard", events: []after{exit, fail, {3000, results.EventElectionStart, "node-3", "", ""}, {3001, results.EventVoteDenied, "node-1", "node-5", "already voted for epoch 7"}, ready(8000)}, server: 8100,
			want: Open, elections: 1, down: 1},
	}
}

func TestHindrance(t *testing.T) {
	for _, tt := range hindranceCases() {
		t.Run(tt.name, func(t *testing.T) {
			b := fixture.Killed()
			b.Events = nil
			for _, e := range tt.events {
				b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + e.ms), Kind: e.kind, Node: e.node, About: e.about, Message: e.message})
			}
			if tt.change != nil {
				tt.change(b)
			}
			a := New(b, fixture.Scenario(t))
			for name, value := range tt.config {
				a.Spec.Redis.Config[name] = value
			}
			h := a.Hindrance(results.Failover{Fault: "kill-primary", From: "node-0", To: "node-0", Injected: fixture.MS(fixture.Injected), Server: fixture.MS(tt.server), Complete: tt.server > 0})
			if h.Reason != tt.want || !slices.Equal(h.Replicas, tt.replicas) || h.Elections != tt.elections || h.Down != tt.down || h.Primaries != 3 {
				t.Errorf("got %+v", h)
			}
		})
	}
}

// TestUnfitReplica: a refusal counts if it delayed or prevented the takeover.
func TestUnfitReplica(t *testing.T) {
	refusal := after{2401, results.EventElectionLost, "node-3", "", tooOldLine}
	for _, tt := range []struct {
		name    string
		events  []after
		to      string
		server  float64
		outlier bool
		want    string
	}{
		{"no takeover", []after{refusal}, "node-0", 9000, false, "node-3 0 false"},
		{"it took over later", []after{refusal}, "node-3", 9000, false, "node-3 0 false"},
		{"another one took over in time", []after{refusal}, "node-6", 3000, false, ""},
		{"another one took over late", []after{refusal}, "node-6", 9000, true, "node-3 0 false"},
		{"of another shard", []after{{2401, results.EventElectionLost, "node-4", "", tooOldLine}}, "node-0", 9000, false, ""},
		{"after the takeover", []after{{9500, results.EventElectionLost, "node-3", "", tooOldLine}}, "node-6", 9000, true, ""},
		{"another reason", []after{{2401, results.EventElectionLost, "node-3", "", "Currently unable to failover: Waiting for votes, but majority still not reached."}}, "node-0", 9000, false, ""},
		{"Valkey", []after{{2401, results.EventElectionLost, "node-3", "", "Currently unable to failover: Disconnected from primary for longer than allowed."}}, "node-0", 9000, false, "node-3 0 false"},
		{"restarted before", []after{{-4002, results.EventNodeExit, "node-3", "", ""}, {-3002, results.EventNodeReady, "node-3", "", ""}, refusal}, "node-0", 9000, false, "node-3 11000 true"},
		{"link lost before", []after{{-4002, results.EventLinkDown, "node-3", "", ""}, refusal}, "node-0", 9000, false, "node-3 11000 false"},
		{"link lost and back before", []after{{-4002, results.EventLinkDown, "node-3", "", ""}, {-3000, results.EventLinkUp, "node-3", "", ""}, refusal}, "node-0", 9000, false, "node-3 0 false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := fixture.Killed()
			b.Events = nil
			for _, e := range tt.events {
				b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + e.ms), Kind: e.kind, Node: e.node, About: e.about, Message: e.message})
			}
			u := New(b, fixture.Scenario(t)).UnfitReplica(results.Failover{From: "node-0", To: tt.to, Injected: fixture.MS(fixture.Injected), Server: fixture.MS(tt.server), Complete: true, Outlier: tt.outlier})
			got := ""
			if u != nil {
				got = fmt.Sprintf("%s %d %v", u.Node, u.Since.Std().Milliseconds(), u.Started)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestElectionWaits: the waits that are part of every election explain no delay, and a
// refusal to a candidate of another shard does not concern this one.
func TestElectionWaits(t *testing.T) {
	b := fixture.Killed()
	for _, e := range []after{
		{2400, results.EventElectionLost, "node-3", "", "Currently unable to failover: Waiting the delay before I can start a new failover."},
		{2401, results.EventElectionLost, "node-3", "", "Currently unable to failover: Waiting for votes, but majority still not reached."},
		{2402, results.EventElectionLost, "node-3", "", "Currently unable to failover: Failover attempt expired."},
		{2403, results.EventVoteDenied, "node-1", "node-5", "already voted for epoch 7"},
		{2404, results.EventVoteDenied, "node-1", "node-3", "its master is up"},
	} {
		b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + e.ms), Kind: e.kind, Source: "log", Node: e.node, About: e.about, Message: e.message})
	}
	_, list := New(b, fixture.Scenario(t)).Measured()
	if got, want := fmt.Sprint(list[0].Election.Stuck, list[0].Election.TooOld, list[0].Election.Denied), "[Currently unable to failover: Failover attempt expired.] false [its master is up]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
