// Package doc is what every document is made of, in words already: sections of tables,
// pictures and notes, which each renderer shows in its own way; and the names of the
// files that a run's documents have.
package doc

// Document is a report, a sheet, a comparison, a trend, or an answer on capacity.
type Document struct {
	// Window is the title of its page.
	Window string
	Style  Style
	Badge  Badge
	Title  string
	// Lead follows the title.
	Lead        string
	Description string
	// Facts are what it is about; Sides are that of what is compared.
	Facts   string
	Sides   []Side
	Reasons []string
	// Head are blocks below the reasons.
	Head     []Block
	Cards    []Card
	Sections []Section
	// Closing lines end the terminal's text, which is read from its end.
	Closing []Side
	Footer  string
}

// Style is how the page of a document is laid out; empty is that of a run.
type Style string

const (
	// Sheet is one page on paper.
	Sheet Style = "sheet"
	// Many is that of documents about many runs.
	Many Style = "many"
)

// Badge is a verdict: a mark and a word, with the name of its colours.
type Badge struct {
	Mark, Word, Class string
	// InTitle: the title has the word already, so that the mark is enough before it.
	InTitle bool
}

// Side is a text with a name, which may be empty, and the name of its colours.
type Side struct{ Name, Text, Class string }

// Card is a figure that a reader looks for first.
type Card struct{ Value, Name string }

// Section is a part of a document under a title.
type Section struct {
	// ID is its anchor.
	ID, Title string
	// Conclusion: a terminal shows it after the sections that are none.
	Conclusion bool
	Blocks     []Block
}

// HeadFor are the blocks below the reasons that a medium shows.
func (d Document) HeadFor(m Media) []Block { return visible(d.Head, m) }

// For are the sections that a medium shows, in its order, with the blocks that it shows.
func (d Document) For(m Media) []Section {
	var first, last []Section
	for _, s := range d.Sections {
		if s.Blocks = visible(s.Blocks, m); len(s.Blocks) == 0 {
			continue
		}
		if s.Conclusion && m == Terminal {
			last = append(last, s)
		} else {
			first = append(first, s)
		}
	}
	return append(first, last...)
}
