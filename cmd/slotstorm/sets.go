package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

// eachRun loads the runs of a set (see results.Select), calls use with each, and returns
// the folders of those without an error. If a run of a folder or of a pattern cannot be
// read, eachRun prints the reason and leaves it out. If the set names the run itself,
// eachRun returns the error.
func (p *program) eachRun(set string, use func(dir string, b *results.Bundle) error) ([]string, error) {
	runs, err := results.Select(p.root, set)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, r := range runs {
		b, err := results.Load(r.Dir)
		if err == nil {
			err = use(r.Dir, b)
		}
		var usage *exit
		switch {
		case err == nil:
			dirs = append(dirs, r.Dir)
		case r.Named || errors.As(err, &usage):
			return nil, err
		default:
			fmt.Fprintf(p.err, "slotstorm: left out: %s\n", message(err))
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("none of the %d runs in %s can be read", len(runs), set)
	}
	return dirs, nil
}

// remark prints which files of a bundle are unknown or were changed.
func (p *program) remark(dir string, s *results.Sealed) {
	if s == nil {
		return
	}
	for _, name := range s.Extra {
		fmt.Fprintf(p.err, "slotstorm: %s contains %q, which is not listed in its %s\n", printable.Line(filepath.Base(dir)), name, results.SumsFile)
	}
	for _, name := range s.Changed {
		fmt.Fprintf(p.err, "slotstorm: %q in %s was changed since it was sealed; the report does not depend on it\n", name, printable.Line(filepath.Base(dir)))
	}
}
