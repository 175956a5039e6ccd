package scenarios

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// Default is a value that a scenario takes where its file does not state one.
type Default struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	// Why says what the value is good for.
	Why string `json:"why"`
}

// filler notes which defaults were applied.
type filler struct {
	d       *document
	applied []Default
	// own begins the names of all keys; empty where the cluster is slotstorm's.
	own string
}

func fill[T any](f *filler, path string, field *T, value T, why string) {
	if f.d.values[path] != nil {
		return
	}
	*field = value
	f.applied = append(f.applied, Default{path, defaultText(value), why})
}

// fillZero is fill for an option of which 0 leaves the default, stated or not.
func fillZero(f *filler, path string, field *Duration, value Duration, why string) {
	if *field == 0 && !f.d.failed(path) {
		*field = value
		f.applied = append(f.applied, Default{path, defaultText(value), why})
	}
}

// defaultText writes a default as a scenario would, on one line.
func defaultText(value any) string {
	var n yaml.Node
	if err := n.Encode(value); err != nil {
		panic(err) // the defaults are constants
	}
	n.Style = yaml.FlowStyle
	out, err := yaml.Marshal(&n)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(out))
}
