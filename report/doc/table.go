package doc

import "slices"

// Table is what every renderer shows in its own way: the same rows in the
// terminal, in Markdown and in HTML.
type Table struct {
	Title string
	// ID is an anchor, if the table has one.
	ID   string
	Head []Column
	Rows [][]string
	// Grouped rows belong together while their first cell stays the same.
	Grouped bool
	// Dense tables are wide: their columns stand closer on a page.
	Dense bool
	// Results name the colours of each row's first cell, if that is a result.
	Results []string
	// Strong are the rows that a page shows in bold.
	Strong []int
	// Note explains the columns.
	Note Text
}

// Breaks reports whether row i begins a new group.
func (t Table) Breaks(i int) bool { return t.Grouped && i > 0 && t.Rows[i][0] != t.Rows[i-1][0] }

// For is the table with the columns that a medium shows.
func (t Table) For(m Media) Table {
	out := t
	out.Head, out.Rows = nil, nil
	var keep []int
	for i, c := range t.Head {
		if c.In.shows(m) {
			keep = append(keep, i)
			out.Head = append(out.Head, c)
		}
	}
	for _, row := range t.Rows {
		var cells []string
		for _, i := range keep {
			cells = append(cells, row[i])
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func (t Table) empty() bool { return len(t.Rows) == 0 }

// Result is the name of the colours of a row's first cell, or empty.
func (t Table) Result(row int) string {
	if row < len(t.Results) {
		return t.Results[row]
	}
	return ""
}

// Bold reports whether a row is one of the strong ones.
func (t Table) Bold(row int) bool { return slices.Contains(t.Strong, row) }

// Column is a heading; Number columns are set flush right, Long ones may break
// into lines.
type Column struct {
	Title        string
	Number, Long bool
	// The cells of Key columns are in bold; those of Faint ones stand back.
	Key, Faint bool
	// In are the media that show the column; all, if it is 0.
	In Media
}

// Columns are headings of text.
func Columns(titles ...string) []Column {
	var list []Column
	for _, t := range titles {
		list = append(list, Column{Title: t})
	}
	return list
}

// Numbers are headings of numbers.
func Numbers(titles ...string) []Column {
	var list []Column
	for _, t := range titles {
		list = append(list, Column{Title: t, Number: true})
	}
	return list
}

// Long is a heading of text that may break into lines.
func Long(title string) []Column { return []Column{{Title: title, Long: true}} }
