package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// every is the time between two looks at a growing bundle.
const every = 250 * time.Millisecond

// watch is one run that is followed.
type watch struct {
	dir string
	// watchers and cancel are the server's.
	watchers int
	cancel   context.CancelFunc

	mu     sync.Mutex
	state  state
	points []point
	notes  []note
	load   results.Duration // offset of the start of load
	loaded bool
	began  time.Time
	over   bool
	tally  tally
	// changed is closed and replaced whenever there is something new.
	changed chan struct{}
}

func newWatch(dir string) *watch {
	id := filepath.Base(dir)
	shown := printable.Line(id)
	w := &watch{dir: dir, changed: make(chan struct{}), tally: newTally(), state: state{ID: shown, Stage: "starting", Bands: []band{}}}
	w.tally.run = shown
	return w
}

// run follows the run until it or ctx ends. It stops with an error if reading the bundle
// crashes.
func (w *watch) run(ctx context.Context) error {
	f := results.Follow(w.dir)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		over := false
		if err := safely(func() error { over = w.look(f); return nil }); err != nil {
			w.lose(err)
			return err
		}
		if over || ctx.Err() != nil {
			return nil
		}
		select {
		case <-ctx.Done(): // one last look
		case <-t.C:
		}
	}
}

// lose stops following, because the bundle cannot be read.
func (w *watch) lose(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over, w.state.Lost = true, printable.Line(err.Error())
	close(w.changed)
	w.changed = make(chan struct{})
}

// look reads what is new, and reports whether the run has ended.
func (w *watch) look(f *results.Follower) (over bool) {
	u, err := f.Next()
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, gone := os.Stat(w.dir); errors.Is(gone, fs.ErrNotExist) {
		err = errors.New("the run did not start: its folder was removed")
	}
	if w.state.Total == 0 {
		w.readScenario()
	}
	for _, e := range u.Events {
		w.event(shownEvent(e))
	}
	if err == nil {
		err = w.frames(u)
	}
	if w.loaded && !w.over {
		w.state.Elapsed = min(time.Since(w.began).Seconds(), w.state.Total)
	}
	if u.Run != nil {
		w.over = true
		w.state.Stage, w.state.Elapsed = "done", w.state.Total
		if s := u.Run.Summary; s != nil {
			w.state.Verdict, w.state.Reasons = results.Verdict(printable.Line(string(s.Verdict))), nil
			for _, reason := range s.Reasons {
				w.state.Reasons = append(w.state.Reasons, printable.Line(reason))
			}
		}
	}
	if err != nil {
		w.over, w.state.Lost = true, printable.Line(err.Error())
	}
	close(w.changed)
	w.changed = make(chan struct{})
	return w.over
}

// shownEvent is an event as pages and Prometheus get it.
func shownEvent(e results.Event) results.Event {
	e.Message, e.Fault, e.Node = printable.Line(e.Message), printable.Line(e.Fault), printable.Line(e.Node)
	e.Stage, e.Phase, e.Roll = printable.Line(e.Stage), printable.Line(e.Phase), printable.Line(e.Roll)
	return e
}

func (w *watch) readScenario() {
	file, _, err := open(w.dir, results.ScenarioFile)
	if err != nil {
		return // it is not there yet
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxScenario))
	if err != nil {
		return // its plots need no scenario
	}
	sc, err := scenarios.Recorded(results.ScenarioFile, raw)
	if err != nil {
		return // a bundle of another version: its plots need no scenario
	}
	w.state.Scenario = printable.Line(sc.Metadata.Name)
	w.state.Total = (sc.Workload.Warmup + sc.Timeline.Length()).Std().Seconds()
	w.tally.scenario, w.tally.seed = w.state.Scenario, sc.Seed
}

// at is an offset in seconds since the start of load.
func (w *watch) at(m results.Duration) float64 { return (m - w.load).Std().Seconds() }

func (w *watch) event(e results.Event) {
	if e.Kind == results.EventStage {
		if !w.loaded && (e.Stage == results.StageWarmup || e.Stage == results.StagePhase) {
			w.load, w.loaded, w.began = e.Offset, true, time.Now()
			for i := range w.notes {
				w.notes[i].T -= e.Offset.Std().Seconds()
			}
		}
		w.state.Stage = cmp.Or(e.Phase, e.Stage)
		w.tally.phase = w.state.Stage
	}
	name, on, off := force(e)
	if on && len(w.state.Bands) < maxBands {
		w.state.Bands = append(w.state.Bands, band{Name: name, From: w.at(e.Offset)})
		w.tally.fault(name, e.Node, 1)
	}
	if off {
		for i, b := range w.state.Bands {
			if b.Name == name && b.To == 0 {
				w.state.Bands[i].To = w.at(e.Offset)
			}
		}
		w.tally.fault(name, "", 0)
	}
	if text := noteOf(e); text != "" && len(w.notes) < maxNotes {
		w.notes = append(w.notes, note{w.at(e.Offset), e.Kind, text})
	}
}

