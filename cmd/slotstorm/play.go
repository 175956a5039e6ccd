package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// play is one of the runs of a scenario.
type play struct {
	scenario *scenarios.Scenario
	settings []results.Setting // of a matrix
	// overrides are the changes of the command line, without seed and repeat.
	overrides []string
	command   string // repeats it
	title     string // describes one of many runs; empty for a single one
}

// plays are the runs of a scenario: as many as it says, for each combination of its
// matrix if it has one. Flags stand behind the command that repeats one.
func plays(list []scenarios.Combination, name, flags string) []play {
	var all []play
	for n, c := range list {
		var settings []results.Setting
		for _, s := range c.Settings {
			settings = append(settings, results.Setting(s))
		}
		repeat := c.Scenario.Repeat
		for i := range repeat {
			one := *c.Scenario
			one.Repeat, one.Seed = 1, one.Seed+uint64(i)
			var title []string
			if len(settings) > 0 {
				title = append(title, fmt.Sprintf("combination %d of %d: %s", n+1, len(list), &c))
			}
			if repeat > 1 {
				title = append(title, fmt.Sprintf("run %d of %d, seed %d", i+1, repeat, one.Seed))
			}
			all = append(all, play{&one, settings, lasting(c.Overrides), repeatCommand(name, c.Overrides, one.Seed, repeat > 1) + flags, strings.Join(title, "; ")})
		}
	}
	return all
}

// once runs s one time, showing its progress. A run that has finished is returned beside the
// error of what came after it.
func (p *program) once(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
	show := p.progress()
	defer show.Close()
	o.Observer = show
	r, err := p.play(ctx, s, o)
	if err != nil || p.signer == nil {
		return r, err
	}
	return r, results.Sign(r.Dir, p.signer)
}
