package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/seek"
	"github.com/slotstorm/slotstorm/internal/tune"
	"github.com/slotstorm/slotstorm/scenarios"
)

// tuneTimeout is what can be tuned.
const tuneTimeout = "timeout"

// tunePlan holds the flags.
type tunePlan struct {
	Condition tune.Condition
	Ladder    []time.Duration
	Repeat    int
	From      int // the position on the ladder that is tried first, from 1 on
	limit     time.Duration
}

// Limits of flags.
const (
	leastTimeout = 100 * time.Millisecond
	mostTimeout  = 5 * time.Minute
	usualHold    = 20 * time.Second
)

func tuneFlags(c *cli.Context, s *scenarios.Scenario) (*tunePlan, error) {
	plan := &tunePlan{Repeat: c.Int("repeat"), limit: c.Duration("time")}
	least, most, steps := c.Duration("least"), c.Duration("most"), c.Int("steps")
	switch {
	case plan.Repeat < 1 || plan.Repeat > 1000:
		return nil, usagef("--repeat must be 1 to 1000, not %d", plan.Repeat)
	case plan.limit < 0:
		return nil, usagef("--time must not be less than 0, not %s", plan.limit)
	case least < leastTimeout || most > mostTimeout || least > most:
		return nil, usagef("--least %s and --most %s: use timeouts from %s to %s, the least first", least, most, leastTimeout, mostTimeout)
	case steps < 1 || steps > 100:
		return nil, usagef("--steps must be 1 to 100, not %d", steps)
	}
	plan.Ladder = tune.Ladder(most, least, steps)
	plan.From = tune.Nearest(plan.Ladder, s.Redis.NodeTimeout())
	var err error
	plan.Condition, err = tuneCondition(c)
	return plan, err
}

// tuneCondition reads the flags of the condition. Without any, it is the scenario's own timeline,
// unless that has no fault and no network.
func tuneCondition(c *cli.Context) (tune.Condition, error) {
	var t tune.Condition
	for _, name := range []string{"delay", "jitter", "loss", "traffic", "hold"} {
		if c.IsSet(name) {
			t.Hold = c.Duration("hold")
		}
	}
	if t.Hold == 0 && !c.IsSet("hold") {
		return t, nil
	}
	t.Delay, t.Jitter, t.Traffic = c.Duration("delay"), c.Duration("jitter"), c.String("traffic")
	switch {
	case t.Hold < time.Second || t.Hold%time.Second != 0:
		return t, usagef("--hold %s: use whole seconds, such as 20s", t.Hold)
	case wrongDelay(t.Delay):
		return t, usagef("--delay %s: use 100us to 1m", t.Delay)
	case wrongDelay(t.Jitter):
		return t, usagef("--jitter %s: use 100us to 1m", t.Jitter)
	}
	if text := c.String("loss"); text != "" {
		v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		if err != nil || !(v > 0 && v <= 100) {
			return t, usagef("--loss %q: use a percentage above 0 up to 100, such as 1%%", text)
		}
		t.Loss = v
	}
	switch t.Traffic {
	case "bus", "client", "all":
		return t, nil
	}
	return t, usagef("--traffic: unknown traffic %q%s; use bus, client or all", t.Traffic, suggest(t.Traffic, []string{"bus", "client", "all"}))
}

func wrongDelay(d time.Duration) bool {
	return d != 0 && (d < 100*time.Microsecond || d > time.Minute)
}

// fits reports why a run of the plan could not be made, before anything is started.
func (plan *tunePlan) fits(s *scenarios.Scenario) error {
	switch {
	case s.Cluster.Provider != "local":
		return usagef("slotstorm tune needs cluster.provider local")
	case s.Redis.ReplicasPerShard == 0:
		return usagef("a failover needs a replica: set redis.replicasPerShard")
	}
	for _, timeout := range plan.Ladder {
		if _, err := tune.At(s, plan.Condition, timeout, 0); err != nil {
			return &exit{exitInvalid, err}
		}
		if _, err := tune.Killed(s, plan.Condition, timeout); err != nil {
			return &exit{exitInvalid, err}
		}
	}
	return nil
}

// search is how the positions of the ladder are searched: a higher one is a lower timeout.
func (plan *tunePlan) search() seek.Plan {
	return seek.Plan{From: float64(plan.From), Least: 1, Most: float64(len(plan.Ladder)), Whole: true, Confirm: 1}
}
