package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/deep"
)

// write makes a sealed bundle of one frame.
func write(t *testing.T, root, id string) *Writer {
	t.Helper()
	start := time.Date(2026, 11, 22, 22, 31, 6, 987_654_321, time.UTC)
	w, err := Create(root, id, start)
	if err != nil {
		t.Fatal(err)
	}
	h := hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)
	for _, us := range []int64{100, 200, 300, 70_000} {
		if err := h.RecordValue(us); err != nil {
			t.Fatal(err)
		}
	}
	loadStart := Duration(2500 * time.Millisecond)
	shard := 1
	for _, err := range []error{
		w.Event(Event{Offset: Duration(3 * time.Second), Kind: EventStage, Source: "runner", Message: "later"}),
		w.Event(Event{Offset: Duration(time.Second), Kind: EventNodeStart, Source: "supervisor", Node: "node-1", Shard: &shard}),
		w.Frame(Frame{Seq: 4, Commands: map[string]Counts{"GET": {OK: 4}}}, start.Add(loadStart.Std()+4*time.Second), map[string]*hdrhistogram.Histogram{Tag(Response, "GET"): h}),
		w.Journal(JournalEntry{Fault: "f", Step: "inject", Why: "because"}),
		w.Ledger(Write{Seq: 1, Key: "k", Value: "v", Outcome: "ok"}),
		w.SaveFindings([]Finding{{Class: "lost", Write: Write{Seq: 1}}}),
		WriteFile(w.Path(ScenarioFile), []byte("apiVersion: slotstorm/v1\n")),
		w.Close(),
		w.SaveRun(&Run{SchemaVersion: SchemaVersion, ID: id, Name: "test", Start: start, LoadStart: loadStart}),
		Seal(w.Dir()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestABundleIsReadAsItWasWritten(t *testing.T) {
	w := write(t, t.TempDir(), "test-20261122T223106Z-0001")
	b, err := Load(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Events) != 2 || b.Events[0].Kind != EventNodeStart || *b.Events[0].Shard != 1 {
		t.Errorf("events are not in order: %+v", b.Events)
	}
	if len(b.Intervals) != 1 || b.Intervals[0].Second != 4 || b.Intervals[0].Time != Response || b.Intervals[0].Command != "GET" {
		t.Errorf("intervals: %+v", b.Intervals)
	}
	if h := b.Intervals[0].Histogram; h.TotalCount() != 4 || h.ValueAtPercentile(50) != 200 {
		t.Errorf("histogram: %d values, median %d", h.TotalCount(), h.ValueAtPercentile(50))
	}
	if diff := deep.Diff([]Write{{Seq: 1, Key: "k", Value: "v", Outcome: "ok"}}, b.Writes); diff != "" {
		t.Error(diff)
	}
	if len(b.Findings) != 1 || len(b.Frames) != 1 || b.Run.LoadStart.Std() != 2500*time.Millisecond {
		t.Errorf("findings %v, frames %v, load start %v", b.Findings, b.Frames, b.Run.LoadStart)
	}
	if _, err := Create(filepath.Dir(w.Dir()), filepath.Base(w.Dir()), time.Now()); err == nil {
		t.Error("a bundle is made over another")
	}
	if err := w.Ledger(Write{}); err == nil {
		t.Error("a closed bundle takes more")
	}
}

// latency.hlog is read by a reader that knows nothing of slotstorm: every tag has
// its own times, and what has no tag is all response times.
func TestTheIntervalLogIsForOtherReaders(t *testing.T) {
	w, err := Create(t.TempDir(), "log", time.Date(2026, 11, 22, 22, 31, 6, 987_654_321, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	of := func(us ...int64) *hdrhistogram.Histogram {
		h := hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)
		for _, v := range us {
			if err := h.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		return h
	}
	for sec := range 2 {
		err := w.Frame(Frame{Seq: sec}, time.Date(2026, 11, 22, 22, 31, 8+sec, 0, time.UTC), map[string]*hdrhistogram.Histogram{
			Tag(Response, "GET"): of(100, 200), Tag(Response, "SET"): of(300), Tag(Service, "GET"): of(50, 60),
			ShardTag(Response, 0): of(100), ShardTag(Response, 11): of(200, 300), SelfTag(Sched): of(7),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.Open(w.Path(HlogFile))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	r := hdrhistogram.NewHistogramLogReader(raw)
	got := map[string][]int64{}
	var b Bundle
	for {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		got[h.Tag()] = append(got[h.Tag()], h.TotalCount(), h.Max(), h.EndTimeMs()-h.StartTimeMs())
		if err := b.interval(logged{tag: h.Tag(), histogram: Pack(h)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]int64{
		"": {3, 300, 1000, 3, 300, 1000}, "response/GET": {2, 200, 1000, 2, 200, 1000}, "response/SET": {1, 300, 1000, 1, 300, 1000},
		"service/GET": {2, 60, 1000, 2, 60, 1000}, "response@0": {1, 100, 1000, 1, 100, 1000}, "response@11": {2, 300, 1000, 2, 300, 1000},
		"self/sched": {1, 7, 1000, 1, 7, 1000},
	}
	if diff := deep.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(b.Intervals) != 6 || len(b.ShardIntervals) != 4 || b.ShardIntervals[1].Shard != 11 || len(b.SelfIntervals) != 2 || b.SelfIntervals[0].Delay != Sched {
		t.Errorf("%d of commands, %+v of shards, %+v of the generator", len(b.Intervals), b.ShardIntervals, b.SelfIntervals)
	}
}

func TestLoadTellsWhatIsWrong(t *testing.T) {
	change := func(name, from, to string) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, filepath.FromSlash(name))
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, []byte(strings.Replace(string(raw), from, to, 1)), 0o644)
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, filepath.FromSlash(name))) }
	}
	reseal := func(f func(string) error) func(string) error {
		return func(dir string) error { return errors.Join(f(dir), Seal(dir)) }
	}
	for _, tc := range []struct {
		name   string
		damage func(dir string) error
		want   string
	}{
		{"run.json edited", change(RunFile, `"test"`, `"best"`), "run.json was changed or cut short"},
		{"ledger edited", change(LedgerFile, `"ok"`, `"no"`), "audit/ledger.jsonl was changed or cut short"},
		{"events cut short", func(dir string) error { return os.Truncate(filepath.Join(dir, EventsFile), 30) }, "events.jsonl was changed or cut short"},
		{"series missing", remove(SeriesFile), "series.jsonl is missing"},
		{"run.json missing", remove(RunFile), "not sealed"},
		{"seal missing", remove(SumsFile), "not sealed"},
		{"seal is no seal", change(SumsFile, "  ", " "), "SHA256SUMS:1: not a line of sha256sum"},
		{"seal points outside", change(SumsFile, "  ", "  ../"), "SHA256SUMS:1: not a line of sha256sum"},
		{"a line that is no JSON", reseal(change(SeriesFile, "{", "[")), "series.jsonl:1"},
		{"histograms that are none", reseal(change(HlogFile, "HIST", "LIST")), "latency.hlog"},
		{"of the future", reseal(change(RunFile, `"schemaVersion": 2`, `"schemaVersion": 99`)), "newer than this program's 2"},
		{"of no version", reseal(change(RunFile, `"schemaVersion": 2`, `"schemaVersion": 0`)), "not a run of slotstorm"},
		{"no run at all", func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)) }, "not a run of slotstorm"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := write(t, t.TempDir(), "test-20261122T223106Z-0001")
			if err := tc.damage(w.Dir()); err != nil {
				t.Fatal(err)
			}
			_, err := Load(w.Dir())
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), w.Dir()) {
				t.Errorf("error is %v, want one with %q and the folder", err, tc.want)
			}
		})
	}
}

