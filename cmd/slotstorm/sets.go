package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

// eachRun loads the runs of a set, as results.Select knows them, and gives the
// folders of those that use has taken. A run that cannot be read is named on
// standard error and left out if a folder or a pattern led to it; one that the
// set names itself ends with its error.
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

// remark names what Load has found in a bundle beside what it needs.
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
