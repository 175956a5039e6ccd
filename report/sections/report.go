// Package sections puts a summary and its records into words: each document is a list
// of sections, and each section a function that gives tables, pictures and notes.
package sections

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// reportSections are the sections of a run's report, in their order.
func reportSections() []func(*results.Bundle, *results.Summary) doc.Section {
	return []func(*results.Bundle, *results.Summary) doc.Section{
		objectives,
		findings,
		warnings,
		network,
		timeline,
		upgrade,
		failovers,
		machines,
		moves,
		load,
		availability,
		audit,
		generator,
		checks,
		place,
		environment,
		repeat,
	}
}

// Report is the report of a run.
func Report(b *results.Bundle, s *results.Summary) doc.Document {
	r := &b.Run
	d := doc.Document{
		Window: string(s.Verdict) + ": " + r.Name,
		Badge:  badge(s.Verdict), Title: r.Name, Description: description(r), Facts: headline(r),
		Reasons: s.Reasons, Cards: cards(r, s),
		Closing: []doc.Side{{Name: "repeat with", Text: r.Command}, {Name: "report", Text: filepath.Join(b.Dir, doc.HTMLFile)}},
		Footer:  "slotstorm " + r.Versions.Slotstorm + " · " + r.ID,
	}
	if u := s.Upgrade; u != nil {
		d.Closing = append(d.Closing, doc.Side{Name: "sheet", Text: filepath.Join(b.Dir, doc.SheetHTMLFile) + "  " + decisionWords[u.Decision].Word})
	}
	for _, section := range reportSections() {
		d.Sections = append(d.Sections, section(b, s))
	}
	return d
}

// description is the scenario's own description.
func description(r *results.Run) string {
	var sc struct {
		Metadata struct {
			Description string `json:"description"`
		} `json:"metadata"`
	}
	if json.Unmarshal(r.Scenario, &sc) != nil {
		return "" // it is decoration: the verdict stands without it
	}
	return sc.Metadata.Description
}

// cards are the figures that a reader looks for first.
func cards(r *results.Run, s *results.Summary) []doc.Card {
	var list []doc.Card
	add := func(value, name string) { list = append(list, doc.Card{Value: value, Name: name}) }
	if d := s.FailoverStats; d != nil {
		add(words.Duration(d.Median), fmt.Sprintf("median of %d failovers, fault to first successful write of a probe", d.N))
		add(words.Duration(d.Max), "slowest failover")
	} else {
		for _, f := range s.Failovers {
			if f.Completed() {
				add(words.Duration(f.Server), "failover: fault to first successful write of a probe")
				if f.Client > 0 {
					add(words.Duration(f.Client), "until the application client wrote again")
				}
			}
		}
	}
	if a := s.Availability; a.Observed > 0 {
		add(words.Duration(a.Any), "with at least one shard refusing writes")
	}
	if au := r.Audit; au != nil && !au.Partial() {
		add(words.Lost(au), fmt.Sprintf("acknowledged writes lost, of %s audited", words.Count(au.OK)))
	}
	if l := s.LoadOf(results.All, results.All); l != nil && l.Counts.Total() > 0 {
		add(words.Percent(l.Counts.Share()), fmt.Sprintf("of %s answered ok", words.Plural(l.Counts.Total(), "request", "requests")))
	}
	if len(s.Load) > 0 {
		first := s.Load[0].Phase
		if l := s.LatencyOf(first, results.All, results.Response); l != nil {
			add(words.Duration(l.P99), "p99 response time in phase "+first)
		}
	}
	return list
}
