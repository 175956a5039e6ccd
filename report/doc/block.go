package doc

// Block is a part of a section. The renderers know all of them.
type Block interface {
	// empty blocks are left out.
	empty() bool
}

// Note explains what stands beside it.
type Note struct{ Text }

func (n Note) empty() bool { return len(n.Text) == 0 }

// Line is one result in words.
type Line string

func (l Line) empty() bool { return l == "" }

// Callout is a result in words that a reader should not miss.
type Callout string

func (c Callout) empty() bool { return c == "" }

// List is a list of texts.
type List struct {
	// Title is its heading, where it is not that of the section.
	Title string
	Items []string
	// Warn marks each of them as a warning.
	Warn bool
}

func (l List) empty() bool { return len(l.Items) == 0 }

// Files is a list of files beside the document, after what they are.
type Files struct {
	Title string
	Names []string
}

func (f Files) empty() bool { return len(f.Names) == 0 }

// Terms are names and what stands for each.
type Terms struct {
	Title string
	Pairs [][2]string
}

func (t Terms) empty() bool { return len(t.Pairs) == 0 }

// Finding is what a run teaches.
type Finding struct {
	// Severity is critical, warning or note.
	Severity, Title string
	Evidence        []string
	Advice          string
	// Anchor is the ID of what shows it.
	Anchor string
}

// Findings are several of them, the worst first.
type Findings []Finding

func (f Findings) empty() bool { return len(f) == 0 }

// Pictures draws pictures. It is called only by renderers that show them.
type Pictures func() []Picture

func (p Pictures) empty() bool { return p == nil }

// Picture is a drawing under its title.
type Picture struct {
	// File is its name among the plots, without extension.
	File, Title string
	Legend      []Key
	// SVG draws it for a page, whose colours it takes.
	SVG func() (string, error)
}

// Key explains a colour, by the name that the page has for it; Area ones are filled.
type Key struct {
	Name, Color string
	Area        bool
}

// Strips show for each of several parts when it was down, in percent of the time.
type Strips []Strip

// Strip is one of them. Text is its result in words.
type Strip struct {
	Name, Text string
	Down       []Stretch
	// Borders are those between phases.
	Borders []string
}

// Stretch is a part of a strip.
type Stretch struct{ Left, Width string }

func (s Strips) empty() bool { return len(s) == 0 }

// Code is text that is shown as it is: a file, or a command.
type Code struct {
	Text string
	// Lead is a word before a text of one line, which then stands in the line.
	Lead string
}

func (c Code) empty() bool { return c.Text == "" }

// Fields are to be filled in by hand, on paper.
type Fields []string

func (f Fields) empty() bool { return len(f) == 0 }

// Details are blocks that a page shows on demand.
type Details struct {
	// Summary is always shown, and More beside it.
	Summary, More string
	// ID is an anchor.
	ID     string
	Open   bool
	Blocks []Block
}

func (d Details) empty() bool { return len(d.Blocks) == 0 }

// only is a block for some media.
type only struct {
	in Media
	Block
}

// Only shows a block in some media.
func Only(in Media, b Block) Block { return only{in, b} }

// visible are the blocks that a medium shows. Those without a page show what is in
// details among the others.
func visible(list []Block, m Media) []Block {
	var out []Block
	for _, b := range list {
		if o, ok := b.(only); ok {
			if !o.in.shows(m) {
				continue
			}
			b = o.Block
		}
		switch v := b.(type) {
		case Table:
			b = v.For(m)
		case Details:
			v.Blocks = visible(v.Blocks, m)
			if m != Page {
				out = append(out, v.Blocks...)
				continue
			}
			b = v
		}
		if !b.empty() {
			out = append(out, b)
		}
	}
	return out
}
