// Package tune makes the scenarios of the runs that find the lowest cluster-node-timeout: under
// stated conditions, and with a primary killed.
package tune

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Condition is a network between the shards that is slow or loses packets. Its zero value
// leaves a scenario's own timeline as it is.
type Condition struct {
	// Delay is that of a packet in each direction, and Jitter how much it varies. A delay
	// below the jitter is raised to it.
	Delay, Jitter time.Duration
	// Loss is the percentage of packets that are lost, 0 to 100.
	Loss float64
	// Traffic is all, client or bus.
	Traffic string
	// Hold is how long the condition lasts in each run, in whole seconds; 0 is the
	// scenario's own timeline.
	Hold time.Duration
}

// Timing of a run.
const (
	// periods is how many node-timeouts a run lasts at least: a node that answers no more
	// is marked FAIL within two.
	periods = 2
	// settle is the time before a kill, for a condition to be in force and proved.
	settle = 5 * time.Second
	// failoverRoom is what a failover may take beyond twice the node-timeout: the election,
	// and votes over a slow network.
	failoverRoom = 8 * time.Second
)

// At is the scenario base with a cluster-node-timeout, under the condition. Each repetition has
// a seed of its own.
func At(base *scenarios.Scenario, c Condition, timeout time.Duration, repetition int) (*scenarios.Scenario, error) {
	s := with(base, timeout)
	s.Seed += uint64(repetition)
	if c.Hold > 0 {
		hold := max(c.Hold, wholeSeconds(periods*timeout))
		s.Workload.Pattern = nil
		s.Timeline = scenarios.Timeline{Phases: []scenarios.Phase{{Name: compare.QuietPhase, Duration: scenarios.Duration(hold)}}, Faults: c.faults(base.Redis.Shards, hold)}
	}
	return parse(s)
}

// Killed is At with nothing but the condition and one primary that is killed, and stays away.
func Killed(base *scenarios.Scenario, c Condition, timeout time.Duration) (*scenarios.Scenario, error) {
	s := with(base, timeout)
	after := wholeSeconds(periods*timeout + failoverRoom)
	faults := c.faults(base.Redis.Shards, settle+after)
	if c.Hold == 0 {
		faults = lasting(base.Timeline, settle+after)
	}
	kill := scenarios.Fault{Name: "kill", At: scenarios.Duration(settle), Engine: "auto", Kill: &scenarios.Kill{
		Target: scenarios.Target{Role: scenarios.Primary}, Scope: "pod", Signal: "SIGKILL", Away: &scenarios.Away{Forever: true},
	}}
	s.Workload.Pattern = nil
	s.Timeline = scenarios.Timeline{
		Phases: []scenarios.Phase{{Name: compare.QuietPhase, Duration: scenarios.Duration(settle)}, {Name: compare.KilledPhase, Duration: scenarios.Duration(after)}},
		Faults: append(faults, kill),
	}
	return parse(s)
}

// with is base with a node-timeout, and without what decides about a run alone.
func with(base *scenarios.Scenario, timeout time.Duration) *scenarios.Scenario {
	s := *base
	s.Redis.Config = maps.Clone(base.Redis.Config)
	if s.Redis.Config == nil {
		s.Redis.Config = map[string]string{}
	}
	const directive = "cluster-node-timeout"
	s.Redis.Config[directive] = strconv.FormatInt(timeout.Milliseconds(), 10)
	s.Redis.Nodes = slices.Clone(base.Redis.Nodes)
	for i, n := range s.Redis.Nodes {
		s.Redis.Nodes[i].Config = maps.Clone(n.Config)
		delete(s.Redis.Nodes[i].Config, directive)
	}
	s.Objectives, s.Repeat, s.Workload.Audit = nil, 1, nil
	return &s
}

// parse gives s its defaults, and checks it as a file is checked.
func parse(s *scenarios.Scenario) (*scenarios.Scenario, error) {
	text, err := s.YAML()
	if err != nil {
		return nil, err
	}
	return scenarios.Parse(s.Metadata.Name, text, "objectives=[]")
}

