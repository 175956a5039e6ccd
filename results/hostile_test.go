package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// place puts a text in the place of a bundle's file.
func place(dir, name, text string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	return errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte(text), 0o644))
}

// resealed is a sealed bundle in which name holds text.
func resealed(t *testing.T, name, text string) string {
	t.Helper()
	dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
	if err := errors.Join(place(dir, name, text), Seal(dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What no run writes and a view would index or count by is refused, by name.
func TestRecordsThatNoRunWritesAreRefused(t *testing.T) {
	frame := func(text string) string { return text + "\n" }
	run := func(text string) string { return `{"schemaVersion":1,` + text + `}` }
	for _, tc := range []struct{ what, file, text, want string }{
		{"a negative second", SeriesFile, frame(`{"seq":-1}`), "second -1"},
		{"a second of years", SeriesFile, frame(`{"seq":2000000000}`), "second 2000000000"},
		{"a second beyond the frames", SeriesFile, frame(`{"seq":600000}`), "only 1 frames"},
		{"a negative generator", SeriesFile, frame(`{"generator":-1}`), "generator -1"},
		{"a negative count", SeriesFile, frame(`{"commands":{"GET":{"ok":-5}}}`), "-5 is no count"},
		{"a probe of no shard", SeriesFile, frame(`{"probes":{"-7":{"ok":1}}}`), "shard -7"},
		{"an error class below zero", SeriesFile, frame(`{"errors":{"dial":-1}}`), "-1 is no count"},
		{"an event without a kind", EventsFile, frame(`{}`), "without a kind"},
		{"an event of no shard", EventsFile, frame(`{"kind":"note","shard":16384}`), "shard 16384"},
		{"an event of another century", EventsFile, frame(`{"kind":"note","offsetMs":1e12}`), "outside of any run"},
		{"a time that overflows", EventsFile, frame(`{"kind":"note","offsetMs":1e300}`), "hundred years"},
		{"a write without an outcome", LedgerFile, frame(`{"key":"k"}`), "is no outcome"},
		{"a read of no shard", ReadsFile, frame(`{"outcome":"ok","shard":-2}`), "shard -2"},
		{"a finding without a class", FindingsFile, frame(`{}`), "without a class"},
		{"a phase of a thousand years", RunFile, run(`"phases":[{"name":"x","fromMs":0,"toMs":3e12}]`), "outside of any run"},
		{"a phase longer than a load", RunFile, run(`"phases":[{"name":"x","fromMs":0,"toMs":650000000}]`), "outside of any load"},
		{"a node of no shard", RunFile, run(`"nodes":[{"name":"n","shard":-9}]`), "shard -9"},
		{"a shard with a negative index", RunFile, run(`"shards":[{"index":-1}]`), "shard -1"},
		{"a fault on no shard", RunFile, run(`"faults":[{"name":"f","shard":99999}]`), "shard 99999"},
		{"an outage of no shard", RunFile, run(`"probeOutages":[{"shard":-3}]`), "shard -3"},
		{"a step of no shard", RunFile, run(`"upgrade":{"forward":{"steps":[{"shard":-3}]}}`), "shard -3"},
		{"phases without end", RunFile, run(`"phases":[` + strings.Repeat(`{},`, MaxPhases) + `{}]`), "1001 phases"},
		{"objects without end", RunFile, run(`"x":[` + strings.Repeat(`{},`, maxObjects) + `{}]`), "objects are more"},
		{"histograms of no shard", HlogFile, hlogText(Pack(hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)), "response@-1", 0), "no shard"},
		{"histograms of no time", HlogFile, strings.Replace(hlogText(NewHistogram(), "response/GET", 0), ",0.000", ",Inf", 1), "no time in seconds"},
		{"histograms of years", HlogFile, hlogText(NewHistogram(), "response/GET", 9e8), "second 8999"},
		{"a line that is none", HlogFile, "nonsense\n", "latency.hlog:1"},
	} {
		t.Run(tc.what, func(t *testing.T) {
			dir := resealed(t, tc.file, tc.text)
			_, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), filepath.Base(tc.file)) && tc.want != "only 1 frames" {
				t.Errorf("error is %v, want one with %q and the file", err, tc.want)
			}
		})
	}
}

// hlogText is an interval log of one histogram.
func hlogText(h *hdrhistogram.PackedHistogram, tag string, at float64) string {
	text, err := h.Encode()
	if err != nil {
		panic(err)
	}
	base := time.Date(2026, 11, 22, 22, 31, 6, 0, time.UTC).Unix()
	return fmt.Sprintf("#[BaseTime: %d (seconds since epoch)]\nTag=%s,%.3f,1.000,0.000,%s\n", base, tag, at, text)
}

// A histogram that claims a wide range is refused before it is made: 90 bytes
// could become 40 MB.
func TestWideHistogramsAreRefused(t *testing.T) {
	wide := hdrhistogram.NewPacked(1, math.MaxInt64/4, 5)
	if err := wide.RecordValue(1); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat(hlogText(wide, "response/GET", 1), 400)
	dir := resealed(t, HlogFile, text)
	before := allocated()
	_, err := Load(dir)
	if err == nil || !strings.Contains(err.Error(), "a run's are of 1 to 600000000 with 3") {
		t.Errorf("error is %v", err)
	}
	if grown := allocated() - before; grown > 64*mib {
		t.Errorf("%d bytes were taken for a log of %d", grown, len(text))
	}
}

