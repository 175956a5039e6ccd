package gaps

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
)

func ms(n int) results.Duration { return results.Duration(time.Duration(n) * time.Millisecond) }

// watched is what a watch sees, and the outages that follow.
type watched struct {
	name  string
	steps []func(*Watch)
	end   int
	want  []results.Outage
}

func good(at int) func(*Watch) { return func(w *Watch) { w.Good(0, ms(at), "n") } }

func bad(sent, done int, class string) func(*Watch) {
	return func(w *Watch) { w.Bad(0, ms(sent), ms(done), class, "n") }
}

// begun are those in which no write was good at first, or another node refuses them.
func begun() []watched {
	begin := func(at int) func(*Watch) { return func(w *Watch) { w.Begin(ms(at)) } }
	refused := func(done int, class string) func(*Watch) {
		return func(w *Watch) { w.Bad(0, ms(done-1), ms(done), class, "another") }
	}
	return []watched{
		{
			"bad before the first good",
			[]func(*Watch){bad(2, 3, "dial"), bad(95, 96, "dial"), good(100), good(105)},
			110,
			[]results.Outage{{From: ms(2), To: ms(100), Uncertainty: ms(5), Errors: map[string]int{"dial": 2}, Node: "n"}},
		},
		{
			// Probes write to it every 100 ms: it may have served from the last refusal on.
			"another node takes over, over a slow network",
			[]func(*Watch){
				good(100), bad(110, 111, "dial"), func(w *Watch) { w.Elsewhere(0, ms(300), "another") },
				bad(380, 381, "dial"), func(w *Watch) { w.Good(0, ms(400), "another") },
			},
			410,
			[]results.Outage{{From: ms(100), To: ms(400), Uncertainty: ms(100), Errors: map[string]int{"dial": 2}, Node: "another"}},
		},
		{
			"another node takes over that did not answer before",
			[]func(*Watch){good(100), bad(110, 111, "dial"), bad(380, 381, "dial"), func(w *Watch) { w.Good(0, ms(400), "another") }},
			410,
			[]results.Outage{{From: ms(100), To: ms(400), Uncertainty: ms(300), Errors: map[string]int{"dial": 2}, Node: "another"}},
		},
		{"briefly bad before the first good", []func(*Watch){begin(70), bad(75, 76, "dial"), good(95), good(105)}, 110, nil},
		{
			"a first write that hung",
			[]func(*Watch){begin(50), good(1500)},
			1600,
			[]results.Outage{{From: ms(50), To: ms(1500), Uncertainty: ms(1450), Errors: map[string]int{}, Node: "n"}},
		},
		{
			"refused from the first",
			[]func(*Watch){begin(50), bad(55, 56, "NOREPLICAS"), bad(190, 191, "NOREPLICAS")},
			200,
			[]results.Outage{{From: ms(50), To: ms(200), Open: true, Uncertainty: ms(10), Errors: map[string]int{"NOREPLICAS": 2}, Refusals: []results.Refusal{{Node: "n", Class: "NOREPLICAS", Count: 2, From: ms(56), To: ms(191)}}}},
		},
		{
			"another node serves the shard now, and refuses",
			[]func(*Watch){good(0), bad(4, 5, "dial"), refused(50, "CLUSTERDOWN"), refused(60, "NOREPLICAS"), refused(180, "NOREPLICAS"), func(w *Watch) { w.Good(0, ms(190), "another") }},
			200,
			[]results.Outage{{From: 0, To: ms(190), Uncertainty: ms(11), Errors: map[string]int{"dial": 1, "NOREPLICAS": 2}, Node: "another", Refusals: []results.Refusal{
				{Node: "another", Class: "CLUSTERDOWN", Count: 1, From: ms(50), To: ms(50)}, {Node: "another", Class: "NOREPLICAS", Count: 2, From: ms(60), To: ms(180)}}}},
		},
	}
}

