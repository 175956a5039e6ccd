package facts

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestAvailability(t *testing.T) {
	b := fixture.Killed()
	b.Run.ProbeOutages = append(b.Run.ProbeOutages,
		// Before the timeline, over its start, over its end, and two that touch.
		results.Outage{Shard: 1, From: fixture.MS(3000), To: fixture.MS(4000)},
		results.Outage{Shard: 1, From: fixture.MS(4500), To: fixture.MS(5100)},
		results.Outage{Shard: 2, From: fixture.MS(39000), To: fixture.MS(44000), Open: true},
		results.Outage{Shard: 2, From: fixture.MS(38000), To: fixture.MS(39000)},
	)
	v := summary(t, b).Availability
	want := []results.ShardAvailability{
		{Shard: 0, Outages: 1, Down: fixture.MS(3007), Longest: fixture.MS(3007)},
		{Shard: 1, Outages: 2, Down: fixture.MS(805), Longest: fixture.MS(705)},
		{Shard: 2, Outages: 2, Down: fixture.MS(2705), Longest: fixture.MS(2000)},
	}
	if !slices.Equal(v.Shards, want) {
		t.Errorf("shards %+v, want %+v", v.Shards, want)
	}
	// Any: 14.999 to 18.055, 5 to 5.1, 38 to 40. results.All: 17.350 to 18.006.
	if v.Any != fixture.MS(3056+100+2000) || v.All != fixture.MS(656) || v.Observed != fixture.MS(35000) {
		t.Errorf("any %s, all %s, observed %s", v.Any, v.All, v.Observed)
	}
}

func TestSpans(t *testing.T) {
	a := Union([]Span{{5, 7}, {1, 3}, {3, 4}, {6, 9}})
	if want := []Span{{1, 4}, {5, 9}}; !slices.Equal(a, want) {
		t.Errorf("union %v, want %v", a, want)
	}
	b := []Span{{2, 6}, {8, 20}}
	if got, want := Intersection(a, b), []Span{{2, 4}, {5, 6}, {8, 9}}; !slices.Equal(got, want) {
		t.Errorf("intersection %v, want %v", got, want)
	}
	if got := Intersection(a, nil); got != nil {
		t.Errorf("intersection with nothing: %v", got)
	}
}

func TestLosses(t *testing.T) {
	s := summary(t, fixture.Lossy())
	want := []results.LossGroup{
		{Shard: 0, Fault: "kill-primary", Cause: results.CauseAsyncTail, Promoted: true, Count: 6, First: fixture.MS(fixture.PromotedAt - 14990), Last: fixture.MS(fixture.PromotedAt - 14995),
			FirstAfterFault: fixture.MS(14990 - fixture.Injected), LastAfterFault: fixture.MS(14995 - fixture.Injected), Node: "node-0"},
		{Shard: 2, Cause: results.CauseUnexplained, Count: 1, Node: "node-2"},
	}
	if !slices.Equal(s.Losses, want) {
		t.Errorf("losses %+v, want %+v", s.Losses, want)
	}
}

// TestLossesOfTwoFailovers sorts the losses of one shard by the primary that
// acknowledged them, even where another promotion is nearer.
func TestLossesOfTwoFailovers(t *testing.T) {
	b := fixture.Repeated() // shard 0: node-0 → node-3 at 18.001 s, node-3 → node-0 at 33.999 s
	for _, w := range []results.Write{
		{Shard: 0, Node: "node-0", Done: fixture.MS(15000)},
		{Shard: 0, Node: "node-3", Done: fixture.MS(22000)}, // nearer to the first promotion
		{Shard: 0, Node: "node-3", Done: fixture.MS(26990)},
		{Shard: 0, Node: "node-0", Done: fixture.MS(18101)}, // the deposed one, still answering
		{Shard: 1, Node: "node-4", Done: fixture.MS(23900)}, // no failover deposed node-4
	} {
		b.Findings = append(b.Findings, results.Finding{Class: "lost", Write: w})
	}
	b.Findings = append(b.Findings, results.Finding{Class: "altered", Write: results.Write{Shard: 0}})
	want := []results.LossGroup{
		{Shard: 0, Fault: "kill-1", Promoted: true, Count: 2, First: fixture.MS(3001), Last: fixture.MS(-100), FirstAfterFault: fixture.MS(-2), LastAfterFault: fixture.MS(3099), Node: "node-0"},
		{Shard: 0, Fault: "kill-3", Promoted: true, Count: 2, First: fixture.MS(11999), Last: fixture.MS(7009), FirstAfterFault: fixture.MS(-5000), LastAfterFault: fixture.MS(-10), Node: "node-3"},
		{Shard: 1, Fault: "kill-2", Promoted: true, Count: 1, First: fixture.MS(99), Last: fixture.MS(99), FirstAfterFault: fixture.MS(2900), LastAfterFault: fixture.MS(2900), Node: "node-4"},
	}
	if got := summary(t, b).Losses; !slices.Equal(got, want) {
		t.Errorf("losses\n%+v, want\n%+v", got, want)
	}
}
