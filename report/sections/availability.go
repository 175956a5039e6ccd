package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// shardsUp is the heading. The objective availability is another figure: the share of
// requests answered ok.
const shardsUp = "Availability of the shards"

func availabilityTable(r *results.Run, s *results.Summary) doc.Table {
	t := doc.Table{Title: shardsUp, Head: append(doc.Columns("shard", "slots"), slices.Concat(doc.Numbers("outages", "down", "longest", "up"), doc.Columns("errors meanwhile"))...)}
	if s.Availability.Observed == 0 {
		return t
	}
	observed := float64(s.Availability.Observed)
	up := func(down results.Duration) string { return words.Percent(1 - float64(down)/observed) }
	share := func(down results.Duration) string { return words.Percent(float64(down) / observed) }
	for _, v := range s.Availability.Shards {
		errors := words.Classes(r.OutageErrors(&v.Shard))
		t.Rows = append(t.Rows, []string{fmt.Sprint(v.Shard), slotsOf(r, v.Shard), words.Count(v.Outages), words.WhenSet(v.Down), words.WhenSet(v.Longest), up(v.Down), words.OrNone(errors)})
	}
	t.Rows = append(t.Rows,
		[]string{"any shard down", "", "", words.WhenSet(s.Availability.Any), "", "", ""},
		[]string{"all shards down at once", "", "", words.WhenSet(s.Availability.All), "", "", ""})
	t.Note = doc.Prose("Measured by probes, which write to every node every few milliseconds, over %s. The column *errors meanwhile* shows the errors that they got in outages. At least one shard was down for %s of that time, and all shards at once for %s.",
		words.Duration(s.Availability.Observed), share(s.Availability.Any), share(s.Availability.All))
	return t
}

// strips draw availability; a run that was not probed has none.
func strips(r *results.Run, s *results.Summary) doc.Strips {
	total := s.Availability.Observed
	if total == 0 {
		return nil
	}
	from := r.Phases[0].From
	part := func(m results.Duration) string { return fmt.Sprintf("%.3f", 100*float64(m)/float64(total)) }
	var borders []string
	for _, p := range r.Phases[1:] {
		borders = append(borders, part(p.From-from))
	}
	var list doc.Strips
	for _, v := range s.Availability.Shards {
		st := doc.Strip{Name: fmt.Sprintf("shard %d", v.Shard), Text: "always up", Borders: borders}
		if v.Outages > 0 {
			st.Text = fmt.Sprintf("down %s, %s", words.Duration(v.Down), words.Percent(1-float64(v.Down)/float64(total))+" up")
		}
		for _, sp := range facts.OutageSpans(r.ProbeOutages, v.Shard, from, from+total) {
			st.Down = append(st.Down, doc.Stretch{Left: part(sp.From - from), Width: part(sp.To - sp.From)})
		}
		list = append(list, st)
	}
	return list
}

// availability is when each shard took writes. A terminal shows it only if one did not.
func availability(b *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "availability", Title: shardsUp}
	if s.Availability.Observed == 0 {
		return d
	}
	table := doc.Terminal | doc.Written
	if s.Availability.Any == 0 {
		table = doc.Written
	}
	d.Blocks = []doc.Block{
		doc.Only(doc.Page, doc.Note{Text: doc.Prose("Shows when each shard accepted the writes of probes over the %s of all phases. Dark: outage. Thin line: border between phases.", words.Duration(s.Availability.Observed))}),
		doc.Only(doc.Page, strips(&b.Run, s)),
		doc.Only(table, availabilityTable(&b.Run, s)),
	}
	return d
}
