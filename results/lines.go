package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// lines reads a file line by line, within the limits of its name.
type lines struct {
	name string
	r    *bufio.Reader
	most limit
	// n counts lines, read the bytes of those that were whole.
	n    int
	read int64
	buf  []byte
}

func newLines(name string, r io.Reader) *lines {
	l := limitOf(name)
	return &lines{name: name, r: bufio.NewReaderSize(io.LimitReader(r, l.size+1), 64<<10), most: l}
}

// next is the next line, without its end, valid until the next call; whole says
// whether it had one. The error is io.EOF after the last.
func (l *lines) next() (line []byte, whole bool, err error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case len(l.buf) > l.most.line:
			return nil, false, fmt.Errorf("%s:%d: the line has more than %d bytes", l.name, l.n+1, l.most.line)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, false, fmt.Errorf("%s: %w", l.name, err)
		case err != nil && len(l.buf) == 0:
			return nil, false, io.EOF
		}
		if err != nil {
			return l.buf, false, nil
		}
		if l.n++; l.n > l.most.lines {
			return nil, false, fmt.Errorf("%s has more than %d lines", l.name, l.most.lines)
		}
		if l.read += int64(len(l.buf)); l.read > l.most.size {
			return nil, false, fmt.Errorf("%s has more than the %d bytes that a run's can have", l.name, l.most.size)
		}
		return l.buf[:len(l.buf)-1], true, nil
	}
}

// record is a line of a file, which can say whether it is one that slotstorm
// writes: what it holds is used as an index or as a number of steps.
type record[T any] interface {
	*T
	check() error
}

// decode reads the value of one line.
func decode[T any, P record[T]](l *lines, line []byte) (T, error) {
	var v T
	err := json.Unmarshal(line, &v)
	if err == nil {
		err = P(&v).check()
	}
	if err != nil {
		return v, fmt.Errorf("%s:%d: %w", l.name, l.n, err)
	}
	return v, nil
}

// all decodes the rest of the lines; a last one without an end counts if half is
// true.
func all[T any, P record[T]](l *lines, half bool) ([]T, error) {
	var list []T
	for {
		line, whole, err := l.next()
		if errors.Is(err, io.EOF) || err == nil && !whole && !half {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			continue
		}
		v, err := decode[T, P](l, line)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// DecodeLines reads JSON, one value a line; name is what an error calls it.
func DecodeLines[T any, P record[T]](name string, raw []byte) ([]T, error) {
	return all[T, P](newLines(name, bytes.NewReader(raw)), true)
}

func readLines[T any, P record[T]](f *Folder, name string) ([]T, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return all[T, P](newLines(name, file), true)
}
