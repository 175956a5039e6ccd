package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/scenarios"
)

// enterRoom moves the run into the sealed room that s asks for. If entered is
// true the run has taken place in there and ended with code: there is nothing
// left to do but to sweep, which is done. Otherwise it takes place in this process,
// in room. began, if not nil, learns the folder of each run in there.
func (p *program) enterRoom(s *scenarios.Scenario, began func(dir string)) (room local.Room, code exitCode, entered bool, err error) {
	if s.Cluster.Provider != "local" {
		return local.Room{}, exitOK, false, nil
	}
	if p.inside {
		return local.Room{Sealed: true}, exitOK, false, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return local.Room{}, exitOK, false, err
	}
	var dirs []string
	var read sync.WaitGroup
	read.Go(func() {
		for lines := bufio.NewScanner(r); lines.Scan(); {
			dirs = append(dirs, lines.Text())
			if began != nil {
				began(lines.Text())
			}
		}
	})
	room, n, entered, err := p.enter(s.Cluster.Local.Isolation, w)
	_ = w.Close() // ends the scanner above
	read.Wait()
	_ = r.Close()
	p.sweep(dirs)
	if err != nil {
		return room, exitOK, false, fmt.Errorf("%w: %w; 'slotstorm doctor' tells more, and --set cluster.local.isolation=auto does without", runner.ErrEnvironment, err)
	}
	return room, exitCode(n), entered, nil
}

// began tells the process outside of the sealed room, if this one is inside, the
// folder of a run; otherwise it calls show, if that is not nil.
func (p *program) began(show func(dir string)) func(dir string) {
	if !p.inside {
		return show
	}
	news := local.News()
	// A reader that is gone takes the run with it; nobody is left to learn of it.
	return func(dir string) { fmt.Fprintln(news, dir) }
}

// sweep removes what runs have left in their folders that ended with their process:
// by a signal, out of memory, by an error of slotstorm's own.
func (p *program) sweep(dirs []string) {
	for _, dir := range dirs {
		removed, err := runner.Sweep(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(p.err, "slotstorm: %s: %v; 'slotstorm recover %s' removes what is left\n", dir, err, quote(dir))
		}
		if len(removed) > 0 {
			fmt.Fprintf(p.err, "slotstorm: the run in %s ended early; %s is removed\n", dir, strings.Join(removed, ", "))
		}
	}
}
