package scenarios

import (
	"math"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/results"
)

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
// it: Parse sets Value.
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

// read gives b its value: in the unit, or relative to a baseline.
func (b *Bound) read(unit results.Unit) *valueError {
	rest, relative := strings.CutPrefix(b.Text, "baseline")
	if !relative {
		value, err := boundIn(unit, b.Text)
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
	if number, percent := strings.CutSuffix(rest[1:], "%"); percent && unit != results.UnitRatio {
		v, ok := plain(number)
		if !ok {
			return wrong
		}
		b.Share = sign * v / 100
		return nil
	}
	v, err := boundIn(unit, rest[1:])
	if err != nil {
		return wrong
	}
	b.Value = sign * v
	return nil
}

// boundIn is the value of text in a unit: seconds, requests per second, a ratio from 0 to
// 1, or a count.
func boundIn(unit results.Unit, text string) (float64, *valueError) {
	switch unit {
	case results.UnitDuration:
		v, err := time.ParseDuration(text)
		if err != nil || v < 0 {
			return 0, &valueError{"a duration", text, "write a number with a unit, such as 20ms or 6s"}
		}
		return v.Seconds(), nil
	case results.UnitRatio:
		number, percent := strings.CutSuffix(text, "%")
		v, ok := plain(number)
		if percent {
			v /= 100
		}
		if !ok || v > 1 {
			return 0, &valueError{"a ratio", text, "write a share such as 99.9% or 0.999"}
		}
		return v, nil
	case results.UnitRate:
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
