package main

import (
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
	if s.Cluster.Provider != "local" {
		return local.Room{}, exitOK, false, nil
	}
	if p.inside {
		return local.Room{Sealed: true}, exitOK, false, nil
	}
	room, n, entered, err := p.enter(s.Cluster.Local.Isolation, news)
	if err != nil {
		return room, exitOK, false, fmt.Errorf("%w: %w; 'slotstorm doctor' tells more, and --set cluster.local.isolation=auto does without", runner.ErrEnvironment, err)
	}
	return room, exitCode(n), entered, nil
}
