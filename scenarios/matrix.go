package scenarios

import "fmt"

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

// maxCombinations bounds what a matrix can become.
const maxCombinations = 1000

// Expand loads a scenario and gives one for each combination of its matrix, the
// last axis changing first, or the scenario itself if it has none. All are valid,
// or there is an error.
func Expand(path string, overrides ...string) ([]Combination, error) {
	s, err := Load(path, overrides...)
	if err != nil {
		return nil, err
	}
	if len(s.Matrix) == 0 {
		return []Combination{{Scenario: s, Overrides: overrides}}, nil
	}
	list := []Combination{{}}
	for _, axis := range s.Matrix {
		var next []Combination
		for _, c := range list {
			for _, v := range axis.Values {
				settings := append(append([]Setting(nil), c.Settings...), Setting{axis.Field, string(v)})
				next = append(next, Combination{Settings: settings})
			}
		}
		list = next
	}
	for i := range list {
		c := &list[i]
		c.Overrides = append(append([]string(nil), overrides...), "matrix=null")
		for _, set := range c.Settings {
			c.Overrides = append(c.Overrides, set.Field+"="+set.Value)
		}
		if c.Scenario, err = Load(path, c.Overrides...); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// validateMatrix wants a matrix that can be run to its end.
func (d *document) validateMatrix(s *Scenario) {
	runs, seen := 1, map[string]bool{}
	for i, a := range s.Matrix {
		path := fmt.Sprintf("matrix[%d]", i)
		if seen[a.Field] {
			d.reject(path+".field", nil, "put all values into one", "%s is varied twice", clip(a.Field))
		}
		seen[a.Field] = true
		runs *= max(len(a.Values), 1)
	}
	if runs > maxCombinations {
		d.reject("matrix", nil, "", "has %d combinations, above %d", runs, maxCombinations)
	}
}
