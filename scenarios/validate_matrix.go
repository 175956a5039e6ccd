package scenarios

import (
	"fmt"
	"slices"
)

// validateMatrix wants a matrix that can be run to its end.
func (d *document) validateMatrix(s *Scenario) {
	runs, seen := 1, [][]step(nil)
	for i, a := range s.Matrix {
		path := fmt.Sprintf("matrix[%d].field", i)
		steps, _, _, _ := parsePath(a.Field + "=")
		for _, other := range seen {
			if same := sameSteps(steps, other); same == len(steps) && same == len(other) {
				d.reject(path, nil, "put all values into one", "%s is varied twice", clip(a.Field))
			} else if same == len(steps) || same == len(other) {
				d.reject(path, nil, "vary both together, or fields beside each other", "%s overlaps %s", clip(a.Field), clip(pathText(other)))
			} else {
				continue
			}
			break
		}
		if len(steps) > 0 {
			if steps[0].name == "matrix" {
				d.reject(path, nil, "", "a matrix cannot vary the matrix")
			}
			seen = append(seen, steps)
		}
		d.validateAxis(a, fmt.Sprintf("matrix[%d].values", i))
		runs = min(runs*max(len(a.Values), 1), maxCombinations+1)
	}
	if runs > maxCombinations {
		d.reject("matrix", nil, "", "has more than %d combinations", maxCombinations)
	} else if runs*d.size > maxCombinationBytes {
		d.reject("matrix", nil, "remove values or comments", "has %d combinations of a file of %d bytes, above %d together", runs, d.size, maxCombinationBytes)
	}
}

// sameSteps is the number of first steps that two paths share, however they are written.
func sameSteps(a, b []step) int {
	n := 0
	for n < min(len(a), len(b)) && a[n].index == b[n].index {
		i, ok := a[n].position()
		j, _ := b[n].position()
		if a[n].name != b[n].name && !(a[n].index && ok && i == j) {
			break
		}
		n++
	}
	return n
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
