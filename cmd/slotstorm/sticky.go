package main

import (
	"errors"
	"io"
	"syscall"
)

// sticky keeps the first error of a stream, so that a result that was not written
// completely does not pass for one that was.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.gone() {
		return len(b), nil
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	if s.err = err; s.gone() {
		return len(b), nil
	}
	return n, err
}

// unread reports whether the reader of the results has gone, so that an answer may not have been
// read.
func (p *program) unread() bool {
	s, ok := p.data.(*sticky)
	return ok && s.gone()
}

// gone reports whether the reader has closed its end: that ends nothing.
func (s *sticky) gone() bool { return errors.Is(s.err, syscall.EPIPE) }
