package main

import "io"

// sticky keeps the first error of a stream, so that a result that was not written
// completely does not pass for one that was.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}
