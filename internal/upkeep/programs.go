package upkeep

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// injected are the faults of a run by the names of their injections.
func injected(s *scenarios.Scenario) map[string]scenarios.Fault {
	faults := map[string]scenarios.Fault{}
	for _, in := range chaos.Plan(s.Timeline, s.Seed) {
		faults[in.Name] = in.Fault
	}
	return faults
}

// addressesOf are those of the nodes of a run, by name.
func addressesOf(j *results.Journal) map[string]string {
	addresses := map[string]string{}
	for _, e := range j.Entries {
		if e.Step == "nodes" {
			addresses = e.Addresses
		}
	}
	return addresses
}

// undoing are the commands that undo those that were in force when the run of s ended.
func undoing(s *scenarios.Scenario, j *results.Journal) []deployer.Undo {
	var undo []deployer.Undo
	faults, addresses := injected(s), addressesOf(j)
	for _, e := range j.Open() {
		c := faults[e.Fault].Command
		if c == nil || len(c.Undo) == 0 {
			continue
		}
		for _, n := range e.Nodes {
			undo = append(undo, deployer.Undo{Node: n, Addr: addresses[n], Command: c.Undo})
		}
	}
	return undo
}

// heal runs the heal programs of the faults that were in force when the run of s ended, and
// says how they ended. An empty text means that there are none.
func heal(ctx context.Context, s *scenarios.Scenario, j *results.Journal, allowed bool) (string, error) {
	faults, addresses := injected(s), addressesOf(j)
	var said []string
	for _, e := range j.Open() {
		spec := faults[e.Fault].Exec
		if spec == nil || len(spec.Heal) == 0 {
			continue
		}
		if !allowed {
			return "", fmt.Errorf("fault %s is healed by a program (%s): add --allow-exec if you trust it", e.Fault, scenarios.Line(spec.Heal))
		}
		p := native.Program{Fault: e.Fault, Limit: spec.Timeout.Std(), Names: e.Nodes}
		if a := s.Redis.Auth; a != nil && a.PasswordEnv != "" {
			p.Secret = os.Getenv(a.PasswordEnv)
		}
		for _, n := range e.Nodes {
			p.Addrs = append(p.Addrs, addresses[n])
		}
		how, err := p.Run(ctx, "heal", spec.Heal)
		if err != nil {
			return "", fmt.Errorf("fault %s: %w", e.Fault, err)
		}
		said = append(said, how)
	}
	return strings.Join(said, "; "), nil
}
