package sections

import (
	"reflect"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// Reads by role are shown of clients that may read from replicas alone, also if no
// replica was read.
func TestReadsByRole(t *testing.T) {
	s := &results.Summary{Load: []results.PhaseLoad{
		{Phase: "a", Command: "GET"},
		{Phase: "a", Command: results.All, Reads: &results.Reads{Primary: 25, Replica: 75}},
		{Phase: "b", Command: results.All, Reads: &results.Reads{Primary: 4}},
		{Phase: "c", Command: results.All, Reads: &results.Reads{}},
		{Phase: "d", Command: results.All},
	}}
	want := [][]string{{"a", "25", "75", "75 %"}, {"b", "4", "0", "0 %"}}
	if got := readTable(s).Rows; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
