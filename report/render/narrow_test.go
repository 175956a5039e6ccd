package render

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/doc"
)

// TestNarrowTable: the columns that do not fit follow on further lines, under their titles,
// and no figure is lost. A row that fits stays one line.
func TestNarrowTable(t *testing.T) {
	table := doc.Table{Head: doc.Columns("fault", "primary", "server", "client", "synced"), Rows: [][]string{
		{"kill-primary", "node-0 → node-3", "4.051 s", "5.088 s", "13.473 s"},
		{"kill-again", "node-3 → node-0", "3.9 s", "4.2 s", "9 s"},
	}}
	for i := 2; i < len(table.Head); i++ {
		table.Head[i].Number = true
	}
	narrow, wide := newPrinter(false, 40), newPrinter(false, 0)
	narrow.table(table)
	wide.table(table)
	if got := strings.Count(wide.out.String(), "\n"); got != 3 {
		t.Errorf("the wide table has %d lines:\n%s", got, wide.out.String())
	}
	lines := strings.Split(narrow.out.String(), "\n")
	for _, l := range lines {
		if columns(l) > 40 {
			t.Errorf("%d columns: %s", columns(l), l)
		}
	}
	terminal := newPrinter(false, 2*TextWidth)
	terminal.table(doc.Table{Head: doc.Columns("a", "b", "c"), Rows: [][]string{{strings.Repeat("a", TextWidth), strings.Repeat("b", 90), "cells"}}})
	if rows := strings.Split(strings.TrimSuffix(terminal.out.String(), "\n"), "\n"); len(rows) != 4 || columns(rows[2]) <= TextWidth {
		t.Errorf("a row is not folded at the width of the terminal, but so: %q", rows)
	}
	if a, b := strings.Fields(narrow.out.String()), strings.Fields(wide.out.String()); strings.Join(a, " ") != strings.Join(b, " ") {
		t.Errorf("%q, not %q", a, b)
	}
	if !strings.HasPrefix(lines[1], further) || strings.Index(lines[1], "client")+len("client") != strings.Index(lines[3], "5.088 s")+len("5.088 s") {
		t.Errorf("the second line of a row is not under its titles:\n%s", narrow.out.String())
	}
}
