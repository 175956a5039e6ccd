package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Follower reads a bundle while its run writes it.
type Follower struct {
	dir string
	// read and lines are how far each file was read.
	read  map[string]int64
	lines map[string]int
	hlog  hlog
	// first is the start of frame 0, in milliseconds since 1970; 0 before it.
	first  int64
	frames int
}

// Follow follows the bundle in dir.
func Follow(dir string) *Follower {
	return &Follower{dir: dir, read: map[string]int64{}, lines: map[string]int{}}
}

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
	at, err := OpenFolder(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return u, nil // the run could not begin, or was pruned: nothing is new
	}
	if err != nil {
		return u, err
	}
	defer at.Close()
	sealed := at.has(SumsFile)
	if u.Events, err = fresh[Event](f, at, EventsFile); err != nil {
		return u, err
	}
	if u.Frames, err = fresh[Frame](f, at, SeriesFile); err != nil {
		return u, err
	}
	f.frames += len(u.Frames)
	for _, frame := range u.Frames {
		if frame.Seq > f.frames+maxGap {
			return Update{}, fmt.Errorf("%s has second %d of the load, and only %d frames", SeriesFile, frame.Seq, f.frames)
		}
	}
	if u.Intervals, err = f.intervals(at); err != nil {
		return u, err
	}
	if !sealed {
		return u, nil
	}
	raw, err := at.ReadFile(RunFile)
	if err != nil {
		return u, err
	}
	u.Run, err = decodeRun(raw)
	return u, err
}

// follow opens a file where it was left, or gives nil if there is none yet. The
// function that it gives back notes how far it was read, and closes it.
func (f *Follower) follow(at *Folder, name string) (*lines, func() error, error) {
	file, err := at.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := file.Seek(f.read[name], io.SeekStart); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	l := newLines(name, file)
	l.n, l.read = f.lines[name], f.read[name]
	return l, func() error {
		f.read[name], f.lines[name] = l.read, l.n
		return file.Close()
	}, nil
}

// fresh are the values of the whole lines that a file has got since the last time.
func fresh[T any, P record[T]](f *Follower, at *Folder, name string) (list []T, err error) {
	l, done, err := f.follow(at, name)
	if l == nil {
		return nil, err
	}
	list, err = all[T, P](l, false)
	return list, errors.Join(err, done())
}

// intervals are the new histograms.
func (f *Follower) intervals(at *Folder) ([]Interval, error) {
	l, done, err := f.follow(at, HlogFile)
	if l == nil {
		return nil, err
	}
	part := Bundle{}
	err = f.histograms(l, &part)
	return part.Intervals, errors.Join(err, done())
}

func (f *Follower) histograms(l *lines, part *Bundle) error {
	for {
		line, whole, err := l.next()
		if errors.Is(err, io.EOF) || err == nil && !whole {
			return nil
		}
		if err != nil {
			return err
		}
		v, ok, err := f.hlog.line(string(line))
		if ok {
			if f.first == 0 {
				f.first = v.startMs
			}
			at := int((v.startMs - f.first + 500) / 1000)
			if err = part.interval(v, at); err == nil && at > f.frames+maxGap {
				err = fmt.Errorf("second %d of the load, and there are only %d frames", at, f.frames)
			}
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", HlogFile, l.n, err)
		}
	}
}