// force reports whether an event starts or ends a fault or an upgrade.
func force(e results.Event) (name string, on, off bool) {
	switch e.Kind {
	case results.EventFaultInject:
		return e.Fault, true, false
	case results.EventFaultVerify, results.EventFaultFailed:
		return e.Fault, false, true
	case results.EventUpgradeBegin:
		return e.Roll, true, false
	case results.EventUpgradeEnd:
		return e.Roll, false, true
	}
	return "", false, false
}

// noteOf is an event as a line of text; empty for frequent events of polls and logs.
func noteOf(e results.Event) string {
	subject := e.Node
	if e.Fault != "" {
		subject = e.Fault
	}
	text := e.Message
	switch e.Kind {
	case results.EventPromoted:
		text = "is the primary now"
	case results.EventDemoted:
		text = "is a replica now"
	case results.EventUnreachable:
		text = "does not answer"
	case results.EventReachable:
		text = "answers again"
	case results.EventLinkUp:
		text = "is in sync"
	case results.EventNodeStart:
		text = "started"
	case results.EventStage, results.EventNote, results.EventNodeExit, results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof,
		results.EventFaultHeal, results.EventFaultVerify, results.EventFaultFailed, results.EventUpgradeBegin, results.EventUpgradeStep,
		results.EventUpgradeDone, results.EventUpgradeEnd:
	default:
		return ""
	}
	if subject == "" {
		return text
	}
	return subject + ": " + text
}

// frames adds seconds. Those of several generators are one point.
func (w *watch) frames(u results.Update) error {
	for _, f := range u.Frames {
		p, err := w.point(f.Seq)
		if err != nil {
			return err
		}
		for _, c := range f.Commands {
			p.OK += c.OK
			p.Due += c.Total()
			p.Failed += c.Total() - c.OK
		}
		for shard, n := range f.Probes {
			if n.OK == 0 && n.Bad > 0 {
				p.Down = append(p.Down, shard)
			}
		}
		slices.Sort(p.Down)
		w.tally.frame(f)
	}
	merged := map[int]*hdrhistogram.Histogram{}
	for _, i := range u.Intervals {
		w.tally.interval(i)
		if i.Time != results.Response {
			continue
		}
		if merged[i.Second] == nil {
			merged[i.Second] = hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
		}
		i.Histogram.MergeInto(merged[i.Second])
	}
	for _, second := range slices.Sorted(maps.Keys(merged)) {
		h := merged[second]
		p, err := w.point(second)
		if err != nil {
			return err
		}
		ms := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }
		p.P50, p.P99, p.P999 = max(p.P50, ms(50)), max(p.P99, ms(99)), max(p.P999, ms(99.9))
	}
	return nil
}

// Limits of what is kept of one run, whatever its bundle contains: eleven days of seconds,
// with gaps of at most a day.
const (
	maxPoints   = 1_000_000
	maxGap      = 86_400
	maxNotes    = 10_000
	maxBands    = 1_000
	maxScenario = 4 << 20
)

// point is that of a second; frames come in the order of seconds.
func (w *watch) point(second int) (*point, error) {
	second = max(second, 0)
	if second >= min(maxPoints, len(w.points)+maxGap) {
		return nil, fmt.Errorf("second %d after second %d is out of range: the bundle is damaged", second, len(w.points)-1)
	}
	for len(w.points) <= second {
		w.points = append(w.points, point{T: len(w.points)})
	}
	return &w.points[second], nil
}

// since is what is new after n points and m notes, and when to ask again; a
// second that was sent can still change, so the last few go again.
func (w *watch) since(points, notes int) (m message, changed <-chan struct{}, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := max(0, min(points, len(w.points))-3)
	// Nothing is a list without elements for the page, not null.
	m = message{State: w.state, Points: append([]point{}, w.points[from:]...), Notes: append([]note{}, w.notes[min(notes, len(w.notes)):]...)}
	m.State.Bands = slices.Clone(w.state.Bands)
	return m, w.changed, w.over
}

func encode(m message) ([]byte, error) { return json.Marshal(m) }