func watches() []watched {
	other := func(sent, done int) func(*Watch) {
		return func(w *Watch) { w.Bad(0, ms(sent), ms(done), "dial", "another") }
	}
	return []watched{
		{"nothing but good writes", []func(*Watch){good(0), good(5), good(10)}, 20, nil},
		{"a replica refuses meanwhile", []func(*Watch){good(0), bad(1, 2, "dial"), good(5), bad(6, 7, "dial"), good(10)}, 12, nil},
		{"a replica is away while the machine stalls", []func(*Watch){good(0), other(1, 2), good(400), other(401, 402), good(405)}, 410, nil},
		{
			"the primary is away, and its replica as well",
			[]func(*Watch){good(0), bad(4, 5, "dial"), other(90, 95), good(100)},
			110,
			[]results.Outage{{From: 0, To: ms(100), Uncertainty: ms(96), Errors: map[string]int{"dial": 1}, Node: "n"}},
		},
		{
			"an outage",
			[]func(*Watch){good(0), good(5), bad(9, 10, "dial"), bad(94, 95, "dial"), bad(98, 99, "CLUSTERDOWN"), good(105)},
			200,
			[]results.Outage{{From: ms(5), To: ms(105), Uncertainty: ms(7), Errors: map[string]int{"dial": 2, "CLUSTERDOWN": 1}, Node: "n", Refusals: []results.Refusal{{Node: "n", Class: "CLUSTERDOWN", Count: 1, From: ms(99), To: ms(99)}}}},
		},
		{
			"no good write at all",
			[]func(*Watch){bad(3, 4, "eof"), other(90, 95), bad(195, 196, "eof")},
			200,
			[]results.Outage{{From: ms(3), To: ms(200), Open: true, Uncertainty: ms(5), Errors: map[string]int{"eof": 2, "dial": 1}}},
		},
		{"no write at all", nil, 200, nil},
		{
			"silence",
			[]func(*Watch){good(0), good(1500)},
			1600,
			[]results.Outage{{From: 0, To: ms(1500), Uncertainty: ms(1500), Errors: map[string]int{}, Node: "n"}},
		},
		{
			"two close together are one",
			[]func(*Watch){good(0), bad(8, 10, "dial"), good(100), bad(108, 110, "eof"), good(150)},
			200,
			[]results.Outage{{From: 0, To: ms(150), Uncertainty: ms(92), Errors: map[string]int{"dial": 1, "eof": 1}, Node: "n"}},
		},
		{
			"one that does not end",
			[]func(*Watch){good(0), bad(4, 5, "dial"), bad(195, 196, "dial")},
			200,
			[]results.Outage{{From: 0, To: ms(200), Open: true, Uncertainty: ms(5), Errors: map[string]int{"dial": 2}}},
		},
		{"a late reply does not turn time back", []func(*Watch){good(0), good(100), good(40), good(105)}, 110, nil},
	}
}

func TestWatch(t *testing.T) {
	g := Rule{Failing: 30 * time.Millisecond, Silent: time.Second, Merge: 50 * time.Millisecond}
	for _, tc := range slices.Concat(watches(), begun()) {
		t.Run(tc.name, func(t *testing.T) {
			w, o := NewWatch(1, g.Failing), NewOutages(g, 1, 1)
			for _, step := range tc.steps {
				step(w)
				o.Add(0, w.Take())
			}
			o.Add(0, w.End(ms(tc.end)))
			if diff := deep.Diff(tc.want, o.Ordered()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestGapsInCommon holds the gaps that generators have in common against those
// of one watch that sees all of their writes.
func TestGapsInCommon(t *testing.T) {
	const generators, shards = 3, 2
	g := Rule{Failing: 40 * time.Millisecond, Silent: 150 * time.Millisecond, Merge: 1}
	for seed := range uint64(200) {
		draw := rand.New(rand.NewPCG(seed, 1))
		one, together := NewWatch(shards, g.Failing), NewOutages(g, 1, shards)
		var own [generators]*Watch
		apart := NewOutages(g, generators, shards)
		for i := range own {
			own[i] = NewWatch(shards, g.Failing)
		}
		now := 1
		for range 400 {
			now += 1 + draw.IntN(12)
			if draw.IntN(40) == 0 {
				now += draw.IntN(300)
			}
			i, shard := draw.IntN(generators), draw.IntN(shards)
			one.Good(shard, ms(now), "n")
			own[i].Good(shard, ms(now), "n")
			// Views come at their own pace, some generators' late.
			if draw.IntN(10*(i+1)) == 0 {
				apart.Add(i, own[i].Take())
			}
		}
		now += draw.IntN(300)
		together.Add(0, one.End(ms(now)))
		for i := range own {
			apart.Add(i, own[i].End(ms(now)))
		}
		if diff := deep.Diff(together.Ordered(), apart.Ordered()); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		for shard := range apart.common.sources {
			for i, s := range apart.common.sources[shard] {
				if len(s.gaps) > 0 {
					t.Fatalf("seed %d: %d gaps of generator %d are never dropped", seed, len(s.gaps), i)
				}
			}
		}
	}
}

func TestGapsInCommonFailAsOne(t *testing.T) {
	// Clients do not say which node answered. One generator sees errors, the other has too little to send to see any.
	busy, idle, o := NewWatch(1, 100*time.Millisecond), NewWatch(1, 100*time.Millisecond), NewOutages(ClientRule, 2, 1)
	busy.Good(0, ms(100), "")
	idle.Good(0, ms(90), "")
	busy.Bad(0, ms(101), ms(102), "eof", "")
	busy.Bad(0, ms(395), ms(396), "CLUSTERDOWN", "")
	idle.Good(0, ms(400), "")
	busy.Good(0, ms(405), "")
	idle.Good(0, ms(406), "")
	o.Add(1, idle.End(ms(410)))
	o.Add(0, busy.End(ms(410)))
	want := []results.Outage{{From: ms(100), To: ms(400), Uncertainty: ms(5), Errors: map[string]int{"eof": 1, "CLUSTERDOWN": 1}}}
	if diff := deep.Diff(want, o.Ordered()); diff != "" {
		t.Error(diff)
	}
}
