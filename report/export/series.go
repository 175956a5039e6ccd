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

// rowsOf lists the seconds of a bundle in order: in each the commands, all of
// them, and the shards.
func rowsOf(b *results.Bundle, each func(seriesRow) error) error {
	type key struct {
		command, shard string
		time           results.Time
	}
	frames := map[int][]results.Frame{}
	last := -1
	commands := []string{}
	for _, f := range b.Frames {
		frames[f.Seq] = append(frames[f.Seq], f)
		last = max(last, f.Seq)
		for name := range f.Commands {
			if !slices.Contains(commands, name) {
				commands = append(commands, name)
			}
		}
	}
	slices.Sort(commands)
	intervals := map[int][]results.Interval{}
	for _, i := range b.Intervals {
		intervals[i.Second] = append(intervals[i.Second], i)
	}
	shards := map[int][]results.Interval{}
	for _, i := range b.ShardIntervals {
		shards[i.Second] = append(shards[i.Second], i)
	}
	start := facts.Seconds(b.Run.TimelineStart-b.Run.LoadStart, math.Round)
	for second := 0; second <= last; second++ {
		merged := map[key]*hdrhistogram.PackedHistogram{}
		merge := func(k key, h *hdrhistogram.PackedHistogram) {
			if merged[k] == nil {
				merged[k] = results.NewHistogram()
			}
			merged[k].Merge(h)
		}
		for _, i := range intervals[second] {
			merge(key{i.Command, "", i.Time}, i.Histogram)
			merge(key{facts.All, "", i.Time}, i.Histogram)
		}
		var places []int
		for _, i := range shards[second] {
			merge(key{facts.All, strconv.Itoa(i.Shard), i.Time}, i.Histogram)
			if !slices.Contains(places, i.Shard) {
				places = append(places, i.Shard)
			}
		}
		slices.Sort(places)
		times := func(command, shard string, t results.Time) seriesTimes {
			h := merged[key{command, shard, t}]
			if h == nil || h.TotalCount() == 0 {
				return seriesTimes{}
			}
			return seriesTimes{facts.Micros(h.ValueAtPercentile(50)), facts.Micros(h.ValueAtPercentile(99)), facts.Micros(h.ValueAtPercentile(99.9)), facts.Micros(h.Max())}
		}
		row := func(command, shard string) seriesRow {
			return seriesRow{Second: second - start, Phase: phaseAt(b, second), Command: command, Shard: shard,
				Response: times(command, shard, results.Response), Service: times(command, shard, results.Service), Slip: times(command, shard, results.Slip)}
		}
		all := row(facts.All, "")
		for _, name := range commands {
			r := row(name, "")
			for _, f := range frames[second] {
				r.Counts = r.Counts.Plus(f.Commands[name])
			}
			all.Counts = all.Counts.Plus(r.Counts)
			if err := each(r); err != nil {
				return err
			}
		}
		for _, f := range frames[second] {
			all.Completed += f.Completed
			if f.Self != nil {
				all.Self = f.Self
			}
		}
		if err := each(all); err != nil {
			return err
		}
		for _, shard := range places {
			r := row(facts.All, strconv.Itoa(shard))
			if h := merged[key{facts.All, r.Shard, results.Response}]; h != nil {
				r.Counts.OK = int(h.TotalCount())
			}
			if err := each(r); err != nil {
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
func SeriesCSV(w io.Writer, b *results.Bundle, _ *results.Summary) error {
	out := csv.NewWriter(w)
	head := []string{"second", "phase", "command", "shard", "ok", "failed", "unknown", "overflow", "completed"}
	for _, t := range facts.Times() {
		for _, p := range []string{"p50", "p99", "p99.9", "max"} {
			head = append(head, string(t)+"_"+p+"_ms")
		}
	}
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
		return out.Write(line)
	})
	if err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	out.Flush()
	return out.Error()
}

// SeriesJSON writes the same as lines of JSON.
func SeriesJSON(w io.Writer, b *results.Bundle, _ *results.Summary) error {
	return rowsOf(b, func(r seriesRow) error {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		_, err = w.Write(append(printable.JSON(line), '\n'))
		return err
	})
}
