// Package capacity makes the scenario of a run that holds one rate.
package capacity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Timing of a step.
const (
	warmup = 2 * time.Second
	// failoverRoom over twice the node-timeout is the longest time of a failover:
	// see package report's prediction.
	failoverRoom = 3 * time.Second
)

// mostInFlight is the highest workload.maxInFlight.
const mostInFlight = 100_000

// Scenario is the scenario of one step: base's cluster and load at a constant
// rate, and nothing else. In oneDown the primary of shard 0 is killed at the
// start and stays away until the end; what is judged begins when its replica has
// taken over. It fails if base has nothing to judge a step by.
func Scenario(base *scenarios.Scenario, shards int, oneDown bool, rate float64, hold time.Duration) (*scenarios.Scenario, error) {
	text, err := base.YAML()
	if err != nil {
		return nil, err
	}
	objectives, err := objectives(base)
	if err != nil {
		return nil, err
	}
	set := []string{
		"redis.shards=" + strconv.Itoa(shards),
		"repeat=1",
		"timeline.faults=null", "timeline.upgrade=null",
		"workload.audit=null", "workload.pattern=null",
		"workload.warmup=" + warmup.String(),
		"workload.rate=" + strconv.FormatFloat(rate, 'f', -1, 64),
		fmt.Sprintf("workload.maxInFlight=%d", min(max(base.Workload.MaxInFlight, int(rate)), mostInFlight)),
		"objectives=[" + strings.Join(objectives, ", ") + "]",
	}
	if !oneDown {
		return scenarios.Parse(base.Metadata.Name, text, append(set, fmt.Sprintf("timeline.phases=[{name: %s, duration: %s}]", compare.HoldPhase, hold))...)
	}
	away := failover(base)
	set = append(set,
		fmt.Sprintf("timeline.phases=[{name: failover, duration: %s}, {name: %s, duration: %s}]", away, compare.HoldPhase, hold),
		"timeline.faults=[{name: one-down, at: 0s, kill: {target: primary of shard 0, signal: SIGKILL, away: forever}}]")
	return scenarios.Parse(base.Metadata.Name, text, set...)
}

// failover is how long a failover may take, in whole seconds.
func failover(s *scenarios.Scenario) time.Duration {
	return time.Duration(math.Ceil((2*s.Redis.NodeTimeout() + failoverRoom).Seconds())) * time.Second
}

// objectives are those of s that judge a load: latencies and availability. Those
// of a phase count if it is the first, the steady one.
func objectives(s *scenarios.Scenario) ([]string, error) {
	var list []string
	available := false
	for _, o := range s.Objectives {
		family, _, _ := strings.Cut(o.Metric, ".")
		judges := family == "response" || family == "service" || family == "availability"
		relative := o.Max != nil && o.Max.Relative || o.Min != nil && o.Min.Relative
		if !judges || relative || o.Shard != nil || o.Phase != "" && o.Phase != s.Timeline.Phases[0].Name {
			continue
		}
		parts := []string{"metric: " + o.Metric, "phase: " + compare.HoldPhase}
		if o.Command != "" {
			parts = append(parts, "command: "+strconv.Quote(o.Command))
		}
		if o.Max != nil {
			parts = append(parts, "max: "+o.Max.Text)
		}
		if o.Min != nil {
			parts = append(parts, "min: "+o.Min.Text)
		}
		available = available || family == "availability"
		list = append(list, "{"+strings.Join(parts, ", ")+"}")
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no objective that judges a load: add one on response, service or availability, such as {metric: response.p99, max: 20ms}", s.Metadata.Name)
	}
	if !available {
		list = append(list, "{metric: availability, phase: "+compare.HoldPhase+", min: 99.9%}")
	}
	return list, nil
}
