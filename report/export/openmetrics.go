package export

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// family is a metric family of OpenMetrics.
type family struct {
	name, kind, unit, help string
	lines                  []string
}

// OpenMetrics writes runs as an OpenMetrics 1.0 exposition: verdicts, objectives
// and figures, all as of the end of each run. It has no timestamps, so that
// collectors of text files take it.
func OpenMetrics(w io.Writer, list []judge.Judged) error {
	m := newMetrics()
	for _, j := range list {
		m.run(j.Run, j.Summary)
	}
	var out strings.Builder
	for _, f := range m.families {
		if len(f.lines) == 0 {
			continue
		}
		fmt.Fprintf(&out, "# TYPE %s %s\n", f.name, f.kind)
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

type metrics struct {
	families []*family
	by       map[string]*family
	// seen are the samples by name and labels: a second one of the same would
	// make the whole exposition invalid.
	seen map[string]bool
}

func newMetrics() *metrics {
	m := &metrics{by: map[string]*family{}, seen: map[string]bool{}}
	for _, f := range []*family{
		{name: "slotstorm_run", kind: "info", help: "What a run was made with."},
		{name: "slotstorm_run_start_timestamp_seconds", kind: "gauge", unit: "seconds", help: "When a run began, in seconds since 1970."},
		{name: "slotstorm_verdict", kind: "stateset", help: "The verdict of a run."},
		{name: "slotstorm_objective_result", kind: "stateset", help: "The answer to an objective."},
		{name: "slotstorm_objective_value", kind: "gauge", help: "What an objective's metric came to, in seconds, per second, as a ratio or a count."},
		{name: "slotstorm_objective_margin_ratio", kind: "gauge", unit: "ratio", help: "The distance to an objective's bound as a share of it, negative if missed."},
		{name: "slotstorm_response_seconds", kind: "gauge", unit: "seconds", help: "Response time, from the intended start to the reply."},
		{name: "slotstorm_service_seconds", kind: "gauge", unit: "seconds", help: "Service time, from the send to the reply."},
		{name: "slotstorm_slip_seconds", kind: "gauge", unit: "seconds", help: "Slip, from the intended start to the send."},
		{name: "slotstorm_throughput", kind: "gauge", help: "Requests answered ok per second."},
		{name: "slotstorm_availability_ratio", kind: "gauge", unit: "ratio", help: "Share of intended requests that were answered ok."},
		{name: "slotstorm_outage_seconds", kind: "gauge", unit: "seconds", help: "Time without writes as probes saw it: of the worst shard, of any, of all."},
		{name: "slotstorm_failover_seconds", kind: "gauge", unit: "seconds", help: "Failovers as a whole and by step, one by one."},
		{name: "slotstorm_failovers", kind: "gauge", help: "Failovers that completed."},
		{name: "slotstorm_writes_lost", kind: "gauge", help: "Acknowledged audited writes that were gone after healing."},
	} {
		m.families = append(m.families, f)
		m.by[f.name] = f
	}
	return m
}

// add adds a sample; labels are pairs of name and value. Values are in one
// line, in UTF-8: others' text cannot become a sample of its own.
func (m *metrics) add(name, suffix string, value float64, labels ...string) {
	var list []string
	for i := 0; i+1 < len(labels); i += 2 {
		list = append(list, labels[i]+`="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable.Line(labels[i+1]))+`"`)
	}
	sample := fmt.Sprintf("%s%s{%s}", name, suffix, strings.Join(list, ","))
	if m.seen[sample] {
		return
	}
	m.seen[sample] = true
	f := m.by[name]
	f.lines = append(f.lines, sample+" "+strconv.FormatFloat(value, 'g', -1, 64)+"\n")
}

// states adds a state set.
func (m *metrics) states(name string, is results.Verdict, labels ...string) {
	for _, v := range []results.Verdict{results.Pass, results.Fail, results.Inconclusive, results.Invalid} {
		on := 0.0
		if v == is {
			on = 1
		}
		m.add(name, "", on, append(labels[:len(labels):len(labels)], name, string(v))...)
	}
}

func (m *metrics) run(r *results.Run, s *results.Summary) {
	own := []string{"scenario", r.Name, "run", r.ID}
	with := func(labels ...string) []string { return append(own[:len(own):len(own)], labels...) }
	m.add("slotstorm_run", "_info", 1, with("redis", r.Versions.Redis, "slotstorm", r.Versions.Slotstorm, "client", r.Client.Type, "client_version", r.Client.Version,
		"provider", r.Environment.Provider, "seed", strconv.FormatUint(r.Seed, 10))...)
	m.add("slotstorm_run_start_timestamp_seconds", "", float64(r.Start.UnixMilli())/1000, own...)
	m.states("slotstorm_verdict", s.Verdict, own...)
	for _, o := range s.Objectives {
		labels := with("objective", o.Name)
		m.states("slotstorm_objective_result", o.Result, labels...)
		if o.Value != nil {
			m.add("slotstorm_objective_value", "", *o.Value, labels...)
		}
		if o.Margin != nil {
			m.add("slotstorm_objective_margin_ratio", "", *o.Margin, labels...)
		}
	}
	for _, f := range compare.Figures(r, s) {
		kind, rest, _ := strings.Cut(f.Metric, ".")
		switch kind {
		case "response", "service", "slip":
			m.add("slotstorm_"+kind+"_seconds", "", f.Values[0], with("phase", f.Phase, "command", f.Command, "statistic", rest)...)
		case "throughput":
			m.add("slotstorm_throughput", "", f.Values[0], with("phase", f.Phase, "command", f.Command)...)
		case "availability":
			m.add("slotstorm_availability_ratio", "", f.Values[0], with("phase", f.Phase, "command", f.Command)...)
		case "outage":
			m.add("slotstorm_outage_seconds", "", f.Values[0], with("of", rest)...)
		case "failover":
			for i, v := range f.Values {
				m.add("slotstorm_failover_seconds", "", v, with("part", rest, "number", strconv.Itoa(i+1))...)
			}
		case "failovers":
			m.add("slotstorm_failovers", "", f.Values[0], own...)
		case "writes":
			m.add("slotstorm_writes_lost", "", f.Values[0], own...)
		}
	}
}
