// Package doc holds what every rendering shows in its own way: tables, and the names of
// the files that a run's documents have.
package doc

// Drop leaves a column out.
func Drop(t Table, title string) Table {
	out := Table{Title: t.Title}
	var keep []int
	for i, c := range t.Head {
		if c.Title != title {
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

// Table is what every renderer shows in its own way: the same rows in the
// terminal, in Markdown and in HTML.
type Table struct {
	Title string
	Head  []Column
	Rows  [][]string
	// Grouped rows belong together while their first cell stays the same.
	Grouped bool
}

// Breaks reports whether row i begins a new group.
func (t Table) Breaks(i int) bool { return t.Grouped && i > 0 && t.Rows[i][0] != t.Rows[i-1][0] }

// Column is a heading; Number columns are set flush right, Long ones may break
// into lines.
type Column struct {
	Title        string
	Number, Long bool
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
