package main

import (
	"slices"
	"testing"
)

const page = "# A page\n\n| file | holds |\n|---|---|\n| `a` | b |\n\n" +
	"| folder | owns | may import |\n|---|---|---|\n" +
	"| `cmd` | verbs | anything |\n| `report` | words | `results` `report/...` |\n| `report/plot`, `report/doc` | pictures, tables | nothing |\n| `results` | files | nothing |\n\n" +
	"| `results` | another table | `cmd` |\n"

func TestTheTableIsRead(t *testing.T) {
	rows, err := parse(page)
	if err != nil || len(rows) != 5 || !rows["cmd"].anything || !slices.Equal(rows["report"].may, []string{"results", "report/..."}) {
		t.Errorf("%+v, %v", rows, err)
	}
	for _, bad := range []string{"no table", "| folder | may import |\n|---|---|\n| `a` | |\n", "| folder | may import |\n|---|---|\n| `a` | nothing |\n| `a` | nothing |\n"} {
		if rows, err := parse(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, rows)
		}
	}
}

func TestImportsAreComparedWithTheTable(t *testing.T) {
	rows, err := parse(page)
	if err != nil {
		t.Fatal(err)
	}
	good := []imported{{"cmd", []string{"report", "results"}}, {"report", []string{"report/plot", "results"}}, {"report/plot", nil}, {"results", nil}, {"report/doc", nil}}
	if got := compare(rows, good); len(got) > 0 {
		t.Errorf("findings: %q", got)
	}
	bad := append(slices.Clone(good), imported{"audit", nil})
	bad[2].imports = []string{"results"}
	want := []string{"audit has Go code and no row", "report/plot imports results, which its row does not allow"}
	if got := compare(rows, bad); !slices.Equal(got, want) {
		t.Errorf("findings: %q", got)
	}
}
