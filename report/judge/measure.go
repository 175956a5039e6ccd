package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func unitOf(metric string) scenarios.Unit {
	if m, ok := scenarios.MetricNamed(metric); ok {
		return m.Unit
	}
	return scenarios.UnitCount
}

func measure(a *facts.Analysis, o scenarios.Objective, s *results.Summary) measurement {
	kind, quantile, _ := strings.Cut(o.Metric, ".")
	switch o.Metric {
	case "throughput":
		return throughput(a, o, s)
	case "availability":
		return okShare(a, o, s)
	case "outage.shard", "outage.any", "outage.all":
		return outageMeasure(quantile, o.Shard, s.Availability)
	case "failover.server":
		return slowestTime(a, ofShard(s.Failovers, o.Shard), facts.StepProbe, func(f results.Failover) results.Duration { return f.Server })
	case "failover.client":
		return slowestTime(a, ofShard(s.Failovers, o.Shard), facts.StepClient, func(f results.Failover) results.Duration { return f.Client })
	case "failovers":
		list := ofShard(s.Failovers, o.Shard)
		n := len(facts.ServerTimes(list))
		return measured(float64(n), fmt.Sprintf("%s on a primary: %d completed with another primary", words.Plural(len(list), "fault", "faults"), n))
	case "recovery.throughput", "recovery.p99":
		return recovery(a, o)
	case "recovery.whole":
		return recoveryOfTheCluster(a)
	case "writes.lost":
		return writesLost(a, o.Shard)
	case "writes.kept":
		return writesKept(a)
	}
	if kind == "failover" {
		return slowestStep(ofShard(s.Failovers, o.Shard), o.Metric)
	}
	return percentile(a, o, s, results.Time(kind), quantile)
}

// ofShard are the failovers of one shard, or all of them.
func ofShard(list []results.Failover, shard *int) []results.Failover {
	if shard == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(f results.Failover) bool { return f.Shard != *shard })
}

// slowestStep is the longest of one part of the failovers.
func slowestStep(list []results.Failover, metric string) measurement {
	var worst results.Duration
	fault, seen := "", 0
	for _, m := range facts.FailoverMetrics() {
		if m.Name != metric {
			continue
		}
		for _, f := range list {
			if d, ok := m.Of(f); ok && facts.FailedOver(f) {
				if seen++; d >= worst {
					worst, fault = d, f.Fault
				}
			}
		}
	}
	if seen == 0 {
		return nothing("no failover showed it")
	}
	return measured(worst.Std().Seconds(), fmt.Sprintf("fault %s, slowest of %s", fault, words.Plural(seen, "failover", "failovers")))
}

func percentile(a *facts.Analysis, o scenarios.Objective, s *results.Summary, t results.Time, quantile string) measurement {
	row := facts.FindLatency(s.Latency, o.Phase, o.Command, t)
	if o.Shard != nil {
		row = nil
		for i, sh := range s.Shards {
			if sh.Shard == *o.Shard && sh.Phase == facts.OrAll(o.Phase) && sh.Time == t {
				row = &s.Shards[i].Latency
			}
		}
	}
	if row == nil {
		return nothing("no request of " + scope(o) + " was answered")
	}
	v, ok := facts.LatencyFigures(*row)[quantile]
	if !ok {
		return nothing("this version does not measure " + o.Metric)
	}
	return measured(v.Std().Seconds(), fmt.Sprintf("%s answered requests of %s in %s", words.Count(row.Count), scope(o), results.HlogFile))
}

func throughput(a *facts.Analysis, o scenarios.Objective, s *results.Summary) measurement {
	row := facts.FindLoad(s.Load, o.Phase, o.Command)
	if row == nil || row.Seconds == 0 || row.Counts.Total() == 0 {
		return nothing("no request of " + scope(o) + " was due")
	}
	return measured(row.Throughput, fmt.Sprintf("%s answered ok in %g s, %s", words.Count(row.Counts.OK), row.Seconds, results.SeriesFile))
}

