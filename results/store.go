package results

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Writer writes one bundle. Its methods may be called from many goroutines.
type Writer struct {
	dir string

	mu    sync.Mutex
	files map[string]*lineFile
	hlog  *hlogWriter
	hfile *os.File
	hbuf  *bufio.Writer
	total *hdrhistogram.Histogram
	// held is the journal, whose lock says that the run is under way, once nothing is written
	// to it any more.
	held *os.File
}

type lineFile struct {
	f *os.File
	w *bufio.Writer
}

// Create makes the folder of a new bundle, root/id, with what a reader finds in
// every bundle. It fails if the folder exists. After an error nothing of it stays.
func Create(root, id string, start time.Time) (_ *Writer, err error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("creating the results folder: %w", err)
	}
	dir, err := filepath.Abs(filepath.Join(root, id))
	if err != nil {
		return nil, fmt.Errorf("creating the run's folder: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the run's folder: %w", err)
	}
	w := &Writer{dir: dir, files: map[string]*lineFile{}, total: hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.closeAll(), os.RemoveAll(dir))
		}
	}()
	for _, sub := range []string{"audit", "nodes", "plots"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("creating the run's folder: %w", err)
		}
	}
	if err := w.createHlog(start); err != nil {
		return nil, fmt.Errorf("writing %s: %w", HlogFile, err)
	}
	for _, name := range []string{EventsFile, SeriesFile, JournalFile, LedgerFile, ReadsFile} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		w.files[name] = &lineFile{f, bufio.NewWriterSize(f, 64<<10)}
		if name == JournalFile {
			if err := lock(f); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

// createHlog makes latency.hlog with its header.
func (w *Writer) createHlog(start time.Time) (err error) {
	if w.hfile, err = os.Create(filepath.Join(w.dir, HlogFile)); err != nil {
		return err
	}
	w.hbuf = bufio.NewWriter(w.hfile)
	// The format's base time has no fraction of a second: times in the log count
	// from the whole second before the start.
	base := start.Truncate(time.Second).UnixMilli()
	w.hlog = newHlogWriter(w.hbuf, base)
	// The format of the header is hdrhistogram-go's affair.
	head := hdrhistogram.NewHistogramLogWriter(w.hbuf)
	for _, write := range []func() error{
		head.OutputLogFormatVersion,
		func() error {
			return head.OutputComment("times in microseconds; a line per second and tag: TIME/COMMAND, TIME@SHARD, self/DELAY; without a tag all response times")
		},
		func() error { return head.OutputStartTime(start.UnixMilli()) },
		func() error { return head.OutputBaseTime(base) },
		head.OutputLegend,
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// Dir is the bundle's folder, absolute.
func (w *Writer) Dir() string { return w.dir }

// Path is a file in the bundle.
func (w *Writer) Path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *Writer) line(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	lf := w.files[name]
	if lf == nil {
		return fmt.Errorf("writing %s: the bundle is closed", name)
	}
	if _, err := lf.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// Event appends an event. Events reach the disk within a flush; Close puts the
// file into the order of offsets.
func (w *Writer) Event(e Event) error {
	if err := w.line(EventsFile, e); err != nil {
		return err
	}
	return w.flush(EventsFile, false)
}

// Frame appends a frame and its histograms, by tag, and without a tag the sum of
// the commands' response times: tools that know no tags show that. The frame
// covers the second that starts at wall.
func (w *Writer) Frame(f Frame, wall time.Time, histograms map[string]*hdrhistogram.Histogram) error {
	if err := w.line(SeriesFile, f); err != nil {
		return err
	}
	tags := make([]string, 0, len(histograms))
	for tag := range histograms {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total.Reset()
	for _, tag := range tags {
		if strings.HasPrefix(tag, Tag(Response, "")) {
			w.total.Merge(histograms[tag])
		}
	}
	for _, tag := range append([]string{""}, tags...) {
		h := w.total
		if tag != "" {
			h = histograms[tag]
		}
		if err := w.hlog.line(tag, wall.UnixMilli(), h); err != nil {
			return fmt.Errorf("writing %s: %w", HlogFile, err)
		}
	}
	// A second at a time, so that a Follower sees it.
	if err := w.hbuf.Flush(); err != nil {
		return fmt.Errorf("writing %s: %w", HlogFile, err)
	}
	return w.files[SeriesFile].w.Flush()
}

// Journal appends an entry and returns when it is on the disk.
func (w *Writer) Journal(e JournalEntry) error {
	if err := w.line(JournalFile, e); err != nil {
		return err
	}
	return w.flush(JournalFile, true)
}

// Ledger appends an audited write.
func (w *Writer) Ledger(l Write) error { return w.line(LedgerFile, l) }

// AuditRead appends an audited read.
func (w *Writer) AuditRead(r AuditRead) error { return w.line(ReadsFile, r) }

// SaveFindings writes the findings of the audit.
func (w *Writer) SaveFindings(list []Finding) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, f := range list {
		if err := enc.Encode(f); err != nil {
			return fmt.Errorf("writing %s: %w", FindingsFile, err)
		}
	}
	return WriteFile(w.Path(FindingsFile), out.Bytes())
}

func (w *Writer) flush(name string, sync bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	lf := w.files[name]
	if lf == nil {
		return nil
	}
	if err := lf.w.Flush(); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if sync {
		if err := lf.f.Sync(); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// Finish flushes all streams, orders the events, and ends writing to them. The run stays under
// way until Close: it has to be judged and sealed.
func (w *Writer) Finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.closeStreams(); err != nil {
		return fmt.Errorf("closing the bundle: %w", err)
	}
	return w.orderEvents()
}

// Close is Finish if that has not been called, and ends the run.
func (w *Writer) Close() error {
	if w.held != nil {
		return w.closeAll()
	}
	return errors.Join(w.Finish(), w.closeAll())
}

// closeAll flushes and closes what is open.
func (w *Writer) closeAll() error {
	err := w.closeStreams()
	if w.held != nil {
		err = errors.Join(err, w.held.Close())
		w.held = nil
	}
	return err
}

// closeStreams flushes and closes what is open, but for the lock of the journal.
func (w *Writer) closeStreams() error {
	var errs []error
	for name, lf := range w.files {
		errs = append(errs, lf.w.Flush())
		if name == JournalFile {
			w.held = lf.f
		} else {
			errs = append(errs, lf.f.Close())
		}
		delete(w.files, name)
	}
	if w.hfile != nil {
		if w.hbuf != nil {
			errs = append(errs, w.hbuf.Flush())
		}
		errs = append(errs, w.hfile.Close())
		w.hfile = nil
	}
	return errors.Join(errs...)
}

func (w *Writer) orderEvents() error {
	f, err := OpenFolder(w.dir)
	if err != nil {
		return fmt.Errorf("ordering events: %w", err)
	}
	defer f.Close()
	events, err := readLines[Event](f, EventsFile)
	if err != nil {
		return err
	}
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.Offset, b.Offset) })
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, e := range events {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("ordering events: %w", err)
		}
	}
	return f.WriteFile(EventsFile, out.Bytes())
}

// SaveRun writes run.json.
func (w *Writer) SaveRun(r *Run) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", RunFile, err)
	}
	return WriteFile(w.Path(RunFile), append(b, '\n'))
}

// SaveSurfaces writes upgrade.json.
func (w *Writer) SaveSurfaces(s Surfaces) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", upgradeFile, err)
	}
	return WriteFile(w.Path(upgradeFile), append(b, '\n'))
}
