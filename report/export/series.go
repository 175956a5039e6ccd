package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

// seriesRow is one second of one command, of one shard, or of all together. It leaves out
// what was not measured, so that no average takes it for 0.
type seriesRow struct {
	// Second counts from the timeline's start; it is below 0 in the warm-up.
	Second int `json:"second"`
	// Phase is empty in the warm-up.
	Phase   string `json:"phase,omitempty"`
	Command string `json:"command"`
	// Shard is empty where all shards are meant. Requests are counted by
	// command; a shard has those that were answered ok.
	Shard  string       `json:"shard,omitempty"`
	Counts seriesCounts `json:"counts"`
	// Completed counts ok replies that came in this second; only of all commands.
	Completed *int `json:"completed,omitempty"`
	// The times are left out where nothing was answered.
	Response *seriesTimes  `json:"response,omitempty"`
	Service  *seriesTimes  `json:"service,omitempty"`
	Slip     *seriesTimes  `json:"slip,omitempty"`
	Self     *results.Self `json:"self,omitempty"`
}

// seriesCounts are results.Counts, as far as they are known.
type seriesCounts struct {
	OK       int  `json:"ok"`
	Failed   *int `json:"failed,omitempty"`
	Unknown  *int `json:"unknown,omitempty"`
	Overflow *int `json:"overflow,omitempty"`
	// Hits and Misses are left out where no read was divided into them.
	Hits   *int `json:"hits,omitempty"`
	Misses *int `json:"misses,omitempty"`
}

func countsOf(c results.Counts) seriesCounts {
	s := seriesCounts{OK: c.OK, Failed: &c.Failed, Unknown: &c.Unknown, Overflow: &c.Overflow}
	if _, divided := c.HitRate(); divided {
		s.Hits, s.Misses = &c.Hits, &c.Misses
	}
	return s
}

// seriesTimes are percentiles, in milliseconds.
type seriesTimes struct {
	P50  results.Duration `json:"p50Ms"`
	P99  results.Duration `json:"p99Ms"`
	P999 results.Duration `json:"p99.9Ms"`
	Max  results.Duration `json:"maxMs"`
}

// recording is a bundle's load by second.
type recording struct {
	bundle *results.Bundle
	// last is the last second, and start the one at which the timeline begins.
	last, start int
	commands    []string
	frames      map[int][]results.Frame
	// numbers are the shards of the run, in order; none if no answer was counted by shard.
	numbers           []int
	intervals, shards map[int][]results.Interval
}

func recordingOf(b *results.Bundle) recording {
	r := recording{
		bundle: b, last: -1, start: facts.Seconds(b.Run.TimelineStart-b.Run.LoadStart, math.Round),
		frames: map[int][]results.Frame{}, intervals: map[int][]results.Interval{}, shards: map[int][]results.Interval{},
	}
	for _, f := range b.Frames {
		r.frames[f.Seq] = append(r.frames[f.Seq], f)
		r.last = max(r.last, f.Seq)
		for name := range f.Commands {
			if !slices.Contains(r.commands, name) {
				r.commands = append(r.commands, name)
			}
		}
	}
	slices.Sort(r.commands)
	for _, i := range b.Intervals {
		r.intervals[i.Second] = append(r.intervals[i.Second], i)
	}
	for _, i := range b.ShardIntervals {
		r.shards[i.Second] = append(r.shards[i.Second], i)
		r.numbers = append(r.numbers, i.Shard)
	}
	if len(r.numbers) > 0 {
		for _, s := range b.Run.Shards {
			r.numbers = append(r.numbers, s.Index)
		}
	}
	slices.Sort(r.numbers)
	r.numbers = slices.Compact(r.numbers)
	return r
}

// rowKey is a histogram's place among the rows of a second.
type rowKey struct {
	command, shard string
	time           results.Time
}

// merged are the histograms of a second by row.
func (r recording) merged(second int) facts.Histograms[rowKey] {
	merged := facts.Histograms[rowKey]{}
	for _, i := range r.intervals[second] {
		merged.Merge(rowKey{i.Command, "", i.Time}, i.Histogram)
		merged.Merge(rowKey{results.All, "", i.Time}, i.Histogram)
	}
	for _, i := range r.shards[second] {
		merged.Merge(rowKey{results.All, strconv.Itoa(i.Shard), i.Time}, i.Histogram)
	}
	return merged
}

