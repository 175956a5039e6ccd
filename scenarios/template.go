package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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

const placeholders = "the placeholders are {key}, {key:TYPE}, {key+N}, {value}, {index}, {element}, {random} and {random:N}"

// maxRandom bounds {random:N}.
const maxRandom = 1 << 53

// ParseTemplate cuts a template into the arguments of a command, which spaces
// part, and each argument into pieces. Placeholders are those of Command.Raw;
// {key+2} and {key:set+2} are the neighbours of the drawn key that share its
// hash tag.
func ParseTemplate(text string) ([][]Piece, error) {
	var args [][]Piece
	for word := range strings.FieldsSeq(text) {
		var pieces []Piece
		for word != "" {
			open := strings.IndexByte(word, '{')
			if open < 0 {
				open = len(word)
			}
			if open > 0 {
				pieces = append(pieces, Piece{Kind: Literal, Text: word[:open]})
				word = word[open:]
				continue
			}
			end := strings.IndexByte(word, '}')
			if end < 0 {
				return nil, &templateError{fmt.Sprintf("%q is not closed", clip(word)), placeholders + "; they hold no spaces"}
			}
			p, err := parsePlaceholder(word[1:end])
			if err != nil {
				return nil, err
			}
			pieces, word = append(pieces, p), word[end+1:]
		}
		args = append(args, pieces)
	}
	if len(args) == 0 {
		return nil, &templateError{"holds no command", "write a command and its arguments, such as SETRANGE {key} 0 {value}"}
	}
	if len(args[0]) > 1 || args[0][0].Kind != Literal {
		return nil, &templateError{"does not begin with a command's name", "write a command and its arguments, such as SETRANGE {key} 0 {value}"}
	}
	return args, nil
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
