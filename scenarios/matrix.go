package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Setting is one value of one axis.
type Setting struct{ Field, Value string }

// Combination is one run of a matrix.
type Combination struct {
	Settings []Setting
	Scenario *Scenario
	// Overrides lead to it, in the form of --set.
	Overrides []string
}

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
		var of *document
		of, c.Scenario, _ = one(d.file, data, c.Overrides)
		for _, e := range of.errs.sort(c.Overrides) {
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
	var reasons []string
	for _, s := range c.Settings {
		reasons = append(reasons, s.Field+"="+s.Value)
	}
	return strings.Join(reasons, ", ")
}
