package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Follower reads a bundle while its run writes it.
type Follower struct {
	dir  string
	read map[string]int64
	head []byte // latency.hlog's header
	// first is the start of frame 0, in milliseconds since 1970.
	first int64
}

// Follow follows the bundle in dir.
func Follow(dir string) *Follower { return &Follower{dir: dir, read: map[string]int64{}} }

// Update is what came since the last one.
type Update struct {
	Events    []Event
	Frames    []Frame
	Intervals []Interval
	// Run is set once the run has ended and its bundle is sealed; nothing comes
	// after it.
	Run *Run
}

// Next reads what has been written since it was called last. What is half
// written comes whole the next time.
func (f *Follower) Next() (Update, error) {
	var u Update
	_, err := os.Stat(filepath.Join(f.dir, SumsFile))
	sealed := err == nil
	if u.Events, err = nextLines[Event](f, EventsFile); err != nil {
		return u, err
	}
	if u.Frames, err = nextLines[Frame](f, SeriesFile); err != nil {
		return u, err
	}
	if u.Intervals, err = f.intervals(); err != nil {
		return u, err
	}
	if !sealed {
		return u, nil
	}
	raw, err := os.ReadFile(filepath.Join(f.dir, RunFile))
	if err != nil {
		return u, err
	}
	u.Run = &Run{}
	if err := json.Unmarshal(raw, u.Run); err != nil {
		return u, fmt.Errorf("%s: %w", RunFile, err)
	}
	return u, nil
}

// fresh are the whole lines that a file has got since the last time.
func (f *Follower) fresh(name string) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.NewSectionReader(file, f.read[name], math.MaxInt64-f.read[name]))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	raw = raw[:bytes.LastIndexByte(raw, '\n')+1]
	f.read[name] += int64(len(raw))
	return raw, nil
}

func nextLines[T any](f *Follower, name string) ([]T, error) {
	raw, err := f.fresh(name)
	if err != nil {
		return nil, err
	}
	return DecodeLines[T](name, raw)
}

// intervals are the new histograms. The log's header, which the reader needs,
// goes before each part of it.
func (f *Follower) intervals() ([]Interval, error) {
	raw, err := f.fresh(HlogFile)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	if f.head == nil {
		// The legend is the last line of the header.
		legend := bytes.Index(raw, []byte(`"StartTimestamp"`))
		if legend < 0 {
			f.read[HlogFile] -= int64(len(raw))
			return nil, nil
		}
		end := legend + bytes.IndexByte(raw[legend:], '\n') + 1
		f.head, raw = bytes.Clone(raw[:end]), raw[end:]
	}
	r := hdr.NewHistogramLogReader(io.MultiReader(bytes.NewReader(f.head), bytes.NewReader(raw)))
	part := Bundle{}
	for {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", HlogFile, err)
		}
		if h == nil {
			return part.Intervals, nil
		}
		if f.first == 0 {
			f.first = h.StartTimeMs()
		}
		part.interval(h, int((h.StartTimeMs()-f.first+500)/1000))
	}
}