func timesOf(h *hdrhistogram.PackedHistogram) *seriesTimes {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	return &seriesTimes{facts.Micros(h.ValueAtPercentile(50)), facts.Micros(h.ValueAtPercentile(99)), facts.Micros(h.ValueAtPercentile(99.9)), facts.Micros(h.Max())}
}

// rows are a second's rows: the commands, all of them, and the shards.
func (r recording) rows(second int) []seriesRow {
	merged := r.merged(second)
	row := func(command, shard string) seriesRow {
		return seriesRow{
			Second: second - r.start, Phase: phaseAt(r.bundle, second), Command: command, Shard: shard,
			Response: timesOf(merged[rowKey{command, shard, results.Response}]),
			Service:  timesOf(merged[rowKey{command, shard, results.Service}]),
			Slip:     timesOf(merged[rowKey{command, shard, results.Slip}]),
		}
	}
	var list []seriesRow
	var total results.Counts
	for _, name := range r.commands {
		var counts results.Counts
		for _, f := range r.frames[second] {
			counts = counts.Plus(f.Commands[name])
		}
		total = total.Plus(counts)
		v := row(name, "")
		v.Counts = countsOf(counts)
		list = append(list, v)
	}
	all, completed := row(results.All, ""), 0
	for _, f := range r.frames[second] {
		completed += f.Completed
		if f.Self != nil {
			all.Self = f.Self
		}
	}
	all.Counts, all.Completed = countsOf(total), &completed
	list = append(list, all)
	for _, shard := range r.numbers {
		v := row(results.All, strconv.Itoa(shard))
		if h := merged[rowKey{results.All, v.Shard, results.Response}]; h != nil {
			v.Counts.OK = int(h.TotalCount())
		}
		list = append(list, v)
	}
	return list
}

// rowsOf lists the rows of a bundle in order of their seconds.
func rowsOf(b *results.Bundle, each func(seriesRow) error) error {
	r := recordingOf(b)
	for second := 0; second <= r.last; second++ {
		for _, v := range r.rows(second) {
			if err := each(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// phaseAt is the phase in which a second since the load's start lies.
func phaseAt(b *results.Bundle, second int) string {
	at := b.Run.LoadStart.Std().Seconds() + float64(second) + 0.5
	for _, p := range b.Run.Phases {
		if p.From.Std().Seconds() <= at && at < p.To.Std().Seconds() {
			return p.Name
		}
	}
	return ""
}

// cells are a row of CSV; a cell of what was not measured is empty.
func (r seriesRow) cells() []string {
	count := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	c := r.Counts
	line := []string{strconv.Itoa(r.Second), csvCell(r.Phase), csvCell(r.Command), r.Shard,
		strconv.Itoa(c.OK), count(c.Failed), count(c.Unknown), count(c.Overflow), count(r.Completed)}
	for _, t := range []*seriesTimes{r.Response, r.Service, r.Slip} {
		if t == nil {
			line = append(line, "", "", "", "")
			continue
		}
		for _, m := range []results.Duration{t.P50, t.P99, t.P999, t.Max} {
			line = append(line, fmt.Sprintf("%.3f", float64(m)/1e6))
		}
	}
	return append(line, count(c.Hits), count(c.Misses))
}

// SeriesCSV writes a run by the second as CSV, for spreadsheets and scripts: a
// line for each command, for all commands, and for each shard.
func SeriesCSV(w io.Writer, b *results.Bundle) error {
	out := csv.NewWriter(w)
	head := []string{"second", "phase", "command", "shard", "ok", "failed", "unknown", "overflow", "completed"}
	for _, t := range facts.Times() {
		for _, p := range []string{"p50", "p99", "p99.9", "max"} {
			head = append(head, string(t)+"_"+p+"_ms")
		}
	}
	head = append(head, "hits", "misses")
	if err := out.Write(head); err != nil {
		return err
	}
	err := rowsOf(b, func(r seriesRow) error { return out.Write(r.cells()) })
	if err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	out.Flush()
	return out.Error()
}

// SeriesJSON writes the same as lines of JSON.
func SeriesJSON(w io.Writer, b *results.Bundle) error {
	return rowsOf(b, func(r seriesRow) error {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		_, err = w.Write(append(printable.JSON(line), '\n'))
		return err
	})
}
