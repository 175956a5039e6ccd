package export

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// family is a metric family of OpenMetrics.
type family struct {
	name, unit, help string
	lines            []string
}

// OpenMetrics writes runs as an OpenMetrics 1.0 exposition: verdicts, objectives
// and figures, all as of the end of each run. Every family is a gauge, and no sample has a
// timestamp: so it is also an exposition in Prometheus' text format, which is what the
// textfile collector of node_exporter and the Pushgateway read. That format knows neither
// info nor state sets.
func OpenMetrics(w io.Writer, list []judge.Judged) error {
	m := newExposition()
	for _, j := range list {
		m.run(j.Run, j.Summary)
	}
	var out strings.Builder
	for _, f := range m.families {
		if len(f.lines) == 0 {
			continue
		}
		fmt.Fprintf(&out, "# TYPE %s gauge\n", f.name)
		if f.unit != "" {
			fmt.Fprintf(&out, "# UNIT %s %s\n", f.name, f.unit)
		}
		fmt.Fprintf(&out, "# HELP %s %s\n", f.name, f.help)
		for _, line := range f.lines {
			out.WriteString(line)
		}
	}
	out.WriteString("# EOF\n")
	_, err := io.WriteString(w, out.String())
	return err
}

type exposition struct {
	families []*family
	by       map[string]*family
	// seen are the samples by name and labels: a second one of the same would
	// make the whole exposition invalid.
	seen map[string]bool
}

func newExposition() *exposition {
	m := &exposition{by: map[string]*family{}, seen: map[string]bool{}}
	for _, f := range []*family{
		{name: "slotstorm_run_info", help: "What a run was made with."},
		{name: "slotstorm_run_start_timestamp_seconds", unit: "seconds", help: "When a run began, in seconds since 1970."},
		{name: "slotstorm_verdict", help: "The verdict of a run."},
		{name: "slotstorm_objective_result", help: "The answer to an objective."},
		{name: "slotstorm_objective_value", help: "What an objective's metric came to, in seconds, per second, as a ratio or a count."},
		{name: "slotstorm_objective_margin_ratio", unit: "ratio", help: "The distance to an objective's bound as a share of it, negative if missed."},
		{name: "slotstorm_check_agrees", help: "Whether the servers' own records agree with the report, 1 or 0, by what was checked."},
		{name: "slotstorm_check_figures", help: "How many figures a check laid beside those of the servers."},
	} {
		m.family(f)
	}
	for _, row := range metrics.All() {
		f := row.Export.Family
		m.family(&family{name: f.Name, unit: f.Unit, help: f.Help})
	}
	return m
}

// family adds a family, once.
func (m *exposition) family(f *family) {
	if m.by[f.name] == nil {
		m.families = append(m.families, f)
		m.by[f.name] = f
	}
}

// add adds a sample; labels are pairs of name and value. Values are in one
// line, in UTF-8: others' text cannot become a sample of its own.
func (m *exposition) add(name string, value float64, labels ...string) {
	var list []string
	for i := 0; i+1 < len(labels); i += 2 {
		list = append(list, labels[i]+`="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable.Line(labels[i+1]))+`"`)
	}
	sample := fmt.Sprintf("%s{%s}", name, strings.Join(list, ","))
	if m.seen[sample] {
		return
	}
	m.seen[sample] = true
	f := m.by[name]
	f.lines = append(f.lines, sample+" "+strconv.FormatFloat(value, 'g', -1, 64)+"\n")
}

// states adds a sample for each verdict: 1 for the one that it is, 0 for the others.
func (m *exposition) states(name string, is results.Verdict, labels ...string) {
	for _, v := range []results.Verdict{results.Pass, results.Fail, results.Inconclusive, results.Invalid} {
		on := 0.0
		if v == is {
			on = 1
		}
		m.add(name, on, append(labels[:len(labels):len(labels)], name, string(v))...)
	}
}

func (m *exposition) run(r *results.Run, s *results.Summary) {
	own := []string{"scenario", r.Name, "run", r.ID}
	with := func(labels ...string) []string { return append(own[:len(own):len(own)], labels...) }
	m.add("slotstorm_run_info", 1, with("server", r.Versions.Server.Product, "server_version", r.Versions.Server.Version, "slotstorm", r.Versions.Slotstorm, "client", r.Client.Type, "client_version", r.Client.Version,
		"provider", r.Environment.Provider, "seed", strconv.FormatUint(r.Seed, 10))...)
	m.add("slotstorm_run_start_timestamp_seconds", float64(r.Start.UnixMilli())/1000, own...)
	m.states("slotstorm_verdict", s.Verdict, own...)
	for _, o := range s.Objectives {
		labels := with("objective", o.Name)
		m.states("slotstorm_objective_result", o.Result, labels...)
		if o.Value != nil {
			m.add("slotstorm_objective_value", *o.Value, labels...)
		}
		if o.Margin != nil {
			m.add("slotstorm_objective_margin_ratio", *o.Margin, labels...)
		}
	}
	for _, c := range s.Checks {
		labels := with("check", c.Name)
		m.add("slotstorm_check_figures", float64(c.Compared), labels...)
		switch c.Result {
		case results.CheckAgrees:
			m.add("slotstorm_check_agrees", 1, labels...)
		case results.CheckDisagrees:
			m.add("slotstorm_check_agrees", 0, labels...)
		}
	}
	for _, f := range metrics.Figures(metrics.Evidence{Run: r, Summary: s}) {
		m.figure(f, own)
	}
}

// figure adds the values of a metric whose end was seen: a sample cannot say that it may be
// higher.
func (m *exposition) figure(f metrics.Figure, own []string) {
	x := f.Metric.Export
	labels := own[:len(own):len(own)]
	if f.Phase != "" {
		labels = append(labels, "phase", f.Phase, "command", f.Command)
	}
	if x.Label != "" {
		labels = append(labels, x.Label, x.Value)
	}
	for i, v := range f.Values[:len(f.Values)-f.AtLeast] {
		if x.Numbered {
			m.add(x.Family.Name, v, append(labels[:len(labels):len(labels)], "number", strconv.Itoa(i+1))...)
			continue
		}
		m.add(x.Family.Name, v, labels...)
	}
}
