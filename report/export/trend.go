package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
)

// TrendCSV writes a trend as a table that spreadsheets and Apache Otava read: a
// row for each run, with its time, id and versions, and a column for each series.
func TrendCSV(w io.Writer, t *compare.Trend) error {
	out := csv.NewWriter(w)
	head := []string{"time", "run", "verdict", "server", "slotstorm"}
	for _, s := range t.Series {
		head = append(head, csvCell(column(&s)))
	}
	rows := [][]string{head}
	for i, r := range t.Runs {
		row := []string{r.Start.UTC().Format("2006-01-02 15:04:05 +0000"), csvCell(r.ID), csvCell(string(r.Verdict)), csvCell(r.Version.Server.String()), csvCell(r.Version.Slotstorm)}
		for _, s := range t.Series {
			cell := ""
			if s.Values[i] != nil {
				cell = strconv.FormatFloat(*s.Values[i], 'g', -1, 64)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// column names a series in one word: response.p99.GET.steady.
func column(s *compare.TrendSeries) string {
	parts := []string{s.Metric}
	for _, p := range []string{s.Command, s.Phase} {
		if p != "" && p != results.All {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}
