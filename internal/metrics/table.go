package metrics

import (
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// All lists the metrics, in the order of the documentation and of tables. Thresholds
// follow how well a figure repeats: one that many requests decide repeats better than
// one that a few do.
func All() []Metric {
	return slices.Concat(
		latencies(results.Response, "response time, from the scheduled time of a request to its reply", map[string]Deciding{"p50": DecidesSteady, "p99": DecidesSteady}),
		// Service time leaves out how late the generator was: a busy machine blurs it less.
		latencies(results.Service, "service time, from the send of a request to its reply", map[string]Deciding{"p50": DecidesSteady}),
		latencies(results.Slip, "slip time, from the scheduled time of a request to its send", nil),
		ofTheLoad(), outages(), failovers(), recoveriesAndWrites(),
	)
}

// Named is the metric of a name.
func Named(name string) (Metric, bool) {
	all := All()
	i := slices.IndexFunc(all, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return all[i], true
}

// Names are the names of all metrics.
func Names() []string {
	var list []string
	for _, m := range All() {
		list = append(list, m.Name)
	}
	return list
}

// LatencyFamily is the family of one of the three times, of runs under way too.
func LatencyFamily(t results.Time) Family {
	help := map[results.Time]string{
		results.Response: "Response time, from the scheduled time of a request to its reply.",
		results.Service:  "Service time, from the send of a request to its reply.",
		results.Slip:     "Slip, from the scheduled time of a request to its send.",
	}
	return Family{"slotstorm_" + string(t) + "_seconds", "seconds", help[t]}
}

func latencies(t results.Time, doc string, decides map[string]Deciding) []Metric {
	family := LatencyFamily(t)
	var list []Metric
	for _, q := range results.Quantiles() {
		matters := beyond(0.10, 20*time.Microsecond)
		if q == "p50" || q == "mean" {
			matters.Share = 0.05
		}
		list = append(list, Metric{
			Name: string(t) + "." + q, Unit: results.UnitDuration, Better: Lower, Doc: q + " of " + doc,
			ByCommand: true, ByPhase: true, ByShard: true, Matters: matters, Decides: decides[q],
			Export: Export{Family: family, Label: "statistic", Value: q}, source: ofLatency{t, q},
		})
	}
	return list
}

func ofTheLoad() []Metric {
	return []Metric{
		{
			Name: "throughput", Unit: results.UnitRate, Better: Higher, Doc: "requests answered ok per second of the phase in which they were due",
			ByCommand: true, ByPhase: true, Matters: Threshold{Share: 0.05}, Decides: DecidesWholeClosed, Explains: true,
			Export: Export{Family: Family{"slotstorm_throughput", "", "Requests answered ok per second."}},
			source: ofLoad{
				value: func(l results.PhaseLoad) float64 { return l.Throughput },
				evidence: func(l results.PhaseLoad) string {
					return fmt.Sprintf("%s answered ok in %g s", words.Count(l.Counts.OK), l.Seconds)
				},
			},
		},
		{
			Name: "availability", Unit: results.UnitRatio, Better: Higher, Doc: "share of due requests that were answered ok",
			ByCommand: true, ByPhase: true, Matters: Threshold{Floor: 0.001}, Decides: DecidesWhole,
			Export: Export{Family: Family{"slotstorm_availability_ratio", "ratio", "Share of due requests that were answered ok."}},
			source: ofLoad{
				value: func(l results.PhaseLoad) float64 { return l.Counts.Share() },
				evidence: func(l results.PhaseLoad) string {
					return fmt.Sprintf("%s of %s answered ok", words.Count(l.Counts.OK), words.Plural(l.Counts.Total(), "request", "requests"))
				},
			},
		},
		{
			Name: "hits", Unit: results.UnitRatio, Better: Higher, Needs: NeedsReads, Doc: "share of the reads answered ok that found something: a miss was answered with null, an empty list, or a list of nulls",
			ByCommand: true, ByPhase: true, Matters: Threshold{Floor: 0.01},
			Export: Export{Family: Family{"slotstorm_hits_ratio", "ratio", "Share of the reads answered ok that found something."}},
			source: ofLoad{
				value: func(l results.PhaseLoad) float64 { rate, _ := l.Counts.HitRate(); return rate },
				missing: func(l results.PhaseLoad) string {
					if _, ok := l.Counts.HitRate(); !ok {
						return "no read was answered ok"
					}
					return ""
				},
				evidence: func(l results.PhaseLoad) string {
					return fmt.Sprintf("%s of %s found something", words.Count(l.Counts.Hits), words.Plural(l.Counts.Hits+l.Counts.Misses, "read", "reads"))
				},
			},
		},
	}
}

func outages() []Metric {
	row := func(of, doc string, source ofRun) Metric {
		return Metric{
			Name: "outage." + of, Unit: results.UnitDuration, Better: Lower, Doc: doc, Matters: beyond(0.10, 50*time.Millisecond),
			Export: Export{Family: Family{"slotstorm_outage_seconds", "seconds", "Time without writes, seen by probes: of the worst shard, of any shard, or of all shards at once."}, Label: "of", Value: of},
			source: source,
		}
	}
	shard := row("shard", "total time in which the worst shard, or the one that is named, refused the writes of probes", outage(worstShard))
	shard.ByShard = true
	return []Metric{
		row("any", "time in which at least one shard refused writes", outage(anyShard)),
		row("all", "time in which no shard accepted writes", outage(allShards)),
		shard,
	}
}

func failovers() []Metric {
	row := func(part, doc string, decides Deciding, source ofFailover) Metric {
		return Metric{
			Name: "failover." + part, Unit: results.UnitDuration, Better: Lower, Doc: doc, ByShard: true, Needs: NeedsFailover,
			Matters: beyond(0.10, 50*time.Millisecond), Decides: decides, Explains: true,
			Export: Export{Family: Family{"slotstorm_failover_seconds", "seconds", "Duration of each failover, in total and by step."}, Label: "part", Value: part, Numbered: true},
			source: source,
		}
	}
	server := whole(func(f results.Failover) results.Duration { return f.Server }, func(r *results.Run) []results.Outage { return r.ProbeOutages })
	client := whole(func(f results.Failover) results.Duration { return f.Client }, func(r *results.Run) []results.Outage { return r.ClientOutages })
	synced := whole(func(f results.Failover) results.Duration { return f.Synced }, nil)
	return []Metric{
		row("server", "slowest failover: from the fault until the first successful write of a probe", Decides, server),
		row("client", "slowest failover: from the fault until the first successful write of the application client", Decides, client),
		row("pfail", "slowest detection: from the fault until the first node suspects the primary (PFAIL)", DecidesNothing, step(results.StepPFail)),
		row("fail", "slowest agreement: from the first suspicion (PFAIL) until a majority of the primaries agrees (FAIL)", DecidesNothing, step(results.StepFail)),
		row("election", "longest wait for an election: from the agreement (FAIL) until a replica asks for votes", DecidesNothing, step(results.StepElection)),
		row("promotion", "slowest vote: from the request for votes until a replica is promoted", DecidesNothing, step(results.StepPromoted)),
		row("write", "longest wait for writes: from the promotion until the first successful write of a probe", DecidesNothing, step(results.StepProbe)),
		row("synced", "longest time from the fault until the old primary follows the new one, or, if it does not, the last other replica", DecidesNothing, synced),
		{
			Name: "failovers", Unit: results.UnitCount, Better: Neither, Doc: "failovers that completed", ByShard: true, Needs: NeedsFailoverToExceedZero,
			Matters: Threshold{Share: 0.10, Floor: 1}, Export: Export{Family: Family{"slotstorm_failovers", "", "Failovers that completed."}}, source: completed{},
		},
	}
}

func recoveriesAndWrites() []Metric {
	recovered := func(of, doc string, tolerates bool, source ofRun) Metric {
		return Metric{
			Name: "recovery." + of, Unit: results.UnitDuration, Better: Lower, Doc: doc, Tolerates: tolerates, Needs: NeedsFault,
			Matters: beyond(0.10, 50*time.Millisecond),
			Export:  Export{Family: Family{"slotstorm_recovery_seconds", "seconds", "Longest time from a fault until the load, or the cluster, was as before it."}, Label: "of", Value: of},
			source:  source,
		}
	}
	writes := func(what, doc, help string, decides Deciding, source ofRun) Metric {
		return Metric{
			Name: "writes." + what, Unit: results.UnitCount, Better: Lower, Doc: doc, Needs: NeedsAudit,
			Matters: Threshold{Share: 0.10, Floor: 1}, Decides: decides, Export: Export{Family: Family{"slotstorm_writes_" + what, "", help}}, source: source,
		}
	}
	lost := writes("lost", "acknowledged audited writes that were gone after the faults were healed", "Acknowledged audited writes that were gone after the faults were healed.", Decides, writesLost)
	lost.ByShard = true
	return []Metric{
		recovered("throughput", "longest time from a fault until the share of requests answered ok is, for three seconds in a row, lower than in the steady state by at most within", true, recovery("throughput")),
		recovered("p99", "longest time from a fault until the p99 response time is, for three seconds in a row, higher than in the steady state by at most within", true, recovery("p99")),
		recovered("whole", "longest time from a fault until the cluster is whole again: all nodes run and agree, and all replicas are in sync", false, wholeAgain),
		lost,
		writes("kept", "audited writes that were refused but were in the data after the faults were healed", "Refused audited writes that took effect.", DecidesNothing, writesKept),
	}
}
