// Package render writes documents as text for a terminal, as Markdown and as HTML: the
// report of a run, the sheet of an upgrade, comparisons, trends and capacity. Text that
// comes from a bundle is escaped for each of them.
package render

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// page is what the template shows: everything is in words already.
type page struct {
	Run             *results.Run
	CSS             template.CSS
	Verdict         results.Verdict
	Mark, Word      string
	Description     string
	Facts           string
	Reasons         []string
	Cards           []card
	Objectives      []objectiveRow
	Findings        []results.Advice
	Warnings        []string
	Timeline        []figure
	Faults          doc.Table
	Upgrade         doc.Table
	UpgradeSteps    doc.Table
	Failovers       []failoverView
	FailoverFigures []figure
	FailoverLines   []string
	FailoverTable   doc.Table
	Load            doc.Table
	Percentiles     []percentileView
	Shards          doc.Table
	Errors          doc.Table
	Generator       doc.Table
	GeneratorLine   string
	Observed        string
	Strips          []strip
	Availability    doc.Table
	Audit           string
	AuditNotes      []string
	Kinds           doc.Table
	Stale           doc.Table
	Linearizability []string
	Losses          doc.Table
	Reload          string
	Environment     doc.Table
	Options         []results.Option
	Nodes           doc.Table
	Clocks          doc.Table
	Machines        doc.Table
	Pods            doc.Table
	Volumes         doc.Table
	Scenario        string
}

type card struct{ Value, Name string }

type failoverView struct {
	Anchor                        string
	Fault, Change, Injected, Note string
	Shard                         int
	Steps                         doc.Table
}

type percentileView struct {
	Title string
	Open  bool
	Table doc.Table
}

// strip is one shard's availability over the timeline, in percent of it.
type strip struct {
	Name, Text string
	Down       []stretch
	Borders    []string
}

type stretch struct{ Left, Width string }

// HTML writes the report as one file that needs nothing else: no network, no
// font, no script. It follows the reader's light or dark setting and prints.
func HTML(w io.Writer, b *results.Bundle, s *results.Summary) error {
	p, err := newPage(b, s)
	if err != nil {
		return err
	}
	return execute(w, pageTemplate, p)
}

