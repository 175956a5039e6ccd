package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// loadTable prints the result as people read it.
func loadTable(to io.Writer, r *loader.Result) error {
	w := &sticky{w: to}
	kind := "one server, " + r.Server.String()
	if r.Cluster {
		kind = fmt.Sprintf("%s, a cluster of %d shards", r.Server, r.Shards)
	}
	loop := "closed loop: times do not include the delay of requests that a stall kept from being sent"
	if r.OpenLoop {
		loop = "open loop: response times count from the scheduled start of a request"
	}
	fmt.Fprintf(w, "%s, %s for %.2f s; %s\n\n", kind, r.Client.Type, r.Elapsed.Std().Seconds(), loop)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "command\trequests\tok\tfailed\tunknown\toverflow\tok/s\tmean\tp50\tp90\tp99\tp99.9\tmax\tslip p99\t")
	for _, row := range r.Rows {
		c, l := row.Counts, cellsOf(row.Response, "-")
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", row.Command, c.Total(), c.OK, c.Failed, c.Unknown, c.Overflow,
			row.PerSec, l.mean, l.p50, l.p90, l.p99, l.p999, l.max, cellsOf(row.Slip, "-").p99)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(r.Shard) > 1 {
		fmt.Fprintln(w)
		fmt.Fprintln(t, "shard\tok\tmean\tp50\tp90\tp99\tp99.9\tmax\tservice p99\t")
		for _, row := range r.Shard {
			l := cellsOf(row.Response, "-")
			fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", row.Shard, row.OK, l.mean, l.p50, l.p90, l.p99, l.p999, l.max, cellsOf(row.Service, "-").p99)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, "\nResponse times in milliseconds. Slip is how late requests were sent.")
	if r.Reads != nil {
		fmt.Fprintf(w, "reads: %d answered by primaries, %d by replicas\n", r.Reads.Primary, r.Reads.Replica)
	}
	if all := r.Rows[len(r.Rows)-1].Counts; all.Misses > 0 {
		fmt.Fprintf(w, "reads: %d found something, %d nothing\n", all.Hits, all.Misses)
	}
	if len(r.Errors) > 0 {
		fmt.Fprintf(w, "errors: %s\n", words.Classes(r.Errors))
	}
	if r.Interrupted != "" {
		fmt.Fprintf(w, "! interrupted: %s after %.2f s; the figures describe the load until then\n", r.Interrupted, r.Elapsed.Std().Seconds())
	}
	if r.Notice != "" {
		fmt.Fprintln(w, "! "+r.Notice)
	}
	fmt.Fprintf(w, "client CPU %.2f s, %.2f µs per request\n", r.CPU.Std().Seconds(), float64(r.PerRequest.Std())/1e3)
	return w.err
}

// cells are the figures of a time in milliseconds.
type cells struct{ mean, p50, p90, p99, p999, p9999, max string }

// cellsOf are all none for a time that no request had.
func cellsOf(l *loader.Percentiles, none string) cells {
	if l == nil {
		return cells{none, none, none, none, none, none, none}
	}
	ms := func(m results.Duration) string { return fmt.Sprintf("%.3f", float64(m)/1e6) }
	return cells{ms(l.Mean), ms(l.P50), ms(l.P90), ms(l.P99), ms(l.P999), ms(l.P9999), ms(l.Max)}
}

// loadCSV prints a line for each command, times in milliseconds.
func loadCSV(to io.Writer, r *loader.Result) error {
	w := &sticky{w: to}
	fmt.Fprintln(w, "command,requests,ok,failed,unknown,overflow,ok_per_s,mean_ms,p50_ms,p90_ms,p99_ms,p99.9_ms,p99.99_ms,max_ms,service_p99_ms,slip_p99_ms")
	for _, row := range r.Rows {
		c, l := row.Counts, cellsOf(row.Response, "")
		fmt.Fprintf(w, "%s,%d,%d,%d,%d,%d,%.1f,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", row.Command, c.Total(), c.OK, c.Failed, c.Unknown, c.Overflow,
			row.PerSec, l.mean, l.p50, l.p90, l.p99, l.p999, l.p9999, l.max, cellsOf(row.Service, "").p99, cellsOf(row.Slip, "").p99)
	}
	return w.err
}
