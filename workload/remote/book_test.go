package remote

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// book keeps everything that a load gives.
type book struct {
	mu     sync.Mutex
	frames []results.Frame
	walls  []time.Time
	sums   map[string]*hdrhistogram.Histogram
	events []results.Event
	writes []results.Write
	reads  []results.AuditRead
}

func (b *book) frame(f results.Frame, wall time.Time, h map[string]*hdrhistogram.Histogram) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frames, b.walls = append(b.frames, f), append(b.walls, wall)
	for tag, one := range h {
		if b.sums == nil {
			b.sums = map[string]*hdrhistogram.Histogram{}
		}
		if b.sums[tag] == nil {
			b.sums[tag] = hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
		}
		b.sums[tag].Merge(one)
	}
	return nil
}

func (b *book) event(e results.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

func (b *book) write(w results.Write) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes = append(b.writes, w)
	return nil
}

func (b *book) read(r results.AuditRead) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads = append(b.reads, r)
	return nil
}

// whole checks that there is one frame for each second of each generator, that
// they hold every request that was due, and the times of each that was answered.
func (b *book) whole(t *testing.T, generators, seconds, requests int) {
	t.Helper()
	seen := map[[2]int]int{}
	total := results.Counts{}
	for _, f := range b.frames {
		seen[[2]int{f.Generator, f.Seq}]++
		for _, c := range f.Commands {
			total = total.Plus(c)
		}
	}
	for g := range generators {
		for s := range seconds {
			if n := seen[[2]int{g, s}]; n != 1 {
				t.Errorf("second %d of generator %d has %d frames", s, g, n)
			}
		}
	}
	if len(b.frames) != generators*seconds {
		t.Errorf("%d frames, want %d", len(b.frames), generators*seconds)
	}
	if total.Total() != requests {
		t.Errorf("%d requests are recorded, %d were due", total.Total(), requests)
	}
	var timed int64
	for tag, h := range b.sums {
		if strings.HasPrefix(tag, results.Tag(results.Response, "")) {
			timed += h.TotalCount()
		}
	}
	if timed != int64(total.OK) {
		t.Errorf("%d response times for %d good requests", timed, total.OK)
	}
}

// pollsWhole checks that no event is missing and none is doubled.
func (b *book) pollsWhole(t *testing.T) {
	t.Helper()
	n := 0
	for _, e := range b.events {
		if e.Source != "poll" {
			continue
		}
		if e.Message != fmt.Sprint(n) {
			t.Fatalf("event %q stands where %d should", e.Message, n)
		}
		n++
	}
	if n == 0 {
		t.Error("no poll was recorded")
	}
}
