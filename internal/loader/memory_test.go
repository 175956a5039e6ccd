package loader

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Seconds of 50,000 requests leave a few hundred bytes each, for the series; their
// histograms are added up and let go. A soak drives an hour of them.
func TestFramesAreNotKept(t *testing.T) {
	const rate = 50_000
	seconds := 300
	if os.Getenv("SLOTSTORM_SOAK") != "" {
		seconds = 3600
	}
	c := newCollector(3, scenarios.Workload{})
	give := func(from, to int) {
		for second := from; second < to; second++ {
			hists := map[string]*hdrhistogram.Histogram{}
			record := func(tag string, n int64) {
				h := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
				for i := range int64(100) {
					if err := h.RecordValues(50+i*i*i, n/100); err != nil {
						t.Fatal(err)
					}
				}
				hists[tag] = h
			}
			f := results.Frame{Seq: second, Commands: map[string]results.Counts{}, Completed: rate, InFlightMax: 40}
			for _, name := range []string{"GET", "SET"} {
				f.Commands[name] = results.Counts{OK: rate / 2}
				for _, time := range []results.Time{results.Response, results.Service, results.Slip} {
					record(results.Tag(time, name), rate/2)
				}
			}
			for shard := range 3 {
				record(results.ShardTag(results.Response, shard), rate/3)
			}
			for _, d := range []results.Delay{results.Starved, results.Wake, results.Sched, results.GC} {
				record(results.SelfTag(d), 100)
			}
			if err := c.frame(f, time.Time{}, hists); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The sums have their size after the first minute.
	give(0, 60)
	before := heap()
	give(60, seconds)
	grown := heap() - before
	t.Logf("%d KiB for %d frames", grown>>10, seconds-60)
	const perFrame = 2 << 10
	if grown > int64(perFrame*seconds) {
		t.Errorf("%d frames left %d bytes each", seconds-60, grown/int64(seconds-60))
	}
	if got := c.row("GET").Counts.OK; got != seconds*rate/2 {
		t.Errorf("%d requests are counted", got)
	}
	runtime.KeepAlive(c)
}

// heap is the memory in use on the heap, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
