package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Interval is one line of latency.hlog: the times of a command, in Bundle.Intervals,
// or of a shard, in Bundle.ShardIntervals.
type Interval struct {
	Time    Time
	Command string
	Shard   int
	// Second since Run.LoadStart.
	Second    int
	Histogram *hdr.Histogram
}

// SelfInterval is a line of latency.hlog about the generator itself.
type SelfInterval struct {
	Delay     Delay
	Second    int
	Histogram *hdr.Histogram
}

// Bundle is a bundle as read.
type Bundle struct {
	Dir       string
	Run       Run
	Scenario  []byte
	Events    []Event
	Frames    []Frame
	Intervals []Interval
	// ShardIntervals cover all commands of a shard; bundles of older versions
	// have none.
	ShardIntervals []Interval
	SelfIntervals  []SelfInterval
	Writes         []Write
	// Reads is nil in bundles from before audited reads were kept.
	Reads    []AuditRead
	Findings []Finding
	// Surfaces is empty in a run without an upgrade.
	Surfaces Surfaces
}

// Load reads the bundle in dir and checks that it is whole and unchanged since
// it was sealed. The error says which file is missing, cut short or changed.
func Load(dir string) (*Bundle, error) {
	if err := verify(dir); err != nil {
		return nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	return Read(dir)
}

// Read reads the bundle in dir without asking for its seal: for the runner,
// which derives the summary before it seals.
func Read(dir string) (*Bundle, error) {
	b := &Bundle{Dir: dir}
	if err := b.read(); err != nil {
		return nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	return b, nil
}

func (b *Bundle) read() error {
	raw, err := os.ReadFile(filepath.Join(b.Dir, RunFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &b.Run); err != nil {
		return fmt.Errorf("%s: %w", RunFile, err)
	}
	if b.Run.SchemaVersion > SchemaVersion {
		return fmt.Errorf("%s: schema version %d is newer than this program's %d: use a newer slotstorm", RunFile, b.Run.SchemaVersion, SchemaVersion)
	}
	if b.Run.SchemaVersion < 1 {
		return fmt.Errorf("%s: schemaVersion is missing: this is not a run of slotstorm", RunFile)
	}
	if b.Scenario, err = os.ReadFile(filepath.Join(b.Dir, ScenarioFile)); err != nil {
		return err
	}
	if b.Events, err = readLines[Event](b.Dir, EventsFile); err != nil {
		return err
	}
	if b.Frames, err = readLines[Frame](b.Dir, SeriesFile); err != nil {
		return err
	}
	if b.Writes, err = readLines[Write](b.Dir, LedgerFile); err != nil {
		return err
	}
	if b.Reads, err = readLines[AuditRead](b.Dir, ReadsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// The runner reads the bundle before there are any.
	if b.Findings, err = readLines[Finding](b.Dir, FindingsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if b.Run.Upgrade != nil {
		raw, err := os.ReadFile(filepath.Join(b.Dir, UpgradeFile))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &b.Surfaces); err != nil {
			return fmt.Errorf("%s: %w", UpgradeFile, err)
		}
	}
	return b.readHlog()
}

func (b *Bundle) readHlog() error {
	raw, err := os.ReadFile(filepath.Join(b.Dir, HlogFile))
	if err != nil {
		return err
	}
	r := hdr.NewHistogramLogReader(bytes.NewReader(raw))
	load := b.Run.Start.Add(b.Run.LoadStart.Std()).UnixMilli()
	for {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			return fmt.Errorf("%s: %w", HlogFile, err)
		}
		if h == nil {
			return nil
		}
		// Interval starts are whole seconds after the start of load.
		b.interval(h, int((h.StartTimeMs()-load+500)/1000))
	}
}

// interval files one histogram by its tag. The untagged sum of the others is for
// other tools.
func (b *Bundle) interval(h *hdr.Histogram, second int) {
	if kind, name, ok := strings.Cut(h.Tag(), "/"); ok && kind == "self" {
		b.SelfIntervals = append(b.SelfIntervals, SelfInterval{Delay(name), second, h})
	} else if ok {
		b.Intervals = append(b.Intervals, Interval{Time: Time(kind), Command: name, Second: second, Histogram: h})
	} else if kind, name, ok := strings.Cut(h.Tag(), "@"); ok {
		if shard, err := strconv.Atoi(name); err == nil {
			b.ShardIntervals = append(b.ShardIntervals, Interval{Time: Time(kind), Shard: shard, Second: second, Histogram: h})
		}
	}
}

func readLines[T any](dir, name string) ([]T, error) {
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	return DecodeLines[T](name, raw)
}

// DecodeLines reads JSON, one value a line; name is what an error calls it.
func DecodeLines[T any](name string, raw []byte) ([]T, error) {
	var list []T
	for n, line := range bytes.Split(raw, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n+1, err)
		}
		list = append(list, v)
	}
	return list, nil
}

// ErrUnsealed marks a bundle whose run did not end: it was killed, or still runs.
var ErrUnsealed = errors.New("not sealed: its run was killed or is still under way")

func verify(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, RunFile)); err != nil {
		if _, err := os.Stat(filepath.Join(dir, EventsFile)); err == nil {
			return ErrUnsealed
		}
		return fmt.Errorf("there is no %s: not a run of slotstorm", RunFile)
	}
	raw, err := os.ReadFile(filepath.Join(dir, SumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrUnsealed
	}
	if err != nil {
		return err
	}
	for n, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("%s:%d: not a line of sha256sum", SumsFile, n+1)
		}
		if !source(name) {
			continue
		}
		got, err := digest(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is missing", name)
		}
		if err != nil {
			return err
		}
		if got != sum {
			return fmt.Errorf("%s was changed or cut short after the run (its SHA-256 is not the one in %s)", name, SumsFile)
		}
	}
	return nil
}

// source tells whether a file of a bundle is one that others are derived from.
// Renderings may be made anew at any time; logs are evidence, not input.
func source(name string) bool {
	return slices.Contains([]string{RunFile, ScenarioFile, EventsFile, SeriesFile, HlogFile, JournalFile, LedgerFile, ReadsFile, FindingsFile, UpgradeFile}, name)
}
