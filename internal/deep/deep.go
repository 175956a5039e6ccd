// Package deep compares values in tests, and shows where they differ.
package deep

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Diff is empty if two values are deeply equal. Otherwise it shows the lines of both that
// differ, as indented JSON: want with -, got with +.
func Diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	a, b := lines(want), lines(got)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a)+len(b) == 0 {
		return fmt.Sprintf("- %#v\n+ %#v\n", want, got) // JSON shows them alike
	}
	var out strings.Builder
	for _, line := range a {
		out.WriteString("- " + line + "\n")
	}
	for _, line := range b {
		out.WriteString("+ " + line + "\n")
	}
	return out.String()
}

func lines(v any) []string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		text = fmt.Appendf(nil, "%#v", v)
	}
	return strings.Split(string(text), "\n")
}
