package scenarios

import (
	"fmt"
	"slices"
)

// validateMatrix wants a matrix that can be run to its end.
func (d *document) validateMatrix(s *Scenario) {
	runs, seen := 1, map[string]bool{}
	for i, a := range s.Matrix {
		path := fmt.Sprintf("matrix[%d].field", i)
		if seen[a.Field] {
			d.reject(path, nil, "put all values into one", "%s is varied twice", clip(a.Field))
		}
		if steps, _, _, _ := parsePath(a.Field + "="); len(steps) > 0 && steps[0].name == "matrix" {
			d.reject(path, nil, "", "a matrix cannot vary the matrix")
		}
		seen[a.Field] = true
		d.validateAxis(a, fmt.Sprintf("matrix[%d].values", i))
		runs = min(runs*max(len(a.Values), 1), maxCombinations+1)
	}
	if runs > maxCombinations {
		d.reject("matrix", nil, "", "has more than %d combinations", maxCombinations)
	} else if runs*d.size > maxCombinationBytes {
		d.reject("matrix", nil, "remove values or comments", "has %d combinations of a file of %d bytes, above %d together", runs, d.size, maxCombinationBytes)
	}
}

// validateAxis refuses a value that an axis has twice: its runs would be made, and shown,
// twice under one name.
func (d *document) validateAxis(a Axis, path string) {
	for i, v := range a.Values {
		if slices.Contains(a.Values[:i], v) {
			d.reject(fmt.Sprintf("%s[%d]", path, i), nil, "leave it out; to run each combination several times, set repeat", "%s has the value %s twice", clip(a.Field), clip(string(v)))
		}
	}
}

// Bounds of what a matrix can become, in runs and in bytes to be read for them.
const (
	maxCombinations     = 1000
	maxCombinationBytes = 1 << 23
)
