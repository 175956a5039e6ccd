package results

import (
	"os"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A follower sees each second as it is written, nothing twice, and the end.
func TestFollow(t *testing.T) {
	start := time.Now()
	w, err := Create(t.TempDir(), "run-1", start)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := Follow(w.Dir() + "-gone").Next(); err != nil || u.Run != nil {
		t.Errorf("a folder that is gone: %+v, %v", u, err)
	}
	f := Follow(w.Dir())
	next := func() Update {
		t.Helper()
		u, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if u := next(); len(u.Events)+len(u.Frames)+len(u.Intervals) > 0 || u.Run != nil {
		t.Errorf("nothing was written: %+v", u)
	}
	// The load begins at some fraction of a second.
	load := start.Add(1700 * time.Millisecond)
	for second := range 3 {
		h := hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)
		if err := h.RecordValue(int64(1000 + second)); err != nil {
			t.Fatal(err)
		}
		err := w.Frame(Frame{Seq: second, Commands: map[string]Counts{"GET": {OK: 1}}}, load.Add(time.Duration(second)*time.Second), map[string]*hdrhistogram.Histogram{Tag(Response, "GET"): h})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Event(Event{Kind: EventNote, Message: "tick"}); err != nil {
			t.Fatal(err)
		}
		u := next()
		if len(u.Frames) != 1 || u.Frames[0].Seq != second || len(u.Events) != 1 || len(u.Intervals) != 1 {
			t.Fatalf("second %d: %+v", second, u)
		}
		if i := u.Intervals[0]; i.Second != second || i.Command != "GET" || i.Histogram.Max() != int64(1000+second) {
			t.Errorf("second %d: %+v", second, i)
		}
	}
	// Half a line waits for its other half.
	events, err := os.OpenFile(w.Path(EventsFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	for i, half := range []string{`{"offsetMs":1,"kind":"no`, "te\",\"source\":\"x\"}\n"} {
		if _, err := events.WriteString(half); err != nil {
			t.Fatal(err)
		}
		if u := next(); len(u.Events) != i {
			t.Errorf("after half %d: %+v", i+1, u.Events)
		}
	}
	if err := w.SaveRun(&Run{SchemaVersion: SchemaVersion, ID: "run-1"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if u := next(); u.Run != nil {
		t.Error("it ended before it was sealed")
	}
	if err := Seal(w.Dir()); err != nil {
		t.Fatal(err)
	}
	if u := next(); u.Run == nil || u.Run.ID != "run-1" || len(u.Events) > 0 {
		t.Errorf("the end: %+v", u)
	}
}
