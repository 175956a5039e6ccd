package scenarios

import (
	"math"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

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
	// ByCommand, ByPhase and ByShard say whether an objective may name one.
	ByCommand, ByPhase, ByShard bool
	Doc                         string
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
			list = append(list, Metric{Name: kind.name + "." + q, Unit: UnitDuration, ByCommand: true, ByPhase: true, ByShard: true, Doc: q + " of " + kind.name + " time, " + kind.doc})
		}
	}
	return append(list,
		Metric{Name: "throughput", Unit: UnitRate, ByCommand: true, ByPhase: true, Doc: "requests answered ok per second of the phase, by intended start"},
		Metric{Name: "availability", Unit: UnitRatio, ByCommand: true, ByPhase: true, Doc: "share of intended requests that were answered ok"},
		Metric{Name: "outage.shard", Unit: UnitDuration, ByShard: true, Doc: "unavailability of the worst shard, or of the one that is named, summed over the timeline, seen by the probes"},
		Metric{Name: "outage.any", Unit: UnitDuration, Doc: "time in which at least one shard refused writes"},
		Metric{Name: "outage.all", Unit: UnitDuration, Doc: "time in which no shard accepted writes"},
		Metric{Name: "failover.server", Unit: UnitDuration, ByShard: true, Doc: "slowest failover, from the fault to the first good write by the probe"},
		Metric{Name: "failover.client", Unit: UnitDuration, ByShard: true, Doc: "slowest failover, from the fault to the first good write by the application client"},
		Metric{Name: "failover.pfail", Unit: UnitDuration, ByShard: true, Doc: "slowest detection: from the fault to the first node that suspects the primary"},
		Metric{Name: "failover.fail", Unit: UnitDuration, ByShard: true, Doc: "slowest agreement: from there until a majority agrees"},
		Metric{Name: "failover.election", Unit: UnitDuration, ByShard: true, Doc: "longest wait from there until a replica asks for votes"},
		Metric{Name: "failover.promotion", Unit: UnitDuration, ByShard: true, Doc: "slowest vote: from there until a replica is promoted"},
		Metric{Name: "failover.write", Unit: UnitDuration, ByShard: true, Doc: "longest wait from there to the first good write by the probe"},
		Metric{Name: "failover.synced", Unit: UnitDuration, ByShard: true, Doc: "longest time from the fault until a replica followed the new primary"},
		Metric{Name: "failovers", Unit: UnitCount, ByShard: true, Doc: "failovers that completed"},
		Metric{Name: "recovery.throughput", Unit: UnitDuration, Doc: "longest time from a fault until three seconds in a row had the steady state's share of requests answered ok, less what within allows"},
		Metric{Name: "recovery.p99", Unit: UnitDuration, Doc: "longest time from a fault until three seconds in a row had the steady state's p99 response time, plus what within allows"},
		Metric{Name: "recovery.whole", Unit: UnitDuration, Doc: "longest time from a fault until the cluster was seen whole again: every node there and in agreement, every replica in sync"},
		Metric{Name: "writes.lost", Unit: UnitCount, ByShard: true, Doc: "acknowledged audited writes that were gone after healing"},
		Metric{Name: "writes.kept", Unit: UnitCount, Doc: "audited writes that were refused, and yet were there after healing"},
	)
}

// Quantiles are the figures of a distribution of times, as metrics name them.
func Quantiles() []string {
	return []string{"p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"}
}

// Objective bounds one metric. It needs max, min or both.
type Objective struct {
	// The name of a metric; docs/reference/metrics.md describes each.
	Metric string `yaml:"metric" json:"metric" jsonschema:"required,format=metric"`
	// Judges one entry of the mix, by its name. Default: all commands together.
	Command string `yaml:"command,omitempty" json:"command,omitempty" jsonschema:"format=commandName"`
	// Judges one phase. Default: the whole timeline, without the warm-up.
	Phase string `yaml:"phase,omitempty" json:"phase,omitempty"`
	// Judges one shard, by its number. Default: the worst shard, or all together.
	Shard *int `yaml:"shard,omitempty" json:"shard,omitempty" jsonschema:"minimum=0"`
	// How far from the steady state counts as recovered, for recovery.throughput and
	// recovery.p99. Above 0 up to 1; default: 0.1.
	Within float64 `yaml:"within,omitempty" json:"within,omitempty" jsonschema:"exclusiveMinimum=0,maximum=1"`
	// The highest value that passes, in the metric's unit, or relative to a baseline:
	// baseline, baseline+10% or baseline+5ms.
	Max *Bound `yaml:"max,omitempty" json:"max,omitempty" jsonschema:"anyof_required=max"`
	// The lowest value that passes, in the metric's unit, or relative to a baseline:
	// 1900, or baseline-5%.
	Min *Bound `yaml:"min,omitempty" json:"min,omitempty" jsonschema:"anyof_required=min"`
}

// Bound is a number with the text that a scenario wrote. Value is in seconds
// for durations, per second for rates, 0 to 1 for ratios.
type Bound struct {
	Text  string
	Value float64
	// Relative bounds are the baseline's value times 1 + Share plus Value.
	Relative bool
	Share    float64
}

// Of is what b bounds with, beside a baseline's value.
func (b Bound) Of(baseline float64) float64 {
	if !b.Relative {
		return b.Value
	}
	return baseline*(1+b.Share) + b.Value
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

// MetricNamed finds a metric.
func MetricNamed(name string) (Metric, bool) {
	i := slices.IndexFunc(Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return Metrics[i], true
}

// read gives b its value: in the metric's unit, or relative to a baseline.
func (m Metric) read(b *Bound) *valueError {
	rest, relative := strings.CutPrefix(b.Text, "baseline")
	if !relative {
		value, err := m.bound(b.Text)
		b.Value = value
		return err
	}
	b.Relative = true
	if rest == "" {
		return nil
	}
	wrong := &valueError{"relative to a baseline", b.Text, "write baseline, baseline+10% or baseline-5%, or with a unit, as baseline+5ms"}
	sign := map[byte]float64{'+': 1, '-': -1}[rest[0]]
	if sign == 0 {
		return wrong
	}
	if number, percent := strings.CutSuffix(rest[1:], "%"); percent && m.Unit != UnitRatio {
		v, ok := plain(number)
		if !ok {
			return wrong
		}
		b.Share = sign * v / 100
		return nil
	}
	v, err := m.bound(rest[1:])
	if err != nil {
		return wrong
	}
	b.Value = sign * v
	return nil
}

// bound is the value of text in the metric's unit: seconds, requests per
// second, a ratio from 0 to 1, or a count.
func (m Metric) bound(text string) (float64, *valueError) {
	switch m.Unit {
	case UnitDuration:
		v, err := time.ParseDuration(text)
		if err != nil || v < 0 {
			return 0, &valueError{"a duration", text, "write a number with a unit, such as 20ms or 6s"}
		}
		return v.Seconds(), nil
	case UnitRatio:
		number, percent := strings.CutSuffix(text, "%")
		v, ok := plain(number)
		if percent {
			v /= 100
		}
		if !ok || v > 1 {
			return 0, &valueError{"a ratio", text, "write a share such as 99.9% or 0.999"}
		}
		return v, nil
	case UnitRate:
		v, ok := plain(strings.TrimSuffix(text, "/s"))
		if !ok {
			return 0, &valueError{"a rate", text, "write requests per second, such as 1900 or 1900/s"}
		}
		return v, nil
	default:
		v, ok := plain(text)
		if !ok || v != math.Trunc(v) {
			return 0, &valueError{"a count", text, "write a whole number, such as 0"}
		}
		return v, nil
	}
}
