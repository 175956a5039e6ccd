// Package bounded reads files that a user names: up to a number of bytes, and
// from a pipe for a limited time. Devices and folders are refused before they
// are opened, because opening a device may act on it, and reading one may never
// end.
package bounded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Patience is how long a pipe may take from its opening to its end.
const Patience = time.Minute

// Bound is how much of a file is read.
type Bound struct {
	// What names the kind of file with its article, as in "a scenario".
	What string
	// Bytes is the largest size.
	Bytes int64
	// Patience bounds the reading of a pipe; 0 is the package's Patience.
	Patience time.Duration
}

// ErrTooLarge marks a file that is larger than its bound.
var ErrTooLarge = errors.New("the file is too large")

// ReadFile reads the whole file at path: a regular file, or a pipe whose writers
// close it in time. Standard input may be a terminal or a device, too. A larger
// file is an ErrTooLarge, a pipe without an end an os.ErrDeadlineExceeded, and a
// file that does not exist an fs.ErrNotExist.
//
// A pipe that stands under a number, as in /dev/fd/63, can be read again
// afterwards, by a child process as well.
func ReadFile(ctx context.Context, path string, b Bound) ([]byte, error) {
	if b.Patience == 0 {
		b.Patience = Patience
	}
	if err := b.Check(path); err != nil {
		return nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The file at the path may have changed since.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := b.check(path, info); err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		return b.all(path, f)
	}
	return b.pipe(ctx, path, f)
}

// Check refuses what ReadFile refuses without reading: devices, folders, and
// regular files that are too large. It is for files that a library reads.
func (b Bound) Check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return opening(err)
	}
	return b.check(path, info)
}

// opening renames the step that failed: a user asks for a file to be opened.
func opening(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return &fs.PathError{Op: "open", Path: failed.Path, Err: failed.Err}
	}
	return err
}

// check refuses what cannot be read to an end within the bound.
func (b Bound) check(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode.IsRegular() && info.Size() > b.Bytes:
		return fmt.Errorf("%w: %s has %d bytes, and %s has at most %d", ErrTooLarge, path, info.Size(), b.What, b.Bytes)
	case mode.IsRegular(), mode&fs.ModeNamedPipe != 0:
		return nil
	case mode.IsDir():
		return fmt.Errorf("%s is a folder; %s is a file", path, b.What)
	case mode&fs.ModeCharDevice != 0 && standardInput(path):
		return nil
	case mode&fs.ModeDevice != 0:
		return fmt.Errorf("%s is a device; %s is read from a file or a pipe", path, b.What)
	}
	return fmt.Errorf("%s is a %s; %s is read from a file or a pipe", path, mode.Type(), b.What)
}

// standardInput reports whether path is a name of the process' standard input.
func standardInput(path string) bool {
	return path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0"
}

// all reads r to its end.
func (b Bound) all(path string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, b.Bytes+1))
	if err == nil && int64(len(data)) > b.Bytes {
		err = fmt.Errorf("%w: %s has more than %d bytes, the most of %s", ErrTooLarge, path, b.Bytes, b.What)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// pipe reads f until its writers have closed it.
func (b Bound) pipe(ctx context.Context, path string, f *os.File) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, b.Patience)
	defer cancel()
	data, err := b.all(path, &patient{ctx: ctx, f: f})
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("%s did not end within %s: %w; close it on the writing side, or use a file", path, b.Patience, os.ErrDeadlineExceeded)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("reading %s: %w", path, ctx.Err())
	case err != nil:
		return nil, err
	}
	return data, putBack(path, data)
}

// tick is how often a pipe without data looks whether its time is over.
const tick = 50 * time.Millisecond

// patient reads a pipe. It waits for the first writer, and ends with its context.
type patient struct {
	ctx context.Context
	f   *os.File
}

func (p *patient) Read(buf []byte) (int, error) {
	for {
		ready, err := await(p.f, tick)
		switch {
		case p.ctx.Err() != nil:
			return 0, p.ctx.Err()
		case err != nil:
			return 0, fmt.Errorf("waiting for %s: %w", p.f.Name(), err)
		case ready:
			return p.f.Read(buf)
		}
	}
}
