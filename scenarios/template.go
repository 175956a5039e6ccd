package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PieceKind is what a piece of a template stands for.
type PieceKind int

// The kinds of pieces.
const (
	Literal PieceKind = iota
	// KeyPiece is the name of a key of a type.
	KeyPiece
	// ValuePiece is a value, as values shapes it.
	ValuePiece
	// IndexPiece is the request's index, from 0.
	IndexPiece
	// ElementPiece is a drawn number from 0 to keys.elements-1.
	ElementPiece
	// RandomPiece is a drawn number from 0 to N-1.
	RandomPiece
)

// Piece is a part of one argument of a command.
type Piece struct {
	Kind PieceKind
	// Text is a literal's.
	Text string
	// Type is a key's type; N its distance from the drawn key within its group,
	// or the bound of a random number.
	Type string
	N    int64
}

// templateError says what is wrong with a template, and how to write it.
type templateError struct{ message, hint string }

func (e *templateError) Error() string { return e.message + ": " + e.hint }

const placeholders = "the placeholders are {key}, {key:TYPE}, {key+N}, {value}, {index}, {element}, {random} and {random:N}; quote text with braces or spaces"

// maxRandom bounds {random:N}.
const maxRandom = 1 << 53

// commandWord is what the name of a command looks like: printable ASCII.
var commandWord = regexp.MustCompile(`^[!-~]+$`)

// ParseTemplate cuts a template into the arguments of a command, which spaces
// part, and each argument into pieces. Placeholders are those of Command.Raw;
// {key+2} and {key:set+2} are the neighbours of the drawn key that share its
// hash tag. Quoted text is literal and may hold spaces and braces. It is written as
// for redis-cli, and may stand beside other text and placeholders of its argument.
func ParseTemplate(text string) ([][]Piece, error) {
	var args [][]Piece
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		pieces, after, err := parseArgument(rest)
		if err != nil {
			return nil, err
		}
		args, rest = append(args, pieces), after
	}
	if len(args) == 0 {
		return nil, &templateError{"holds no command", "write a command and its arguments, such as SETRANGE {key} 0 {value}"}
	}
	if len(args[0]) > 1 || args[0][0].Kind != Literal || !commandWord.MatchString(args[0][0].Text) {
		return nil, &templateError{"does not begin with a command's name", "write a command and its arguments, such as SETRANGE {key} 0 {value}"}
	}
	return args, nil
}

// parseArgument reads the argument at the start of text, and gives what follows it.
func parseArgument(text string) (pieces []Piece, rest string, err error) {
	for text != "" {
		var p Piece
		switch first, _ := utf8.DecodeRuneInString(text); {
		case unicode.IsSpace(first):
			return pieces, text, nil
		case first == '"' || first == '\'':
			p.Text, text, err = parseQuoted(text)
		case first == '{':
			word := text[:indexSpace(text)]
			end := strings.IndexByte(word, '}')
			if end < 0 {
				return nil, "", &templateError{fmt.Sprintf("%q is not closed", clip(word)), placeholders}
			}
			p, err = parsePlaceholder(word[1:end])
			text = text[end+1:]
		default:
			word := text[:indexSpace(text)]
			if end := strings.IndexAny(word, `{"'`); end >= 0 {
				word = word[:end]
			}
			p.Text, text = word, text[len(word):]
		}
		if err != nil {
			return nil, "", err
		}
		if last := len(pieces) - 1; p.Kind == Literal && last >= 0 && pieces[last].Kind == Literal {
			pieces[last].Text += p.Text
			continue
		}
		pieces = append(pieces, p)
	}
	return pieces, "", nil
}

// indexSpace is where the first space stands, or the length of text.
func indexSpace(text string) int {
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return i
	}
	return len(text)
}

// escapes are the characters that stand for others behind a backslash, in double
// quotes. Source: sdssplitargs of Redis.
var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'a': '\a'}

// parseQuoted reads the quoted text at the start of text, and gives what follows it.
// In double quotes a backslash escapes: \n, \r, \t, \b, \a, a byte as in \x1f, and any
// other character for itself. In single quotes \' alone is special.
func parseQuoted(text string) (literal, rest string, err error) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		c := text[i]
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case c == quote:
			return b.String(), text[i+1:], nil
		case c != '\\' || next == 0 || quote == '\'' && next != '\'':
			b.WriteByte(c)
			continue
		case quote == '"' && next == 'x' && i+3 < len(text):
			if n, err := strconv.ParseUint(text[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		if to, ok := escapes[next]; ok && quote == '"' {
			next = to
		}
		b.WriteByte(next)
		i++
	}
	return "", "", &templateError{fmt.Sprintf("the quote in %q is not closed", clip(text)), `quote as for redis-cli: "two words", '{"a": 1}', or "it's"`}
}

func parsePlaceholder(text string) (Piece, error) {
	unknown := &templateError{fmt.Sprintf("there is no placeholder {%s}", clip(text)), placeholders}
	name, detail, detailed := strings.Cut(text, ":")
	word, offset, shifted := strings.Cut(text, "+")
	switch {
	case text == "value":
		return Piece{Kind: ValuePiece}, nil
	case text == "index":
		return Piece{Kind: IndexPiece}, nil
	case text == "element":
		return Piece{Kind: ElementPiece}, nil
	case text == "random":
		return Piece{Kind: RandomPiece, N: 1_000_000}, nil
	case name == "random" && detailed:
		n, err := strconv.ParseInt(detail, 10, 64)
		if err != nil || n < 1 || n > maxRandom {
			return Piece{}, &templateError{fmt.Sprintf("%q bounds no random number", clip(detail)), "write a whole number from 1, as in {random:100}"}
		}
		return Piece{Kind: RandomPiece, N: n}, nil
	}
	p := Piece{Kind: KeyPiece, Type: "string"}
	if shifted {
		n, err := strconv.ParseInt(offset, 10, 64)
		if err != nil || n < 1 || n > 1000 {
			return Piece{}, &templateError{fmt.Sprintf("%q is no distance of a key", clip(offset)), "write a whole number from 1 to 1000, as in {key+1}"}
		}
		p.N = n
	}
	if word == "key" {
		return p, nil
	}
	if p.Type, detailed = strings.CutPrefix(word, "key:"); !detailed {
		return Piece{}, unknown
	}
	if !slices.Contains(KeyTypes, p.Type) {
		return Piece{}, &templateError{fmt.Sprintf("there is no type of key %q", clip(p.Type)), "the types are " + strings.Join(KeyTypes, ", ")}
	}
	return p, nil
}
