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
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/internal/upkeep"
	"github.com/slotstorm/slotstorm/scenarios"
)

// enterRoom moves the run into the sealed room of s. If entered is true, the run took
// place in the room, ended with code, and was swept. Otherwise the run takes place in this
// process, in room. began, if not nil, is called with the folder of each run in the room.
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
		return room, exitOK, false, fmt.Errorf("%w: %w; run 'slotstorm doctor' for details, or use --set cluster.local.isolation=auto to run without a sealed room", site.ErrEnvironment, err)
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

// enterFollowed enters the room, calls began with the folder of each run in it, and sweeps
// the folders of runs that were killed.
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

// insideInvalid stands for exitInvalid between the process in a sealed room and the one
// outside. A Go process that crashes exits with 2 if no signal can end it, as is the case
// for the first process of a room. So 2 means a crash there.
const insideInvalid = 64

// leaving is the exit code of the process in a room for code.
func leaving(code exitCode) exitCode {
	if code == exitInvalid {
		return insideInvalid
	}
	return code
}

// entering is the code of a process in a room that exited with n.
func entering(n int) exitCode {
	switch exitCode(n) {
	case insideInvalid:
		return exitInvalid
	case exitInvalid:
		return exitCrashed
	}
	return exitCode(n)
}

// began returns a function that reports the folder of a run: inside of a sealed room to
// the process outside, otherwise to show, which may be nil.
func (p *program) began(show func(dir string)) func(dir string) {
	if !p.inside {
		return show
	}
	news := local.News()
	// The error is ignored: the run ends with the process that reads this.
	return func(dir string) { fmt.Fprintln(news, dir) }
}

// sweep removes temporary files from the folders of runs whose process was killed or
// crashed.
func (p *program) sweep(dirs []string) {
	for _, dir := range dirs {
		removed, err := upkeep.Sweep(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(p.err, "slotstorm: %s: %s; remove the rest with 'slotstorm recover %s'\n", printable.Line(dir), message(err), printable.Line(quote(dir)))
		}
		if len(removed) > 0 {
			fmt.Fprintf(p.err, "slotstorm: the run in %s ended early; removed %s\n", printable.Line(dir), strings.Join(removed, ", "))
		}
	}
}
