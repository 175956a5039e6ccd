package doc

// Media are the ways to show a document; several of them are joined by |.
type Media uint8

const (
	// Terminal is text that is read from its end.
	Terminal Media = 1 << iota
	// Markdown is for job summaries and change records.
	Markdown
	// Page is one file of HTML.
	Page

	// Written is everywhere but on a terminal, which shows less.
	Written = Markdown | Page
)

// shows reports whether m is among them; without any they are all.
func (in Media) shows(m Media) bool { return in == 0 || in&m != 0 }