func okShare(a *facts.Analysis, o scenarios.Objective, s *results.Summary) measurement {
	row := facts.FindLoad(s.Load, o.Phase, o.Command)
	if row == nil || row.Counts.Total() == 0 {
		return nothing("no request of " + scope(o) + " was due")
	}
	return measured(float64(row.Counts.OK)/float64(row.Counts.Total()),
		fmt.Sprintf("%s of %s answered ok, %s", words.Count(row.Counts.OK), words.Plural(row.Counts.Total(), "request", "requests"), results.SeriesFile))
}

func outageMeasure(which string, shard *int, v results.Availability) measurement {
	if v.Observed == 0 {
		return nothing("no probe ran")
	}
	watched := "probes over " + words.Duration(v.Observed)
	switch which {
	case "any":
		return measured(v.Any.Std().Seconds(), watched+", at least one shard down")
	case "all":
		return measured(v.All.Std().Seconds(), watched+", every shard down at once")
	}
	var worst results.ShardAvailability
	for i, sh := range v.Shards {
		if shard == nil && (i == 0 || sh.Down > worst.Down) || shard != nil && sh.Shard == *shard {
			worst = sh
		}
	}
	return measured(worst.Down.Std().Seconds(), fmt.Sprintf("%s, shard %d, %s", watched, worst.Shard, words.Plural(worst.Outages, "outage", "outages")))
}

// slowestTime is the longest of the failovers' times. One that did not end while
// it was watched counts with the time that it was watched.
func slowestTime(a *facts.Analysis, list []results.Failover, step string, of func(results.Failover) results.Duration) measurement {
	var worst results.Duration
	var fault string
	seen, atLeast := 0, false
	for _, f := range list {
		if f.Complete && f.To == f.From {
			continue
		}
		t, open := of(f), false
		if t == 0 {
			watched, unended := unended(a, f, step)
			if !unended {
				continue
			}
			t, open = watched, true
		}
		seen++
		atLeast = atLeast || open
		if t > worst {
			worst, fault = t, f.Fault
		}
	}
	if seen == 0 {
		return nothing("no failover took place, or nothing watched it")
	}
	m := measured(worst.Std().Seconds(), fmt.Sprintf("fault %s, slowest of %s", fault, words.Plural(seen, "failover", "failovers")))
	if atLeast {
		m.atLeast = true
		m.evidence += "; at least one had not ended when observation did"
	}
	return m
}

// writesLost counts altered values with the lost ones: either way the
// acknowledged value is gone.
func writesLost(a *facts.Analysis, shard *int) measurement {
	au := a.Run.Audit
	if au == nil {
		return nothing("the scenario has no audit")
	}
	if au.OK == 0 {
		return nothing("no audited write was acknowledged")
	}
	lost := au.Lost + au.Altered
	if shard != nil {
		lost = 0
		for _, f := range a.Findings {
			if f.Write.Shard == *shard && (f.Class == "lost" || f.Class == "altered") {
				lost++
			}
		}
	}
	m := measured(float64(lost), fmt.Sprintf("%s of %s read back, %s acknowledged, %s",
		words.Count(au.ReadBack), words.Plural(au.Writes, "audited write", "audited writes"), words.Count(au.OK), results.FindingsFile))
	if facts.Unread(au) {
		m.atLeast = true
		m.evidence += words.Sentence(": ", "; not all could be read back", au.Unread)
	}
	return m
}

// writesKept counts refused writes that took effect: the client got an error, and
// may have written elsewhere.
func writesKept(a *facts.Analysis) measurement {
	au := a.Run.Audit
	if au == nil {
		return nothing("the scenario has no audit")
	}
	m := measured(float64(au.FailedKept), fmt.Sprintf("%s of %s read back, %s refused, %s",
		words.Count(au.ReadBack), words.Plural(au.Writes, "audited write", "audited writes"), words.Count(au.Failed), results.FindingsFile))
	m.atLeast = facts.Unread(au)
	return m
}
