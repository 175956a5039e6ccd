package scenarios

import "gopkg.in/yaml.v3"

// Unit says what a metric's bound is written in.
type Unit string

// The units of metrics, and how a bound is written.
const (
	UnitDuration Unit = "duration" // 250ms
	UnitRate     Unit = "rate"     // 1900, or 1900/s
	UnitRatio    Unit = "ratio"    // 99.9%, or 0.999
	UnitCount    Unit = "count"    // 0
)

// Metric is something a run measures and an objective can bound.
type Metric struct {
	Name string
	Unit Unit
	// ByCommand and ByPhase tell whether an objective may name one.
	ByCommand, ByPhase bool
	Doc                string
}

// Metrics lists every metric, in the order of the documentation.
var Metrics = metrics()

func metrics() []Metric {
	var list []Metric
	for _, kind := range []struct{ name, doc string }{
		{"response", "from the intended start to the reply"},
		{"service", "from the send to the reply"},
		{"slip", "from the intended start to the send"},
	} {
		for _, q := range Quantiles() {
			list = append(list, Metric{kind.name + "." + q, UnitDuration, true, true, q + " of " + kind.name + " time, " + kind.doc})
		}
	}
	return append(list,
		Metric{"throughput", UnitRate, true, true, "requests answered ok per second of the phase, by intended start"},
		Metric{"availability", UnitRatio, true, true, "share of intended requests that were answered ok"},
		Metric{"outage.shard", UnitDuration, false, false, "unavailability of the worst shard, summed over the timeline, seen by the probes"},
		Metric{"outage.any", UnitDuration, false, false, "time in which at least one shard refused writes"},
		Metric{"outage.all", UnitDuration, false, false, "time in which no shard accepted writes"},
		Metric{"failover.server", UnitDuration, false, false, "slowest failover, from the fault to the first good write by the probe"},
		Metric{"failover.client", UnitDuration, false, false, "slowest failover, from the fault to the first good write by the application client"},
		Metric{"failovers", UnitCount, false, false, "failovers that completed"},
		Metric{"writes.lost", UnitCount, false, false, "acknowledged audited writes that were gone after healing"},
	)
}

// Quantiles are the figures of a distribution of times, as metrics name them.
func Quantiles() []string {
	return []string{"p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"}
}

// Objective bounds one metric. At least one of Max and Min is set.
type Objective struct {
	// Metric is one of Metrics.
	Metric string `yaml:"metric" json:"metric" jsonschema:"required,format=metric"`
	// Command narrows to one entry of the mix, by its name; empty is all.
	Command string `yaml:"command,omitempty" json:"command,omitempty" jsonschema:"format=commandName"`
	// Phase narrows to one phase; empty is the whole timeline without warm-up.
	Phase string `yaml:"phase,omitempty" json:"phase,omitempty"`
	// Max is the highest value that is good enough, in the unit of the metric.
	Max *Bound `yaml:"max,omitempty" json:"max,omitempty" jsonschema:"anyof_required=max"`
	// Min is the lowest value that is good enough, in the unit of the metric.
	Min *Bound `yaml:"min,omitempty" json:"min,omitempty" jsonschema:"anyof_required=min"`
}

// Bound is a number with the text that a scenario wrote. Value is in seconds
// for durations, per second for rates, 0 to 1 for ratios.
type Bound struct {
	Text  string
	Value float64
}

// UnmarshalText keeps the text. What it is worth depends on the metric beside
// it: Parse sets Value, in Metric.bound.
func (b *Bound) UnmarshalText(text []byte) error {
	*b = Bound{Text: string(text)}
	return nil
}

// String is the bound as the scenario wrote it.
func (b Bound) String() string { return b.Text }

// MarshalYAML writes String without quotes, which a number as text would get.
func (b Bound) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: b.Text}, nil
}

// MarshalText writes String.
func (b Bound) MarshalText() ([]byte, error) { return []byte(b.Text), nil }
