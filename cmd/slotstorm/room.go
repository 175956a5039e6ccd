package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/scenarios"
)

// enterRoom moves the run into the sealed room that s asks for. If entered is
// true the run has taken place in there and ended with code: there is nothing
// left to do but to sweep, which is done. Otherwise it takes place in this process,
// in room. began, if not nil, learns the folder of each run in there.
func (p *program) enterRoom(s *scenarios.Scenario, began func(dir string)) (room local.Room, code exitCode, entered bool, err error) {
	if err := enoughFiles(filesOf(s)); err != nil {
		return local.Room{}, exitOK, false, err
	}
	if s.Cluster.Provider != "local" {
		return local.Room{}, exitOK, false, nil
	}
	if p.inside {
		return local.Room{Sealed: true}, exitOK, false, nil
	}
	caught, release := p.signals()
	defer release()
	room, n, entered, err := p.enterFollowed(s.Cluster.Local.Isolation, began, caught)
	if err != nil {
		return room, exitOK, false, fmt.Errorf("%w: %w; run 'slotstorm doctor' for details, or use --set cluster.local.isolation=auto to run without a sealed room", runner.ErrEnvironment, err)
	}
	if !entered {
		select {
		case <-caught:
			return room, exitOK, false, context.Canceled
		default:
			return room, exitOK, false, nil
		}
	}
	code = entering(n)
	if code == exitCrashed {
		fmt.Fprintln(p.err, "slotstorm: the process of the run crashed (see above); the kernel removed its nodes and its network")
	}
	return room, code, true, nil
}

// enterFollowed enters the room, and has began learn the folder of each run in
// there. What runs that died have left is swept.
func (p *program) enterFollowed(isolation string, began func(dir string), caught <-chan os.Signal) (room local.Room, n int, entered bool, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return local.Room{}, 0, false, err
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
	room, n, entered, err = p.enter(isolation, w, caught)
	_ = w.Close() // ends the scanner above
	read.Wait()
	_ = r.Close()
	p.sweep(dirs)
	return room, n, entered, err
}

// insideInvalid stands for exitInvalid between the process in a sealed room and
// the one outside. Go ends a process that crashes with 2, unless a signal can end
// it, and none can end the first process of a room: 2 has to mean a crash there.
const insideInvalid = 64

// leaving is what the process in a room ends with to say code.
func leaving(code exitCode) exitCode {
	if code == exitInvalid {
		return insideInvalid
	}
	return code
}

// entering is the exit code that the process in a room has said by ending with n.
func entering(n int) exitCode {
	switch exitCode(n) {
	case insideInvalid:
		return exitInvalid
	case exitInvalid:
		return exitCrashed
	}
	return exitCode(n)
}

// began informs the process outside of the sealed room, if this one is inside, the
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
			fmt.Fprintf(p.err, "slotstorm: %s: %s; remove the rest with 'slotstorm recover %s'\n", printable.Line(dir), message(err), printable.Line(quote(dir)))
		}
		if len(removed) > 0 {
			fmt.Fprintf(p.err, "slotstorm: the run in %s ended early; removed %s\n", printable.Line(dir), strings.Join(removed, ", "))
		}
	}
}
