package frame

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/random"
)

type given struct {
	frame results.Frame
	p100  map[string]int64
}

func collectAll(t *testing.T, r *Recorder, due int, all bool) []given {
	t.Helper()
	var list []given
	err := r.Collect(due, all, func(f results.Frame, h map[string]*hdrhistogram.Histogram) error {
		g := given{f, map[string]int64{}}
		for tag, h := range h {
			g.p100[tag] = h.Max()
		}
		list = append(list, g)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRecorderKeepsASecondOpenUntilItsRequestsEnd(t *testing.T) {
	r := NewRecorder(0, []string{"GET", "SET"}, 1)
	const s = time.Second
	r.Begin(100*time.Millisecond, 0, 10)
	r.Begin(900*time.Millisecond, 1, 10)
	r.Begin(s+100*time.Millisecond, 0, 10)
	r.End(End{Intended: 100 * time.Millisecond, Sent: 101 * time.Millisecond, Replied: 103 * time.Millisecond, Outcome: results.OK, Retried: []string{"MOVED", "dial"}})
	r.End(End{Intended: s + 100*time.Millisecond, Sent: s + 100*time.Millisecond, Replied: s + 105*time.Millisecond, Outcome: results.Failed, Class: "dial"})
	if got := collectAll(t, r, 2, false); len(got) != 0 {
		t.Fatalf("%d frames were given while a request of the first second was under way", len(got))
	}
	// It ends three seconds late, and is still a request of its second.
	r.End(End{Command: 1, Intended: 900 * time.Millisecond, Sent: 900 * time.Millisecond, Replied: 3*s + 900*time.Millisecond, Outcome: results.OK})
	got := collectAll(t, r, 2, false)
	if len(got) != 2 {
		t.Fatalf("%d frames, want 2", len(got))
	}
	want := results.Frame{Seq: 0, Commands: map[string]results.Counts{"GET": {OK: 1}, "SET": {OK: 1}}, Retried: map[string]int{"MOVED": 1, "dial": 1}, Completed: 1, InFlightMax: 2}
	if diff := deep.Diff(want, got[0].frame); diff != "" {
		t.Error(diff)
	}
	if v := got[0].p100["response/SET"]; v < 2_990_000 || v > 3_010_000 {
		t.Errorf("response time of the late SET is %d µs, want 3 s within a histogram's precision", v)
	}
	if v := got[0].p100["slip/GET"]; v != 1000 {
		t.Errorf("slip of the GET is %d µs, want 1000", v)
	}
	want = results.Frame{Seq: 1, Commands: map[string]results.Counts{"GET": {Failed: 1}, "SET": {}}, Errors: map[string]int{"dial": 1}, InFlightMax: 3}
	if diff := deep.Diff(want, got[1].frame); diff != "" {
		t.Error(diff)
	}
	if len(got[1].p100) != 0 {
		t.Errorf("a failed request has times: %v", got[1].p100)
	}
}

func TestRecorderCountsOverflow(t *testing.T) {
	r := NewRecorder(0, []string{"GET"}, 1)
	if !r.Begin(0, 0, 1) || r.Begin(1, 0, 1) {
		t.Fatal("the limit of one request in flight does not hold")
	}
	got := collectAll(t, r, 1, true)
	want := map[string]results.Counts{"GET": {Overflow: 1}}
	if diff := deep.Diff(want, got[0].frame.Commands); diff != "" {
		t.Error(diff)
	}
}

func TestMergedGeneratorsEqualOne(t *testing.T) {
	one := NewRecorder(0, []string{"GET"}, 1)
	four := []*Recorder{NewRecorder(0, []string{"GET"}, 1), NewRecorder(1, []string{"GET"}, 1), NewRecorder(2, []string{"GET"}, 1), NewRecorder(3, []string{"GET"}, 1)}
	for i := range int64(10_000) {
		d := random.For(3, i)
		intended := time.Duration(d.Float() * float64(time.Second))
		took := time.Duration(d.Exponential() * float64(5*time.Millisecond))
		for _, r := range []*Recorder{one, four[i%4]} {
			r.Begin(intended, 0, 1<<20)
			r.End(End{Intended: intended, Sent: intended, Replied: intended + took, Outcome: results.OK})
		}
	}
	merged := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	for _, r := range four {
		if err := r.Collect(1, true, func(_ results.Frame, h map[string]*hdrhistogram.Histogram) error {
			merged.Merge(h["response/GET"])
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Collect(1, true, func(_ results.Frame, h map[string]*hdrhistogram.Histogram) error {
		if !merged.Equals(h["response/GET"]) {
			t.Error("four generators' histograms, merged, differ from one generator's")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// A reply that is noted after the frame of its second counts in the next one.
func TestCompletedCountsEveryReply(t *testing.T) {
	r := NewRecorder(0, []string{"GET"}, 1)
	const s = time.Second
	r.Begin(s+100*time.Millisecond, 0, 10)
	completed := 0
	for _, g := range collectAll(t, r, 1, false) {
		completed += g.frame.Completed
	}
	r.End(End{Intended: s + 100*time.Millisecond, Sent: s, Replied: s - 1, Outcome: results.OK})
	for _, g := range collectAll(t, r, 2, false) {
		completed += g.frame.Completed
	}
	if completed != 1 {
		t.Errorf("frames count %d replies of 1", completed)
	}
}
