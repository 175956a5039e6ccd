package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// suspect is a package that failed for no other reason than that tests of it failed, which a
// machine with too much to do may have caused.
type suspect struct {
	group *group
	name  string
	tests []string
}

// mostSuspects is how many tests a busy machine may fail in one run. More are a fault of the
// change.
const mostSuspects = 6

// noAccident are the outputs that no busy machine causes.
var noAccident = regexp.MustCompile(`(?m)^(WARNING: DATA RACE|panic: |fatal error: )`)

// suspect says whether a package that failed deserves a second run, and which of its tests.
func (c *collector) suspect(e event) (suspect, bool) {
	s := suspect{group: e.group, name: e.Package, tests: c.broken[e.Package]}
	return s, s.group != nil && s.group.waits && len(s.tests) > 0 &&
		!slices.ContainsFunc(c.output[e.Package], func(o event) bool { return noAccident.MatchString(o.Output) })
}

// again runs the suspects once more, one after the other and with nothing beside them. It
// clears those that pass, and lists them: a test that fails beside others has to be mended.
func (c *collector) again(ctx context.Context) error {
	n := 0
	for _, s := range c.suspects {
		n += len(s.tests)
	}
	if n == 0 || n > mostSuspects {
		return nil
	}
	var unsteady []string
	for _, s := range c.suspects {
		fmt.Fprintf(c.out, "once more, alone: %s %s\n", short(s.name), strings.Join(s.tests, " "))
		second := newCollector(c.out, c.verbose)
		if err := s.alone().run(ctx, second); err != nil {
			return err
		}
		if second.failed() == 0 {
			c.failures--
			for _, t := range s.tests {
				unsteady = append(unsteady, short(s.name)+" "+t)
			}
		}
	}
	if len(unsteady) > 0 {
		fmt.Fprintf(c.out, "unsteady: failed beside others, passed alone:\n  %s\n", strings.Join(unsteady, "\n  "))
	}
	return nil
}

// alone is the run of the suspect's tests.
func (s suspect) alone() group {
	g := *s.group
	g.idle, g.packages = false, []string{s.name}
	g.args = append(slices.Clone(g.args), "-count=1", "-run=^("+strings.Join(s.tests, "|")+")$")
	return g
}
