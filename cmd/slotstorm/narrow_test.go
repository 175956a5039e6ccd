package main

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/console"
)

// TestNarrow: no line is wider than the terminal, and each cell remains, with its title.
func TestNarrow(t *testing.T) {
	t.Parallel()
	head := []string{"RUN", "SCENARIO", "WHEN (UTC)", "P99", "SET"}
	rows := [][]console.Cell{{{Text: "kill-primary-20261130T124517Z-b7d2"}, {Text: "kill-primary"}, {Text: "2026-11-30 12:45:17"}, {Text: ""}, {Text: "workload.rate=500 seed=1"}}}
	if got := tableWidth(head, rows); got != 34+2+12+2+19+2+3+2+24 {
		t.Errorf("the table is %d wide", got)
	}
	var b strings.Builder
	narrow(&b, 40, head, rows)
	const want = `kill-primary-20261130T124517Z-b7d2
    scenario kill-primary, when (utc)
    2026-11-30 12:45:17, set
    workload.rate=500 seed=1
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
