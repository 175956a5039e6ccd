package render

import (
	"bytes"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// twoHours is a run of two hours with a failover every two minutes, and errors of
// several classes in each.
func twoHours() *results.Bundle {
	b := fixture.Quiet()
	const seconds = 7200
	frames, intervals := b.Frames, b.Intervals
	b.Frames, b.Intervals = nil, nil
	for s := range seconds {
		f := frames[s%len(frames)]
		f.Seq = s
		if s%120 < 3 {
			f.Commands = maps.Clone(f.Commands)
			f.Commands["SET"] = results.Counts{OK: 100, Failed: 90, Unknown: 10}
			f.Errors = map[string]int{"CLUSTERDOWN": 60, "dial": 30, "timeout": 10}
		}
		b.Frames = append(b.Frames, f)
	}
	for s := range seconds {
		for _, i := range intervals[s%30*6 : s%30*6+6] {
			i.Second = s
			b.Intervals = append(b.Intervals, i)
		}
	}
	end := fixture.MS(fixture.LoadStart + 1000*seconds)
	b.Run.Phases = []results.PhaseWindow{{Name: "steady", From: fixture.MS(5000), To: fixture.MS(60000)}, {Name: "storm", From: fixture.MS(60000), To: end}}
	b.Run.LoadEnd, b.Run.End = end, end
	from, to := "node-0", "node-3"
	for n := range 58 {
		at := 60000 + 120_000*float64(n)
		b.Events = append(b.Events, fixture.FailoverEvents(from, to, 0, at)...)
		b.Run.Faults = append(b.Run.Faults, results.Fault{
			Name: fmt.Sprintf("kill-%d", n+1), Kind: "kill", Traits: results.Traits{Takes: results.TakesProcess, Deposes: true, Signal: "SIGKILL", Engine: "builtin"}, Detail: "SIGKILL to primary of shard 0", Node: from, Role: "primary", Status: results.StatusHealed,
			Planned: fixture.MS(at), Injected: fixture.MS(at), Proved: fixture.MS(at + 8), Restored: fixture.MS(at + 6058), Verified: fixture.MS(at + 7398),
		})
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{From: fixture.MS(at), To: fixture.MS(at + 3004), Uncertainty: fixture.MS(5), Node: to})
		from, to = to, from
	}
	return b
}

// TestALongRunsReportIsSmall keeps the page of a two-hour run below 5 MB; about
// 330 KB are usual.
func TestALongRunsReportIsSmall(t *testing.T) {
	b := twoHours()
	start := time.Now()
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := htmlOf(&page, b, s); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, analysed and rendered in %v", page.Len(), time.Since(start))
	if len(s.Failovers) != 58 || page.Len() > 5<<20 || page.Len() < 100<<10 {
		t.Errorf("%d failovers, %d bytes", len(s.Failovers), page.Len())
	}
}