// Histograms of a bundle's own bounds stay small in memory: dense they would take
// 170 KB each, whatever the file has.
func TestManySmallHistogramsStaySmall(t *testing.T) {
	h := NewHistogram()
	if err := h.RecordValue(100); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat(hlogText(h, "response/GET", 1), 5000)
	dir := resealed(t, HlogFile, text)
	b, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if len(b.Intervals) != 5000 || m.HeapAlloc > 100*mib {
		t.Errorf("%d intervals, %d bytes in use", len(b.Intervals), m.HeapAlloc)
	}
	runtime.KeepAlive(b)
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A bundle holds regular files. Whatever else stands under a name is named, and
// nothing waits for it or reads it.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	kinds := map[string]func(path string) error{
		"a link":       func(path string) error { return os.Symlink("/dev/zero", path) },
		"a named pipe": func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"a folder":     func(path string) error { return os.Mkdir(path, 0o755) },
		"a socket": func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			return l.Close()
		},
	}
	for _, name := range []string{RunFile, ScenarioFile, EventsFile, SeriesFile, HlogFile, JournalFile, LedgerFile, FindingsFile, SumsFile, "report.html", "nodes/node-0.log"} {
		for kind, make := range kinds {
			t.Run(name+" is "+kind, func(t *testing.T) {
				root, err := os.MkdirTemp("", "ss") // short: a socket's path has 108 bytes at most
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.RemoveAll(root) })
				dir := write(t, root, "t-20261122T223106Z-1").Dir()
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := errors.Join(os.RemoveAll(path), make(path)); err != nil {
					t.Fatal(err)
				}
				_, err = Load(dir)
				if kind == "a folder" {
					if err == nil && name != "report.html" && name != "nodes/node-0.log" {
						t.Error("it was read")
					}
					return
				}
				var no *NotRegularError
				if !errors.As(err, &no) || no.Name != name || no.Kind != kind {
					t.Errorf("error is %v", err)
				}
				if _, err := Follow(dir).Next(); err == nil && (name == EventsFile || name == SeriesFile || name == HlogFile || name == RunFile) {
					t.Error("it was followed")
				}
				entries, err := List(root)
				if err != nil || len(entries) != 1 || (entries[0].Err == nil) == (name == RunFile) {
					t.Errorf("listed as %+v, %v", entries, err)
				}
			})
		}
	}
}

// Sizes are bounded, however little of a file is on the disk.
func TestSizesAreBounded(t *testing.T) {
	dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
	for _, name := range []string{RunFile, ScenarioFile, EventsFile, HlogFile, SumsFile} {
		path := filepath.Join(dir, name)
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, 20*gib)); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), name) && !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Read(dir); err == nil && name != SumsFile {
			t.Errorf("%s of 20 GiB was read", name)
		}
		if err := os.WriteFile(path, kept, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Lines are bounded each, and in their number.
func TestLinesAreBounded(t *testing.T) {
	l := &lines{name: EventsFile, most: limit{size: 1000, line: 10, lines: 3}}
	for text, want := range map[string]string{
		strings.Repeat("x", 11) + "\n": "events.jsonl:1: the line has more than 10 bytes",
		strings.Repeat("x", 5000):      "events.jsonl:1: the line has more than 10 bytes",
		"\n\n\n\n":                     "more than 3 lines",
	} {
		one := *newLines(EventsFile, strings.NewReader(text))
		one.most = l.most
		var err error
		for err == nil {
			_, _, err = one.next()
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// A day at one frame a second of each of 16 generators is within the bounds.
func TestLongRunsAreWithinTheBounds(t *testing.T) {
	const day, generators, perFrame = 24 * 3600, 16, 600
	if l := limitOf(SeriesFile); l.lines < day*generators || l.size < day*generators*perFrame {
		t.Errorf("frames: %+v", l)
	}
	if l := limitOf(HlogFile); l.lines < day*40 || l.size < day*40*1000 {
		t.Errorf("histograms: %+v", l)
	}
	if l := limitOf(LedgerFile); l.lines < day*200 {
		t.Errorf("audited writes: %+v", l)
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	for s := range 7200 {
		for g := range 2 {
			if err := enc.Encode(Frame{Generator: g, Seq: s, Commands: map[string]Counts{"GET": {OK: 100}, "SET": {OK: 100}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if list, err := DecodeLines[Frame](SeriesFile, raw.Bytes()); err != nil || len(list) != 14400 {
		t.Errorf("%d frames, %v", len(list), err)
	}
}

// A hostile bundle in a folder is named, and the others are listed.
func TestABadBundleDoesNotHideTheOthers(t *testing.T) {
	root := t.TempDir()
	write(t, root, "good-20261122T223106Z-0001")
	for i, text := range []string{"{", `{"phases":[{"toMs":1e300}]}`, strings.Repeat("{", 100_000)} {
		dir := filepath.Join(root, fmt.Sprintf("bad-20261122T223106Z-000%d", i+2))
		if err := errors.Join(os.Mkdir(dir, 0o755), place(dir, RunFile, text)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := List(root)
	if err != nil || len(list) != 4 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for _, e := range list {
		if good := strings.HasPrefix(e.ID, "good"); good == (e.Err != nil) || !good && !strings.Contains(e.Err.Error(), RunFile) {
			t.Errorf("%s: %v", e.ID, e.Err)
		}
	}
}
