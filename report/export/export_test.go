package export

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// A line for each second's commands, for all of them and for each shard; the
// warm-up lies before second 0.
func TestTheSeriesIsExported(t *testing.T) {
	var table, lines bytes.Buffer
	b := fixture.Killed()
	if err := SeriesCSV(&table, b); err != nil {
		t.Fatal(err)
	}
	if err := SeriesJSON(&lines, b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(lines.String(), "\n"); len(rows) != 1+38*6 || n != 38*6 {
		t.Fatalf("%d lines of CSV, %d of JSON", len(rows), n)
	}
	// Three seconds of warm-up: second 0 is the fourth.
	first, steady := rows[1], rows[1+3*6+2]
	if first[0] != "-3" || first[1] != "" || first[2] != "GET" {
		t.Errorf("%q", first)
	}
	if steady[0] != "0" || steady[1] != "steady" || steady[2] != results.All || steady[4] != "1000" || steady[8] != "1000" {
		t.Errorf("%q", steady)
	}
	if shard := rows[1+3*6+4]; shard[3] != "1" || shard[4] != "334" {
		t.Errorf("%q", shard)
	}
}

// TestTheSeriesHasNoZeroForTheUnknown: a cell is empty, and a field left out, where nothing
// was measured. A shard without an answer has its line.
func TestTheSeriesHasNoZeroForTheUnknown(t *testing.T) {
	b := fixture.Killed()
	b.Intervals = slices.DeleteFunc(b.Intervals, func(i results.Interval) bool { return i.Second == 7 })
	b.ShardIntervals = slices.DeleteFunc(b.ShardIntervals, func(i results.Interval) bool { return i.Second == 7 && i.Shard == 0 })
	var table, lines bytes.Buffer
	if err := errors.Join(SeriesCSV(&table, b), SeriesJSON(&lines, b)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 1+38*6 {
		t.Fatalf("%v, %d rows", err, len(rows))
	}
	none := strings.Repeat(",", 11)
	second := strings.SplitAfter(lines.String(), "\n")[7*6:]
	for row, want := range map[int]struct{ begins, times string }{
		0: {",0,0,0,,", none}, 2: {",0,0,0,1000,", none}, 3: {"4,steady,all,0,0,,,,,", none}, 4: {"4,steady,all,1,334,,,,,", ""},
	} {
		line := strings.Join(rows[1+7*6+row], ",")
		if !strings.Contains(line, want.begins) || want.times != "" && !strings.Contains(line, want.times) || want.times == "" && strings.Contains(line, none) {
			t.Errorf("row %d: %s", row, line)
		}
		if got := second[row]; strings.Contains(got, `"response"`) != (want.times == "") || strings.Contains(got, `"failed"`) != (row < 3) || strings.Contains(got, `"completed"`) != (row == 2) {
			t.Errorf("row %d: %s", row, got)
		}
	}
}
