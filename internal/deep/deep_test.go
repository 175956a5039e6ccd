package deep

import (
	"testing"
)

func TestDiff(t *testing.T) {
	type pair struct {
		Name string
		List []int
	}
	for _, tc := range []struct {
		want, got any
		diff      string
	}{
		{pair{"a", []int{1}}, pair{"a", []int{1}}, ""},
		{pair{"a", []int{1, 2}}, pair{"a", []int{1, 3}}, "-     2\n+     3\n"},
		{pair{"a", nil}, pair{"a", []int{}}, "-   \"List\": null\n+   \"List\": []\n"},
		{1, int64(1), "- 1\n+ 1\n"},
		{func() {}, nil, "x"},
	} {
		got := Diff(tc.want, tc.got)
		if got != tc.diff && !(tc.diff == "x" && got != "") {
			t.Errorf("Diff(%v, %v) = %q, not %q", tc.want, tc.got, got, tc.diff)
		}
	}
}
