package judge

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// evidence is what the metrics are read from.
func evidence(a *facts.Analysis, s *results.Summary) metrics.Evidence {
	return metrics.Evidence{Run: &a.Run, Summary: s, Findings: a.Findings, Recoveries: a.Recoveries}
}

// measure answers an objective. A metric of a later version is not known.
func measure(a *facts.Analysis, o scenarios.Objective, s *results.Summary) metrics.Measurement {
	m, ok := metrics.Named(o.Metric)
	if !ok {
		return metrics.Measurement{Evidence: "this version does not measure " + o.Metric}
	}
	return m.Measure(evidence(a, s), scopeOf(o))
}

func scopeOf(o scenarios.Objective) metrics.Scope {
	return metrics.Scope{Command: o.Command, Phase: o.Phase, Shard: o.Shard, Within: o.Within}
}

func unitOf(metric string) results.Unit {
	if m, ok := metrics.Named(metric); ok {
		return m.Unit
	}
	return results.UnitCount
}

func boundText(o scenarios.Objective) string {
	var parts []string
	if o.Min != nil {
		parts = append(parts, "≥ "+o.Min.Text)
	}
	if o.Max != nil {
		parts = append(parts, "≤ "+o.Max.Text)
	}
	return strings.Join(parts, ", ")
}

// subject is what an objective is about, without its bounds.
func subject(o scenarios.Objective) string {
	in, of, within := "", "", ""
	if o.Phase != "" {
		in = "in " + o.Phase
	}
	if o.Shard != nil {
		of = fmt.Sprintf("of shard %d", *o.Shard)
	}
	if o.Within != 0 {
		within = fmt.Sprintf("within %g %%", 100*o.Within)
	}
	return words.Sentence(" ", o.Metric, o.Command, of, in, within)
}
