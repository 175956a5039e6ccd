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

// seriesRow is one second of one command, of one shard, or of all together.
type seriesRow struct {
	// Second counts from the timeline's start; it is below 0 in the warm-up.
	Second int `json:"second"`
	// Phase is empty in the warm-up.
	Phase   string `json:"phase,omitempty"`
	Command string `json:"command"`
	// Shard is empty where all shards are meant. Requests are counted by
	// command; a shard has those that were answered ok.
	Shard  string         `json:"shard,omitempty"`
	Counts results.Counts `json:"counts"`
	// Completed counts ok replies that came in this second; only of all commands.
	Completed int           `json:"completed"`
	Response  seriesTimes   `json:"response"`
	Service   seriesTimes   `json:"service"`
	Slip      seriesTimes   `json:"slip"`
	Self      *results.Self `json:"self,omitempty"`
}

// seriesTimes are percentiles, in milliseconds; 0 where nothing was answered.
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
	last, start       int
	commands          []string
	frames            map[int][]results.Frame
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
	}
	return r
}

// rowKey is a histogram's place among the rows of a second.
type rowKey struct {
	command, shard string
	time           results.Time
}

// merged are the histograms of a second by row, and the shards in it, in order.
func (r recording) merged(second int) (facts.Histograms[rowKey], []int) {
	merged := facts.Histograms[rowKey]{}
	for _, i := range r.intervals[second] {
		merged.Merge(rowKey{i.Command, "", i.Time}, i.Histogram)
		merged.Merge(rowKey{results.All, "", i.Time}, i.Histogram)
	}
	var shards []int
	for _, i := range r.shards[second] {
		merged.Merge(rowKey{results.All, strconv.Itoa(i.Shard), i.Time}, i.Histogram)
		if !slices.Contains(shards, i.Shard) {
			shards = append(shards, i.Shard)
		}
	}
	slices.Sort(shards)
	return merged, shards
}

func timesOf(h *hdrhistogram.PackedHistogram) seriesTimes {
	if h == nil || h.TotalCount() == 0 {
		return seriesTimes{}
	}
	return seriesTimes{facts.Micros(h.ValueAtPercentile(50)), facts.Micros(h.ValueAtPercentile(99)), facts.Micros(h.ValueAtPercentile(99.9)), facts.Micros(h.Max())}
}

// rows are a second's rows: the commands, all of them, and the shards.
func (r recording) rows(second int) []seriesRow {
	merged, shards := r.merged(second)
	row := func(command, shard string) seriesRow {
		return seriesRow{
			Second: second - r.start, Phase: phaseAt(r.bundle, second), Command: command, Shard: shard,
			Response: timesOf(merged[rowKey{command, shard, results.Response}]),
			Service:  timesOf(merged[rowKey{command, shard, results.Service}]),
			Slip:     timesOf(merged[rowKey{command, shard, results.Slip}]),
		}
	}
	var list []seriesRow
	all := row(results.All, "")
	for _, name := range r.commands {
		v := row(name, "")
		for _, f := range r.frames[second] {
			v.Counts = v.Counts.Plus(f.Commands[name])
		}
		all.Counts = all.Counts.Plus(v.Counts)
		list = append(list, v)
	}
	for _, f := range r.frames[second] {
		all.Completed += f.Completed
		if f.Self != nil {
			all.Self = f.Self
		}
	}
	list = append(list, all)
	for _, shard := range shards {
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
	err := rowsOf(b, func(r seriesRow) error {
		line := []string{strconv.Itoa(r.Second), csvCell(r.Phase), csvCell(r.Command), r.Shard}
		for _, n := range []int{r.Counts.OK, r.Counts.Failed, r.Counts.Unknown, r.Counts.Overflow, r.Completed} {
			line = append(line, strconv.Itoa(n))
		}
		for _, t := range []seriesTimes{r.Response, r.Service, r.Slip} {
			for _, m := range []results.Duration{t.P50, t.P99, t.P999, t.Max} {
				line = append(line, fmt.Sprintf("%.3f", float64(m)/1e6))
			}
		}
		return out.Write(append(line, strconv.Itoa(r.Counts.Hits), strconv.Itoa(r.Counts.Misses)))
	})
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
