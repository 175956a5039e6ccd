package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Interval is one line of latency.hlog: the times of a command, in Bundle.Intervals,
// or of a shard, in Bundle.ShardIntervals.
type Interval struct {
	Time    Time
	Command string
	Shard   int
	// Second since Run.LoadStart.
	Second    int
	Histogram *hdrhistogram.PackedHistogram
}

// SelfInterval is a line of latency.hlog about the generator itself.
type SelfInterval struct {
	Delay     Delay
	Second    int
	Histogram *hdrhistogram.PackedHistogram
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
	// Seal is what Load found beside sealed files; nil after Read.
	Seal *Sealed
}

// Load reads the bundle in dir and checks that it is whole and unchanged since
// it was sealed. The error says which file is missing, cut short, changed or not
// sealed.
func Load(dir string) (*Bundle, error) {
	b, err := load(dir, true)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	return b, nil
}

// Read reads the bundle in dir without asking for its seal: for the runner,
// which derives the summary before it seals.
func Read(dir string) (*Bundle, error) {
	b, err := load(dir, false)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	return b, nil
}

func load(dir string, sealed bool) (*Bundle, error) {
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := &Bundle{Dir: dir}
	if sealed {
		if b.Seal, err = f.verify(); err != nil {
			return nil, err
		}
	}
	if err := b.read(f); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Bundle) read(f *Folder) error {
	if err := b.readRun(f); err != nil {
		return err
	}
	var err error
	if b.Scenario, err = f.ReadFile(ScenarioFile); err != nil {
		return err
	}
	if b.Events, err = readLines[Event](f, EventsFile); err != nil {
		return err
	}
	if b.Frames, err = readLines[Frame](f, SeriesFile); err != nil {
		return err
	}
	if b.Writes, err = readLines[Write](f, LedgerFile); err != nil {
		return err
	}
	if b.Reads, err = readLines[AuditRead](f, ReadsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// The runner reads the bundle before there are any.
	if b.Findings, err = readLines[Finding](f, FindingsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.Run.Environment.Kubernetes.namePods(b.Writes, b.Reads)
	if err := b.readHlog(f); err != nil {
		return err
	}
	return b.checkSeconds()
}

func (b *Bundle) readRun(f *Folder) error {
	raw, err := f.ReadFile(RunFile)
	if err != nil {
		return err
	}
	r, err := decodeRun(raw)
	if err != nil {
		return err
	}
	b.Run = *r
	if r.SchemaVersion > SchemaVersion {
		return fmt.Errorf("%s: schema version %d is newer than this program's %d: use a newer slotstorm", RunFile, r.SchemaVersion, SchemaVersion)
	}
	if r.SchemaVersion < 1 {
		return fmt.Errorf("%s: schemaVersion is missing: this is not a run of slotstorm", RunFile)
	}
	b.Run.Versions.Server = server1(b.Run.Versions.Server, b.Run.Nodes, f.ReadFile)
	if r.Upgrade == nil {
		return nil
	}
	if raw, err = f.ReadFile(upgradeFile); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &b.Surfaces); err != nil {
		return fmt.Errorf("%s: %w", upgradeFile, err)
	}
	return nil
}

func (b *Bundle) readHlog(f *Folder) error {
	file, err := f.Open(HlogFile)
	if err != nil {
		return err
	}
	defer file.Close()
	l, log := newLines(HlogFile, file), hlog{}
	// Interval starts are whole seconds after the start of load.
	load := b.Run.Start.Add(b.Run.LoadStart.Std()).UnixMilli()
	for {
		line, _, err := l.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		v, ok, err := log.line(string(line))
		if ok {
			err = b.interval(v, int((v.startMs-load+500)/1000))
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", HlogFile, l.n, err)
		}
	}
}

// interval files one histogram by its tag. The untagged sum of the others is for
// other tools.
func (b *Bundle) interval(v logged, at int) error {
	if v.tag == "" {
		return nil
	}
	if err := second(at); err != nil {
		return err
	}
	if kind, name, ok := strings.Cut(v.tag, "/"); ok && kind == "self" {
		b.SelfIntervals = append(b.SelfIntervals, SelfInterval{Delay(name), at, v.histogram})
	} else if ok {
		b.Intervals = append(b.Intervals, Interval{Time: Time(kind), Command: name, Second: at, Histogram: v.histogram})
	} else if kind, name, ok := strings.Cut(v.tag, "@"); ok {
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n >= MaxShards {
			return fmt.Errorf("%.40q is no shard", name)
		}
		b.ShardIntervals = append(b.ShardIntervals, Interval{Time: Time(kind), Shard: n, Second: at, Histogram: v.histogram})
	}
	return nil
}

// checkSeconds holds the seconds and the commands that occur against the frames.
func (b *Bundle) checkSeconds() error {
	commands := map[string]bool{}
	most := len(b.Frames) + maxGap
	for _, f := range b.Frames {
		if f.Seq > most {
			return fmt.Errorf("%s has second %d of the load, and only %d frames", SeriesFile, f.Seq, len(b.Frames))
		}
		for name := range f.Commands {
			commands[name] = true
		}
	}
	for _, list := range [][]Interval{b.Intervals, b.ShardIntervals} {
		for _, i := range list {
			if i.Second > most {
				return fmt.Errorf("%s has second %d of the load, and there are only %d frames", HlogFile, i.Second, len(b.Frames))
			}
			commands[i.Command] = true
		}
	}
	return atMost("commands", len(commands), maxCommands)
}
