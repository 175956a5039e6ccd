package sections

import (
	"reflect"
	"testing"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// The hit rate has a column as soon as a read has missed.
func TestHits(t *testing.T) {
	s := &results.Summary{Load: []results.PhaseLoad{
		{Phase: "a", Command: "GET", Counts: results.Counts{OK: 8, Hits: 8}},
		{Phase: "a", Command: "SET", Counts: results.Counts{OK: 2}},
	}}
	before := loadTable(s)
	s.Load[0].Counts = results.Counts{OK: 8, Hits: 6, Misses: 2}
	after := loadTable(s)
	if len(after.Head) != len(before.Head)+1 || len(before.Rows[0]) != len(before.Head) {
		t.Fatalf("columns without misses %d, with misses %d", len(before.Head), len(after.Head))
	}
	for i, want := range []string{"75 %", words.None} {
		if row := after.Rows[i]; len(row) != len(after.Head) || row[len(row)-1] != want {
			t.Errorf("%q, want %s last", row, want)
		}
	}
}

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
