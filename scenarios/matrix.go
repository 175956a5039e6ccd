package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Axis is a field of the scenario that a matrix varies.
type Axis struct {
	// Field is the path of a field, as --set takes it.
	Field string `yaml:"field" json:"field" jsonschema:"required,minLength=1"`
	// Values are what it takes, one after the other; a text is read as YAML, and
	// "null" leaves the field out.
	Values []AnyValue `yaml:"values" json:"values" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write values: [1000, 5000]"`
}

// AnyValue is a single value of any kind, as it was written.
type AnyValue string

// UnmarshalText takes any text.
func (v *AnyValue) UnmarshalText(b []byte) error {
	*v = AnyValue(b)
	return nil
}

// MarshalText gives it back.
func (v AnyValue) MarshalText() ([]byte, error) { return []byte(v), nil }

// Setting is one value of one axis.
type Setting struct{ Field, Value string }

// Combination is one run of a matrix.
type Combination struct {
	Settings []Setting
	Scenario *Scenario
	// Overrides lead to it, in the form of --set.
	Overrides []string
}

// Bounds of what a matrix can become, in runs and in bytes to be read for them.
const (
	maxCombinations     = 1000
	maxCombinationBytes = 1 << 23
)

// combine gives the runs of a matrix, the last axis changing first, or s itself if it
// has none. What is wrong with a combination is noted where its value stands.
func (d *document) combine(s *Scenario, data []byte, overrides []string) []Combination {
	if len(s.Matrix) == 0 {
		return []Combination{{Scenario: s, Overrides: overrides}}
	}
	list := []Combination{{Overrides: append(slices.Clone(overrides), "matrix=null")}}
	// places are where a field and its value stand, by the override that they become.
	type place struct {
		field, value *yaml.Node
		width        int // of the field, in characters
	}
	places := map[string]place{}
	for i, axis := range s.Matrix {
		var next []Combination
		for _, c := range list {
			for j, v := range axis.Values {
				set := axis.Field + "=" + string(v)
				at := fmt.Sprintf("matrix[%d].", i)
				places[setFlag+set] = place{d.values[at+"field"], d.values[fmt.Sprintf("%svalues[%d]", at, j)], utf8.RuneCountInString(axis.Field)}
				next = append(next, Combination{
					Settings:  append(slices.Clone(c.Settings), Setting{axis.Field, string(v)}),
					Overrides: append(slices.Clone(c.Overrides), set),
				})
			}
		}
		list = next
	}
	seen := map[Error]bool{}
	for i := range list {
		c := &list[i]
		var err error
		c.Scenario, err = Parse(d.file, data, c.Overrides...)
		var wrong Errors
		errors.As(err, &wrong)
		for _, e := range wrong {
			if seen[e] {
				continue
			}
			seen[e] = true
			at, ok := places[e.File]
			switch {
			case !ok: // not one value alone is wrong
				e.Message += fmt.Sprintf(", in the combination %s", c)
				d.errs = append(d.errs, e)
			case e.Column <= at.width:
				d.fail(at.field, e.Path, e.Hint, "%s", e.Message)
			default:
				d.fail(at.value, e.Path, e.Hint, "%s", e.Message)
			}
		}
	}
	return list
}

// String is the settings of c, as in redis.shards=3, workload.rate=100.
func (c *Combination) String() string {
	var told []string
	for _, s := range c.Settings {
		told = append(told, s.Field+"="+s.Value)
	}
	return strings.Join(told, ", ")
}

// validateMatrix wants a matrix that can be run to its end.
func (d *document) validateMatrix(s *Scenario) {
	runs, seen := 1, map[string]bool{}
	for i, a := range s.Matrix {
		path := fmt.Sprintf("matrix[%d].field", i)
		if seen[a.Field] {
			d.reject(path, nil, "put all values into one", "%s is varied twice", clip(a.Field))
		}
		if steps, _, _, _ := parsePath(a.Field + "="); len(steps) > 0 && steps[0].name == "matrix" {
			d.reject(path, nil, "", "a matrix does not vary itself")
		}
		seen[a.Field] = true
		runs = min(runs*max(len(a.Values), 1), maxCombinations+1)
	}
	if runs > maxCombinations {
		d.reject("matrix", nil, "", "has more than %d combinations", maxCombinations)
	} else if runs*d.size > maxCombinationBytes {
		d.reject("matrix", nil, "take values away, or comments", "has %d combinations of a file of %d bytes, above %d together", runs, d.size, maxCombinationBytes)
	}
}
