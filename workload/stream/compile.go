package stream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// entry is an entry of the mix, compiled.
type entry struct {
	ops     []op
	replies int
	write   bool
	// keyType is the type of its first key, if keyed.
	keyType keyType
	keyed   bool
	// first is, by command, the argument that holds its first key, 0 for none.
	first []int
	types [keyTypes]bool
	// effect is what an error reply says about the execution.
	effect resp.Effect
	// wait and local are what WAIT or WAITAOF must answer.
	wait, local int
}

// op appends one part of the encoded request.
type op struct {
	kind scenarios.PieceKind
	// text is encoded already, if kind is Literal.
	text []byte
	typ  keyType
	n    int64
	// pieces are those of an argument that is made of several.
	pieces []op
}

// compile compiles an entry of the mix.
func compile(c *scenarios.Command, w *scenarios.Workload) (entry, error) {
	templates := []string{templateOf(c, w)}
	if c.Command == "MULTI" {
		templates = slices.Concat([]string{"MULTI"}, c.Commands, []string{"EXEC"})
	}
	if wait := c.Wait; wait != nil {
		timeout := wait.Timeout.Std().Milliseconds()
		if wait.Local > 0 {
			templates = append(templates, fmt.Sprintf("WAITAOF %d %d %d", wait.Local, wait.Replicas, timeout))
		} else {
			templates = append(templates, fmt.Sprintf("WAIT %d %d", wait.Replicas, timeout))
		}
	}
	e := entry{replies: len(templates)}
	if c.Command == "MULTI" {
		e.effect = resp.Transaction
	}
	if c.Wait != nil {
		e.wait, e.local = c.Wait.Replicas, c.Wait.Local
	}
	for _, t := range templates {
		args, err := scenarios.ParseTemplate(t)
		if err != nil {
			return e, err
		}
		if c.Command == "SPUBLISH" {
			args[1][0].Type = "channel"
		}
		e.add(args)
	}
	e.merge()
	return e, nil
}

// add compiles one command.
func (e *entry) add(args [][]scenarios.Piece) {
	switch name := upper(args); name {
	case "MULTI", "EXEC", "WAIT", "WAITAOF":
	default:
		e.write = e.write || !scenarios.ReadsOnly(name)
		if !scenarios.Whole(name) && e.effect == resp.Whole {
			e.effect = resp.Partial
		}
	}
	e.ops = append(e.ops, op{text: resp.AppendHeader(nil, len(args))})
	e.first = append(e.first, 0)
	for i, a := range args {
		var pieces []op
		for _, p := range a {
			o := op{kind: p.Kind, n: p.N}
			switch p.Kind {
			case scenarios.Literal:
				o.text = []byte(p.Text)
			case scenarios.KeyPiece:
				o.typ = typeOf(p.Type)
				e.types[o.typ] = true
				if !e.keyed {
					e.keyed, e.keyType = true, o.typ
				}
				if last := len(e.first) - 1; e.first[last] == 0 {
					e.first[last] = i
				}
			}
			pieces = append(pieces, o)
		}
		switch {
		case len(pieces) == 1 && pieces[0].kind == scenarios.Literal:
			pieces[0].text = resp.AppendBulk(nil, pieces[0].text)
			e.ops = append(e.ops, pieces[0])
		case len(pieces) == 1:
			e.ops = append(e.ops, pieces[0])
		default:
			e.ops = append(e.ops, op{pieces: pieces})
		}
	}
}

// merge joins literals that follow one another.
func (e *entry) merge() {
	merged := e.ops[:0]
	for _, o := range e.ops {
		if n := len(merged); n > 0 && merged[n-1].literal() && o.literal() {
			merged[n-1].text = append(merged[n-1].text, o.text...)
			continue
		}
		merged = append(merged, o)
	}
	e.ops = merged
}

func (o *op) literal() bool { return o.kind == scenarios.Literal && o.pieces == nil }

// upper is the command of a template, in upper case.
func upper(args [][]scenarios.Piece) string { return strings.ToUpper(args[0][0].Text) }