// A folder in which no run began is not that of a killed run.
func TestListOmitsOtherFolders(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a-20261122T223106Z-0001")
	killed, err := Create(root, "b-20261122T223106Z-0002", time.Now())
	if err == nil {
		err = errors.Join(killed.Close(), os.Mkdir(filepath.Join(root, "empty"), 0o755), os.Mkdir(filepath.Join(root, "photos"), 0o755),
			os.WriteFile(filepath.Join(root, "photos", "cat.png"), []byte("cat"), 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	list, err := List(root)
	if err != nil || len(list) != 2 || !errors.Is(list[0].Err, ErrUnsealed) && !errors.Is(list[1].Err, ErrUnsealed) {
		t.Errorf("%v: %+v", err, list)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, id := range []string{"a-20261122T223106Z-0001", "a-20261122T223106Z-0002", "b-20261122T223106Z-0003"} {
		write(t, root, id)
	}
	// A run under way, later than all: listed last, and not the latest to read.
	if _, err := Create(root, "c-20271122T223106Z-0004", time.Now()); err != nil {
		t.Fatal(err)
	}
	list, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	if last := list[len(list)-1]; !errors.Is(last.Err, ErrUnsealed) || !strings.HasPrefix(last.ID, "c-") {
		t.Errorf("the last of the list is %+v", last)
	}
	for _, tc := range []struct{ name, want string }{
		{"b", "b-20261122T223106Z-0003"},
		{"a-20261122T223106Z-0002", "a-20261122T223106Z-0002"},
		{"latest", "b-20261122T223106Z-0003"},
		{filepath.Join(root, "a-20261122T223106Z-0001"), "a-20261122T223106Z-0001"},
	} {
		got, err := Find(root, tc.name)
		if err != nil || filepath.Base(got) != tc.want {
			t.Errorf("Find(%q) = %s, %v", tc.name, got, err)
		}
	}
	for name, want := range map[string]string{"a": "fits 2 runs", "x": "no run"} {
		if _, err := Find(root, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v", name, err)
		}
	}
	if _, err := Find(filepath.Join(root, "none"), "latest"); err == nil {
		t.Error("there is a latest run where there is none")
	}
}

func TestMillisKeepMicroseconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", time.Microsecond: "0.001", 1234567 * time.Nanosecond: "1.235", 3 * time.Hour: "10800000", -5 * time.Millisecond: "-5",
	} {
		raw, err := Duration(d).MarshalJSON()
		if err != nil || string(raw) != want {
			t.Errorf("%v is written as %s (%v), want %s", d, raw, err, want)
		}
		var back Duration
		if err := back.UnmarshalJSON(raw); err != nil || back.Std() != d.Round(time.Microsecond) {
			t.Errorf("%s is read as %v (%v)", raw, back, err)
		}
	}
}
