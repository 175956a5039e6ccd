package report

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

func TestAvailability(t *testing.T) {
	b := killed()
	b.Run.ProbeOutages = append(b.Run.ProbeOutages,
		// Before the timeline, over its start, over its end, and two that touch.
		results.Outage{Shard: 1, From: ms(3000), To: ms(4000)},
		results.Outage{Shard: 1, From: ms(4500), To: ms(5100)},
		results.Outage{Shard: 2, From: ms(39000), To: ms(44000), Open: true},
		results.Outage{Shard: 2, From: ms(38000), To: ms(39000)},
	)
	v := summary(t, b).Availability
	want := []results.ShardAvailability{
		{Shard: 0, Outages: 1, Down: ms(3007), Longest: ms(3007)},
		{Shard: 1, Outages: 2, Down: ms(805), Longest: ms(705)},
		{Shard: 2, Outages: 2, Down: ms(2705), Longest: ms(2000)},
	}
	if !slices.Equal(v.Shards, want) {
		t.Errorf("shards %+v, want %+v", v.Shards, want)
	}
	// Any: 14.999 to 18.055, 5 to 5.1, 38 to 40. All: 17.350 to 18.006.
	if v.Any != ms(3056+100+2000) || v.All != ms(656) || v.Observed != ms(35000) {
		t.Errorf("any %s, all %s, observed %s", v.Any, v.All, v.Observed)
	}
}

func TestUnobserved(t *testing.T) {
	b := quiet()
	for i := range b.Frames {
		b.Frames[i].Probes = nil
	}
	s := summary(t, b)
	if s.Availability.Observed != 0 {
		t.Errorf("observed %s without a probe", s.Availability.Observed)
	}
	if !slices.Contains(s.Warnings, "no probe ran: nothing is known of outages") {
		t.Errorf("warnings %q", s.Warnings)
	}
	for _, o := range s.Objectives {
		if o.Metric == "outage.shard" && (o.Result != results.Inconclusive || o.Value != nil) {
			t.Errorf("%+v", o)
		}
	}
}

func TestSpans(t *testing.T) {
	a := union([]span{{5, 7}, {1, 3}, {3, 4}, {6, 9}})
	if want := []span{{1, 4}, {5, 9}}; !slices.Equal(a, want) {
		t.Errorf("union %v, want %v", a, want)
	}
	b := []span{{2, 6}, {8, 20}}
	if got, want := intersection(a, b), []span{{2, 4}, {5, 6}, {8, 9}}; !slices.Equal(got, want) {
		t.Errorf("intersection %v, want %v", got, want)
	}
	if got := intersection(a, nil); got != nil {
		t.Errorf("intersection with nothing: %v", got)
	}
}

func TestLosses(t *testing.T) {
	s := summary(t, lossy())
	want := []results.LossGroup{
		{Shard: 0, Fault: "kill-primary", Cause: results.CauseAsyncTail, Promoted: true, Count: 6, First: ms(promotedAt - 14990), Last: ms(promotedAt - 14995),
			FirstAfterFault: ms(14990 - injected), LastAfterFault: ms(14995 - injected), Node: "node-0"},
		{Shard: 2, Cause: results.CauseUnexplained, Count: 1, Node: "node-2"},
	}
	if !slices.Equal(s.Losses, want) {
		t.Errorf("losses %+v, want %+v", s.Losses, want)
	}
}

// TestLossesOfTwoFailovers sorts the losses of one shard by the primary that
// acknowledged them, even where another promotion is nearer.
func TestLossesOfTwoFailovers(t *testing.T) {
	b := repeated() // shard 0: node-0 → node-3 at 18.001 s, node-3 → node-0 at 33.999 s
	for _, w := range []results.Write{
		{Shard: 0, Node: "node-0", Done: ms(15000)},
		{Shard: 0, Node: "node-3", Done: ms(22000)}, // nearer to the first promotion
		{Shard: 0, Node: "node-3", Done: ms(26990)},
		{Shard: 0, Node: "node-0", Done: ms(18101)}, // the deposed one, still answering
		{Shard: 1, Node: "node-4", Done: ms(23900)}, // no failover deposed node-4
	} {
		b.Findings = append(b.Findings, results.Finding{Class: "lost", Write: w})
	}
	b.Findings = append(b.Findings, results.Finding{Class: "altered", Write: results.Write{Shard: 0}})
	want := []results.LossGroup{
		{Shard: 0, Fault: "kill-1", Promoted: true, Count: 2, First: ms(3001), Last: ms(-100), FirstAfterFault: ms(-2), LastAfterFault: ms(3099), Node: "node-0"},
		{Shard: 0, Fault: "kill-3", Promoted: true, Count: 2, First: ms(11999), Last: ms(7009), FirstAfterFault: ms(-5000), LastAfterFault: ms(-10), Node: "node-3"},
		{Shard: 1, Fault: "kill-2", Promoted: true, Count: 1, First: ms(99), Last: ms(99), FirstAfterFault: ms(2900), LastAfterFault: ms(2900), Node: "node-4"},
	}
	if got := summary(t, b).Losses; !slices.Equal(got, want) {
		t.Errorf("losses\n%+v, want\n%+v", got, want)
	}
}
