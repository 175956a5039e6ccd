package sections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// loadTable puts load and the most asked percentiles of a phase and command
// into one row.
func loadTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Load", Grouped: true, Head: append(doc.Columns("phase", "command"),
		doc.Numbers("requests", "ok", "ok/s", "p50", "p99", "p99.9", "max", "service p99", "slip p99")...)}
	missed := slices.ContainsFunc(s.Load, func(l results.PhaseLoad) bool { return l.Counts.Misses > 0 })
	if missed {
		t.Head = append(t.Head, doc.Numbers("hits")...)
	}
	for _, l := range s.Load {
		if l.Counts.Total() == 0 {
			continue
		}
		row := []string{phaseName(l.Phase), l.Command, words.Count(l.Counts.Total()), words.Percent(l.Counts.Share()), words.Rate(l.Throughput)}
		if r := s.LatencyOf(l.Phase, l.Command, results.Response); r != nil {
			row = append(row, words.Duration(r.P50), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.Max))
		} else {
			row = append(row, words.None, words.None, words.None, words.None)
		}
		for _, kind := range []results.Time{results.Service, results.Slip} {
			if r := s.LatencyOf(l.Phase, l.Command, kind); r != nil {
				row = append(row, words.Duration(r.P99))
			} else {
				row = append(row, words.None)
			}
		}
		if missed {
			row = append(row, hitRate(l.Counts))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func hitRate(c results.Counts) string {
	if rate, ok := c.HitRate(); ok {
		return words.Percent(rate)
	}
	return words.None
}

// phaseName calls the whole what it is.
func phaseName(name string) string {
	if name == results.All {
		return "all phases"
	}
	return name
}

// percentileTable is the full table of one of the three times.
func percentileTable(s *results.Summary, kind results.Time) doc.Table {
	t := doc.Table{Title: string(kind) + " time", Grouped: true, Head: append(doc.Columns("phase", "command"),
		doc.Numbers("requests ok", "mean", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")...)}
	for _, r := range s.Latency {
		if r.Time == kind {
			t.Rows = append(t.Rows, []string{phaseName(r.Phase), r.Command, words.Count(r.Count), words.Duration(r.Mean), words.Duration(r.P50), words.Duration(r.P90),
				words.Duration(r.P95), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.P9999), words.Duration(r.Max)})
		}
	}
	return t
}

// shardTable shows each shard's times before, during and after a fault.
func shardTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Latency by shard", Grouped: true, Head: append(doc.Columns("phase", "shard"),
		doc.Numbers("requests ok", "p50", "p99", "p99.9", "max", "service p50", "service p99", "service max")...)}
	service := map[string]results.Latency{}
	place := func(r results.ShardLatency) string { return fmt.Sprint(r.Shard, " ", r.Phase) }
	for _, r := range s.Shards {
		if r.Time == results.Service {
			service[place(r)] = r.Latency
		}
	}
	for _, r := range s.Shards {
		if v, ok := service[place(r)]; ok && r.Time == results.Response {
			t.Rows = append(t.Rows, []string{phaseName(r.Phase), fmt.Sprint(r.Shard), words.Count(r.Count), words.Duration(r.P50), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.Max),
				words.Duration(v.P50), words.Duration(v.P99), words.Duration(v.Max)})
		}
	}
	return t
}

// readTable shows where reads were answered, of clients that may read from replicas.
func readTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Reads by role", Head: append(doc.Columns("phase"), doc.Numbers("from primaries", "from replicas", "share of replicas")...),
		Note: doc.Prose("Reads of a key that were answered ok, by the role that the client knew the answering node to have.")}
	for _, l := range s.Load {
		if r := l.Reads; r != nil && r.Primary+r.Replica > 0 {
			t.Rows = append(t.Rows, []string{phaseName(l.Phase), words.Count(r.Primary), words.Count(r.Replica), words.Percent(float64(r.Replica) / float64(r.Primary+r.Replica))})
		}
	}
	return t
}

// errorTable counts the requests that were not answered ok.
func errorTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Errors", Head: slices.Concat(doc.Columns("phase"), doc.Numbers("failed", "unknown", "not sent"), doc.Long("by error")),
		Note: doc.Prose("*failed*: certainly not executed (refused by Redis, or no connection). *unknown*: sent, and may have been executed (no answer, an error of a script or a transaction, or too few replicas confirmed a `WAIT`). *not sent*: skipped, because the number of requests without an answer had reached workload.maxInFlight. *by error*: the requests of these three columns, by kind of error.")}
	for _, l := range s.Load {
		if l.Command == results.All && l.Counts.Total() > l.Counts.OK {
			t.Rows = append(t.Rows, []string{phaseName(l.Phase), words.Count(l.Counts.Failed), words.Count(l.Counts.Unknown), words.Count(l.Counts.Overflow), words.Classes(l.Errors)})
		}
	}
	return t
}

// load is what was asked, what came back, and how soon.
func load(b *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "latency", Title: "Load and latency"}
	table := loadTable(s)
	hits := ""
	if len(table.Head) > 11 {
		hits = " *hits* is the share of the reads that found something; a read without a value is a miss, and *ok*."
	}
	table.Note = doc.Prose("The columns *p50*, *p99*, *p99.9* and *max* show the response time, from the scheduled time of a request to its reply. *service p99* counts from send to reply, and *slip p99* from scheduled time to send. All times count only requests that succeeded (*ok*). No column includes the warm-up." + hits)
	d.Blocks = append(d.Blocks, table)
	if reads := readTable(s); len(reads.Rows) > 0 {
		d.Blocks = append(d.Blocks, reads)
	}
	for i, kind := range facts.Times() {
		if t := percentileTable(s, kind); len(t.Rows) > 0 {
			title := strings.ToUpper(string(kind[:1])) + string(kind[1:]) + " time"
			d.Blocks = append(d.Blocks, doc.Only(doc.Page, doc.Details{Summary: title, More: "all percentiles, by phase and command", Open: i == 0, Blocks: []doc.Block{t}}))
		}
	}
	shards := doc.Terminal | doc.Written
	if len(b.Run.Shards) < 2 {
		shards = doc.Written
	}
	d.Blocks = append(d.Blocks, doc.Only(shards, shardTable(s)), errorTable(s))
	return d
}