func newPage(b *results.Bundle, s *results.Summary) (*page, error) {
	r := &b.Run
	p := &page{
		Run: r, CSS: template.CSS(pageCSS),
		Verdict: s.Verdict, Mark: marks[s.Verdict], Word: string(s.Verdict),
		Description: description(r), Facts: strings.Join(headline(r), " · "),
		Reasons: s.Reasons, Findings: s.Findings, Cards: cards(r, s), Warnings: s.Warnings,
		Faults: faultTable(r), FailoverTable: failoverTable(s),
		Load: loadTable(s), Shards: shardTable(s), Errors: errorTable(s),
		Generator: generatorTable(s), GeneratorLine: generatorLine(s.Generator),
		Observed: words.Duration(s.Availability.Observed), Strips: strips(r, s), Availability: availabilityTable(r, s),
		Audit: auditLine(r.Audit), AuditNotes: auditNotes(r.Audit), Kinds: kindTable(r.Audit), Stale: staleTable(r.Audit), Losses: lossTable(s),
		Environment: environmentTable(r), Reload: reload(r), Options: r.Client.Options,
		Nodes: nodeTable(r), Clocks: clockTable(r), Machines: machineTable(r.Environment.Kubernetes), Pods: podTable(r), Volumes: volumeTable(r.Environment.Kubernetes),
		Scenario: string(b.Scenario),
	}
	if s.Upgrade != nil {
		p.Upgrade, p.UpgradeSteps = windowsTable(s.Upgrade), stepsTable(r, s.Upgrade)
	}
	if r.Audit != nil && r.Audit.Linearizability != nil {
		p.Linearizability = r.Audit.Linearizability.Files
	}
	for _, o := range s.Objectives {
		p.Objectives = append(p.Objectives, objectiveRow{string(o.Result), marks[o.Result], o.Name, o.Shown, room(o), o.Evidence})
	}
	for _, f := range s.Failovers {
		p.Failovers = append(p.Failovers, failoverView{judge.FailoverAnchor(f), f.Fault, change(f), "injected at " + words.Since(r, f.Injected), f.Note, f.Shard, stepTable(f)})
	}
	for _, text := range []string{spread(s.FailoverStats), asPredicted(s)} {
		if text != "" {
			p.FailoverLines = append(p.FailoverLines, strings.ToUpper(text[:1])+text[1:]+".")
		}
	}
	for i, t := range facts.Times() {
		if rows := percentileTable(s, t); len(rows.Rows) > 0 {
			title := strings.ToUpper(string(t[:1])) + string(t[1:])
			p.Percentiles = append(p.Percentiles, percentileView{title, i == 0, rows})
		}
	}
	for _, pic := range plot.Pictures(b, s) {
		svg, err := pic.SVG()
		if err != nil {
			return nil, err
		}
		f := figure{Title: pic.Title, SVG: template.HTML(svg)}
		for _, e := range pic.Legend {
			f.Legend = append(f.Legend, legendView{e.Name, e.Ink.Name, e.Area})
		}
		if pic.Above != nil {
			p.Timeline = append(p.Timeline, f)
		} else {
			p.FailoverFigures = append(p.FailoverFigures, f)
		}
	}
	return p, nil
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
func cards(r *results.Run, s *results.Summary) []card {
	var list []card
	if d := s.FailoverStats; d != nil {
		list = append(list, card{words.Duration(d.Median), fmt.Sprintf("median of %d failovers, fault to first good write", d.N)},
			card{words.Duration(d.Max), "slowest of them"})
	} else {
		for _, f := range s.Failovers {
			if facts.FailedOver(f) {
				list = append(list, card{words.Duration(f.Server), "failover: fault to first good write by a probe"})
				if f.Client > 0 {
					list = append(list, card{words.Duration(f.Client), "until the application client wrote again"})
				}
			}
		}
	}
	if a := s.Availability; a.Observed > 0 {
		list = append(list, card{words.Duration(a.Any), "with at least one shard refusing writes"})
	}
	if au := r.Audit; au != nil && !facts.Unread(au) {
		list = append(list, card{words.Count(au.Lost + au.Altered), fmt.Sprintf("acknowledged writes lost, of %s audited", words.Count(au.OK))})
	}
	if l := facts.FindLoad(s.Load, facts.All, facts.All); l != nil && l.Counts.Total() > 0 {
		list = append(list, card{words.Percent(facts.Share(l.Counts)), fmt.Sprintf("of %s answered ok", words.Plural(l.Counts.Total(), "request", "requests"))})
	}
	if len(s.Load) > 0 {
		first := s.Load[0].Phase
		if l := facts.FindLatency(s.Latency, first, facts.All, results.Response); l != nil {
			list = append(list, card{words.Duration(l.P99), "p99 response time in phase " + first})
		}
	}
	return list
}

func stepTable(f results.Failover) doc.Table {
	t := doc.Table{Title: "Steps of " + f.Fault, Head: slices.Concat(doc.Columns("step"), doc.Numbers("since the fault", "took", "or earlier by up to"), doc.Columns("seen by"))}
	for _, st := range f.Steps {
		if st.Missing {
			t.Rows = append(t.Rows, []string{st.Name, words.None, words.None, words.None, "not seen"})
			continue
		}
		t.Rows = append(t.Rows, []string{st.Name, words.StepTime(st.At), words.StepTime(st.Took), earlier(st), sources[st.Source]})
	}
	return t
}

func earlier(st results.Step) string {
	if st.Uncertainty == 0 {
		return words.None
	}
	return words.StepTime(st.Uncertainty)
}

// sources are what an observation rests on.
var sources = map[string]string{
	"log":    "the node's own log",
	"poll":   "polling the node",
	"probe":  "a probe's write",
	"client": "the application client's write",
}

func nodeTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Cluster", Head: doc.Columns("node", "shard", "slots", "role", "address", "id")}
	for _, n := range r.Nodes {
		t.Rows = append(t.Rows, []string{n.Name, fmt.Sprint(n.Shard), slotsOf(r, n.Shard), n.Role, words.OrNone(n.Addr), words.OrNone(n.ID)})
	}
	return t
}

// reload explains the client option that shapes a failover most.
func reload(r *results.Run) string {
	o := facts.Option(r, facts.ReloadOption)
	if o == nil {
		return ""
	}
	if d, err := time.ParseDuration(o.Value); err == nil && d == 0 {
		return fmt.Sprintf("%s %s reloads the cluster's topology at its own default interval. Until it does, it may keep asking a primary that is dead.",
			r.Client.Type, r.Client.Version)
	}
	return fmt.Sprintf("%s %s reloads the cluster's topology every %s%s. Until it does, it may keep asking a primary that is dead.",
		r.Client.Type, r.Client.Version, o.Value, words.Stated(*o))
}

// strips draw availability; a run that was not probed has none.
func strips(r *results.Run, s *results.Summary) []strip {
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
	var list []strip
	for _, v := range s.Availability.Shards {
		st := strip{Name: fmt.Sprintf("shard %d", v.Shard), Text: "always up", Borders: borders}
		if v.Outages > 0 {
			st.Text = fmt.Sprintf("down %s, %s", words.Duration(v.Down), words.Percent(1-float64(v.Down)/float64(total))+" up")
		}
		for _, sp := range facts.OutageSpans(r.ProbeOutages, v.Shard, from, from+total) {
			st.Down = append(st.Down, stretch{part(sp.From - from), part(sp.To - sp.From)})
		}
		list = append(list, st)
	}
	return list
}
