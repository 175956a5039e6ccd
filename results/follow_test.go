package results

import (
	"os"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// followed is a bundle that grows, and who follows it.
type followed struct {
	*Writer
	*Follower
	start time.Time
}

func follow(t *testing.T) *followed {
	t.Helper()
	start := time.Now()
	w, err := Create(t.TempDir(), "run-1", start)
	if err != nil {
		t.Fatal(err)
	}
	return &followed{w, Follow(w.Dir()), start}
}

func (f *followed) next(t *testing.T) Update {
	t.Helper()
	u, err := f.Next()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// second writes a second of the load.
func (f *followed) second(t *testing.T, n int, load time.Time) {
	t.Helper()
	h := hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)
	if err := h.RecordValue(int64(1000 + n)); err != nil {
		t.Fatal(err)
	}
	err := f.Frame(Frame{Seq: n, Commands: map[string]Counts{"GET": {OK: 1}}}, load.Add(time.Duration(n)*time.Second), map[string]*hdrhistogram.Histogram{Tag(Response, "GET"): h})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Event(Event{Kind: EventNote, Message: "tick"}); err != nil {
		t.Fatal(err)
	}
}

// A follower sees each second as it is written, nothing twice, and the end.
func TestFollow(t *testing.T) {
	f := follow(t)
	if u, err := Follow(f.Dir() + "-gone").Next(); err != nil || u.Run != nil {
		t.Errorf("a folder that is gone: %+v, %v", u, err)
	}
	if u := f.next(t); len(u.Events)+len(u.Frames)+len(u.Intervals) > 0 || u.Run != nil {
		t.Errorf("nothing was written: %+v", u)
	}
	// The load begins at some fraction of a second.
	load := f.start.Add(1700 * time.Millisecond)
	for second := range 3 {
		f.second(t, second, load)
		u := f.next(t)
		if len(u.Frames) != 1 || u.Frames[0].Seq != second || len(u.Events) != 1 || len(u.Intervals) != 1 {
			t.Fatalf("second %d: %+v", second, u)
		}
		if i := u.Intervals[0]; i.Second != second || i.Command != "GET" || i.Histogram.Max() != int64(1000+second) {
			t.Errorf("second %d: %+v", second, i)
		}
	}
	// Half a line waits for its other half.
	events, err := os.OpenFile(f.Path(EventsFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	for i, half := range []string{`{"offsetMs":1,"kind":"no`, "te\",\"source\":\"x\"}\n"} {
		if _, err := events.WriteString(half); err != nil {
			t.Fatal(err)
		}
		if u := f.next(t); len(u.Events) != i {
			t.Errorf("after half %d: %+v", i+1, u.Events)
		}
	}
	if err := f.SaveRun(&Run{SchemaVersion: SchemaVersion, ID: "run-1"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Writer.Close(); err != nil {
		t.Fatal(err)
	}
	if u := f.next(t); u.Run != nil {
		t.Error("it ended before it was sealed")
	}
	if err := Seal(f.Dir()); err != nil {
		t.Fatal(err)
	}
	if u := f.next(t); u.Run == nil || u.Run.ID != "run-1" || len(u.Events) > 0 {
		t.Errorf("the end: %+v", u)
	}
}