// faults are the condition: each shard is far from those after it. The nodes of one shard
// stay close to each other. The primaries alone decide whether a node is marked FAIL, and
// they are in different shards.
func (c Condition) faults(shards int, lasts time.Duration) []scenarios.Fault {
	var list []scenarios.Fault
	for i := range shards - 1 {
		between, and := []scenarios.Party{shard(i)}, []scenarios.Party{}
		for j := i + 1; j < shards; j++ {
			and = append(and, shard(j))
		}
		if delay := max(c.Delay, c.Jitter); delay > 0 {
			list = append(list, scenarios.Fault{Name: fmt.Sprintf("delay-%d", i), Engine: "auto", Duration: scenarios.Duration(lasts), Delay: &scenarios.Delay{
				Between: between, And: and, Direction: "both", Traffic: c.Traffic, Latency: scenarios.Duration(delay), Jitter: scenarios.Duration(c.Jitter), Distribution: "uniform",
			}})
		}
		if c.Loss > 0 {
			list = append(list, scenarios.Fault{Name: fmt.Sprintf("loss-%d", i), Engine: "auto", Duration: scenarios.Duration(lasts), Loss: &scenarios.Loss{
				Between: between, And: and, Direction: "both", Traffic: c.Traffic, Percent: c.Loss,
			}})
		}
	}
	return list
}

func shard(i int) scenarios.Party {
	return scenarios.Party{Target: scenarios.Target{Count: scenarios.Every, Shard: i}}
}

// lasting are the faults of a timeline that leave nodes able to serve, such as a slow network,
// each from the start to the end.
func lasting(t scenarios.Timeline, lasts time.Duration) []scenarios.Fault {
	var list []scenarios.Fault
	for _, f := range t.Faults {
		if traits := f.Traits(); !traits.Lasts || traits.Deposes == scenarios.Surely || traits.Disconnects || traits.Takes == scenarios.TakesDisk && f.SlowDisk == nil {
			continue
		}
		f.At, f.Duration, f.Repeat = 0, scenarios.Duration(lasts), nil
		list = append(list, f)
	}
	return list
}

func wholeSeconds(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(d.Seconds())) * time.Second
}

// String is the condition in words.
func (c Condition) String() string {
	var list []string
	if delay := max(c.Delay, c.Jitter); delay > 0 {
		text := "a delay of " + delay.String()
		if c.Jitter > 0 {
			text += " ± " + c.Jitter.String() + " (uniform)"
		}
		list = append(list, text)
	}
	if c.Loss > 0 {
		list = append(list, fmt.Sprintf("%g %% loss", c.Loss))
	}
	if len(list) == 0 {
		return "no delay and no loss"
	}
	text := list[0]
	if len(list) > 1 {
		text += " and " + list[1]
	}
	traffic := map[string]string{"bus": "bus traffic", "client": "client traffic", "all": "all traffic"}[c.Traffic]
	return text + " in each direction between the shards, on " + traffic
}

// Ladder are n timeouts from the highest to the lowest, each the same factor below the one
// before, rounded to 10 ms. Equal ones count once.
func Ladder(most, least time.Duration, n int) []time.Duration {
	const unit = 10 * time.Millisecond
	var list []time.Duration
	for i := range n {
		share := 0.0
		if n > 1 {
			share = float64(i) / float64(n-1)
		}
		list = append(list, time.Duration(float64(most)*math.Pow(float64(least)/float64(most), share)).Round(unit))
	}
	return slices.Compact(list)
}

// Nearest is the position in a ladder, from 1 on, of the timeout whose ratio to timeout is the
// smallest.
func Nearest(ladder []time.Duration, timeout time.Duration) int {
	far := func(d time.Duration) float64 { return math.Abs(math.Log(float64(d) / float64(max(timeout, 1)))) }
	best := slices.MinFunc(ladder, func(a, b time.Duration) int { return cmp.Compare(far(a), far(b)) })
	return 1 + slices.Index(ladder, best)
}
