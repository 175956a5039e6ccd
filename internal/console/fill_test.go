package console

import (
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one", 10, "one"},
		{"one two", 7, "one two"},
		{"one two", 6, "one|two"},
		{"a name-that-is-too-long b", 5, "a|name-that-is-too-long|b"},
		{"größe größe", 11, "größe größe"},
		{"one two three", -1, "one|two|three"},
	} {
		if got := strings.Join(Fill(strings.Fields(tt.text), tt.width), "|"); got != tt.want {
			t.Errorf("%q in %d: %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}
