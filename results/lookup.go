package results

import (
	"slices"
	"time"
)

// All is, as a phase, the whole timeline without warm-up and, as a command, every
// command.
const All = "all"

// OrAll is name, or All if it is empty.
func OrAll(name string) string {
	if name == "" {
		return All
	}
	return name
}

// LatencyOf is the row of the percentile table of a phase, a command and a time, or nil.
// An empty name is All.
func (s *Summary) LatencyOf(phase, command string, t Time) *Latency {
	i := slices.IndexFunc(s.Latency, func(l Latency) bool {
		return l.Phase == OrAll(phase) && l.Command == OrAll(command) && l.Time == t
	})
	if i < 0 {
		return nil
	}
	return &s.Latency[i]
}

// ShardLatencyOf is the row of the percentile table of a shard, a phase and a time, or
// nil. An empty phase is All.
func (s *Summary) ShardLatencyOf(shard int, phase string, t Time) *Latency {
	i := slices.IndexFunc(s.Shards, func(l ShardLatency) bool {
		return l.Shard == shard && l.Phase == OrAll(phase) && l.Time == t
	})
	if i < 0 {
		return nil
	}
	return &s.Shards[i].Latency
}

// LoadOf is the row of the load table of a phase and a command, or nil. An empty name is
// All.
func (s *Summary) LoadOf(phase, command string) *PhaseLoad {
	i := slices.IndexFunc(s.Load, func(l PhaseLoad) bool {
		return l.Phase == OrAll(phase) && l.Command == OrAll(command)
	})
	if i < 0 {
		return nil
	}
	return &s.Load[i]
}

// Quantiles are the statistics of a Latency, by the names that metrics use.
func Quantiles() []string {
	return []string{"p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"}
}

// Quantile is one of Quantiles. ok is false for any other name.
func (l Latency) Quantile(name string) (d Duration, ok bool) {
	d, ok = map[string]Duration{
		"p50": l.P50, "p90": l.P90, "p95": l.P95, "p99": l.P99,
		"p99.9": l.P999, "p99.99": l.P9999, "max": l.Max, "mean": l.Mean,
	}[name]
	return d, ok
}

// Share is the share of the requests that were answered ok, 0 to 1; 0 of none.
func (c Counts) Share() float64 {
	if c.Total() == 0 {
		return 0
	}
	return float64(c.OK) / float64(c.Total())
}

// Names of the steps of a failover, in order. The last two follow the server's own, in
// either order.
const (
	StepPFail    = "PFAIL"
	StepFail     = "FAIL"
	StepElection = "election started"
	StepPromoted = "promoted"
	StepProbe    = "first good write (probe)"
	StepClient   = "first good write (client)"
	StepSynced   = "replica in sync"
)

// Completed reports whether another node took over and the shard came back.
func (f Failover) Completed() bool { return f.Complete && f.To != f.From }

// Step is a step of the failover by its name, or nil if it was not seen.
func (f Failover) Step(name string) *Step {
	i := slices.IndexFunc(f.Steps, func(s Step) bool { return s.Name == name })
	if i < 0 || f.Steps[i].Missing {
		return nil
	}
	return &f.Steps[i]
}

// Unended reports whether one of the outages was of the failover's shard and lasted to the
// end of observation, and for how long after the fault.
func (f Failover) Unended(outages []Outage) (Duration, bool) {
	for _, o := range outages {
		if o.Shard == f.Shard && o.Open && o.To > f.Injected {
			return o.To - f.Injected, true
		}
	}
	return 0, false
}

// Gone is how many acknowledged writes were not there at the end, or with another value: either
// way the acknowledged value is gone. Of a partial audit it is a lower bound.
func (a *Audit) Gone() int { return a.Lost + a.Altered }

// Partial reports whether some audited writes could not be read back.
func (a *Audit) Partial() bool { return a.ReadBack < a.Writes || a.Unread != "" }

// OutageErrors counts by class what went wrong with the writes of the probes in outages of
// the timeline: of a shard, or of all.
func (r *Run) OutageErrors(shard *int) map[string]int {
	sum := map[string]int{}
	for _, o := range r.ProbeOutages {
		if n := len(r.Phases); n == 0 || o.To <= r.Phases[0].From || o.From >= r.Phases[n-1].To || shard != nil && o.Shard != *shard {
			continue
		}
		for class, n := range o.Errors {
			sum[class] += n
		}
	}
	return sum
}

// clockPrecision is the least distance of two clocks that matters: that of the lines of a
// server's log.
const clockPrecision = Duration(time.Millisecond)

// ClockAhead is by how much at least, and at most, the clock of the node was ahead of the
// run's; negative is behind. A measurement that does not show a distance is one of 0. The two
// are far apart if a clock was set during the run, or the node moved to another machine.
func (n Node) ClockAhead() (least, most Duration) {
	for i, c := range n.Clocks {
		low, high := c.Offset-c.Uncertainty, c.Offset+c.Uncertainty
		if low <= clockPrecision && high >= -clockPrecision {
			low, high = 0, 0
		}
		if i == 0 || low < least {
			least = low
		}
		if i == 0 || high > most {
			most = high
		}
	}
	return least, most
}
