package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// imported is a folder with what its package imports of slotstorm.
type imported struct {
	folder  string
	imports []string
}

// row is what the table says of a folder.
type row struct {
	anything bool
	may      []string
}

const column = "may import"

var inBackticks = regexp.MustCompile("`([^`]+)`")

// parse reads the first table with the column.
func parse(text string) (map[string]row, error) {
	rows := map[string]row{}
	at := -1
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case at < 0:
			at = slices.Index(cells, column)
		case !strings.HasPrefix(line, "|"):
			return rows, nil
		case strings.HasPrefix(cells[0], "`") && len(cells) > at:
			if err := addRow(rows, cells[0], cells[at]); err != nil {
				return nil, err
			}
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("no table has a column %q", column)
	}
	return rows, nil
}

// addRow adds a row for each folder of its first cell.
func addRow(rows map[string]row, folders, may string) error {
	r, err := parseCell(may)
	if err != nil {
		return fmt.Errorf("row %s: %w", folders, err)
	}
	for _, m := range inBackticks.FindAllStringSubmatch(folders, -1) {
		if _, ok := rows[m[1]]; ok {
			return fmt.Errorf("two rows for %s", m[1])
		}
		rows[m[1]] = r
	}
	return nil
}

func parseCell(text string) (row, error) {
	var r row
	for _, m := range inBackticks.FindAllStringSubmatch(text, -1) {
		r.may = append(r.may, m[1])
	}
	r.anything = text == "anything"
	if len(r.may) == 0 && !r.anything && text != "nothing" {
		return row{}, fmt.Errorf("%q names no folder: write nothing, anything, or folders in backticks", text)
	}
	return r, nil
}

// compare holds packages against the rows. A name that ends in /... stands for a folder
// and all below it.
func compare(rows map[string]row, packages []imported) []string {
	var findings []string
	exists := map[string]bool{}
	for _, p := range packages {
		exists[p.folder] = true
		r, ok := rows[p.folder]
		if !ok {
			findings = append(findings, fmt.Sprintf("%s has Go code and no row", p.folder))
			continue
		}
		for _, im := range p.imports {
			if !r.anything && !slices.ContainsFunc(r.may, func(name string) bool { return covers(name, im) }) {
				findings = append(findings, fmt.Sprintf("%s imports %s, which its row does not allow", p.folder, im))
			}
		}
	}
	for name, r := range rows {
		for _, may := range r.may {
			if !slices.ContainsFunc(packages, func(p imported) bool { return covers(may, p.folder) }) {
				findings = append(findings, fmt.Sprintf("the row of %s allows %s, which does not exist", name, may))
			}
		}
		if exists[name] {
			continue
		}
		if len(r.may) > 0 {
			findings = append(findings, fmt.Sprintf("the row of %s allows imports, but the folder has no Go code", name))
		}
	}
	slices.Sort(findings)
	return findings
}

func covers(name, folder string) bool {
	tree, ok := strings.CutSuffix(name, "/...")
	return name == folder || ok && (tree == folder || strings.HasPrefix(folder, tree+"/"))
}
