package main

import (
	"context"
	"fmt"
	"os"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/scenarios"
)

// enterRoom moves the run into the sealed room that s asks for. If entered is
// true the run has taken place in there and ended with code: there is nothing
// left to do. Otherwise it takes place in this process, in room. The run in there
// inherits news, if it is not nil.
func (p *program) enterRoom(s *scenarios.Scenario, news *os.File) (room local.Room, code exitCode, entered bool, err error) {
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
	room, n, entered, err := p.enter(s.Cluster.Local.Isolation, news, caught)
	if err != nil {
		return room, exitOK, false, fmt.Errorf("%w: %w; 'slotstorm doctor' tells more, and --set cluster.local.isolation=auto does without", runner.ErrEnvironment, err)
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
		fmt.Fprintln(p.err, "slotstorm: the run's process has crashed, and its report is above; the kernel has removed its nodes and its network")
	}
	return room, code, true, nil
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
