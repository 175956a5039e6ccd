package metrics

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// TestFiguresOfUnendedFailovers: a failover whose end somebody waited for in vain counts with
// the time that it was watched; one that nothing watched does not count.
func TestFiguresOfUnendedFailovers(t *testing.T) {
	s := func(n int) results.Duration { return results.Duration(time.Duration(n) * time.Second) }
	ended := results.Failover{Shard: 0, From: "node-0", To: "node-3", Complete: true, Server: s(4), Client: s(5)}
	open := results.Failover{Shard: 1, From: "node-1", Injected: s(10)}
	e := Evidence{
		Run:     &results.Run{ProbeOutages: []results.Outage{{Shard: 1, From: s(10), To: s(40), Open: true}}},
		Summary: &results.Summary{Failovers: []results.Failover{ended, open}},
	}
	for name, want := range map[string]struct {
		values  []float64
		atLeast int
	}{"failover.server": {[]float64{4, 30}, 1}, "failover.client": {[]float64{5}, 0}} {
		i := slices.IndexFunc(Figures(e), func(f Figure) bool { return f.Metric.Name == name })
		if i < 0 {
			t.Fatalf("%s: no figure", name)
		}
		if f := Figures(e)[i]; !slices.Equal(f.Values, want.values) || f.AtLeast != want.atLeast {
			t.Errorf("%s: %v, of which %d at least; want %v, %d", name, f.Values, f.AtLeast, want.values, want.atLeast)
		}
	}
}

// TestFiguresOfAPartialAudit: losses that could not all be read back are a lower bound.
func TestFiguresOfAPartialAudit(t *testing.T) {
	for _, partial := range []bool{false, true} {
		au := &results.Audit{Writes: 10, OK: 10, ReadBack: 10, Lost: 2}
		if partial {
			au.ReadBack = 7
		}
		list := Figures(Evidence{Run: &results.Run{Audit: au}, Summary: &results.Summary{}})
		i := slices.IndexFunc(list, func(f Figure) bool { return f.Metric.Name == "writes.lost" })
		if i < 0 || !slices.Equal(list[i].Values, []float64{2}) || list[i].AtLeast > 0 != partial {
			t.Errorf("partial %v: %+v", partial, list)
		}
	}
}
