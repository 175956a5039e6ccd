package export

import (
	"bytes"
	"encoding/csv"
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
