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
	// sends means that it hands data to others and looks for none.
	sends bool
	// route says how the slot is found: keyType is the type of a drawn key, and slot
	// that of a literal one.
	route   route
	keyType keyType
	slot    int
	// first is, by command, the argument that holds its first key, 0 for none.
	first []int
	types [keyTypes]bool
	// effect is what an error reply says about the execution.
	effect resp.Effect
	// wait and local are what WAIT or WAITAOF must answer.
	wait, local int
}

// route is how the slot of a request is found: from the first key of its first command
// that has one.
type route int

const (
	// keyless: there is no key, and any primary will do.
	keyless route = iota
	// drawn: the key is the drawn one, or a neighbour of it.
	drawn
	// literal: the key is always the same.
	literal
	// written: the key is made of several pieces, or of others, and its slot is
	// computed once it is written.
	written
)

// op appends one part of the encoded request.
type op struct {
	kind scenarios.PieceKind
	// routes marks the argument whose slot is that of the request.
	routes bool
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
		e.sends = e.sends || name == "SPUBLISH"
		if !scenarios.Whole(name) && e.effect == resp.Whole {
			e.effect = resp.Partial
		}
	}
	e.ops = append(e.ops, op{text: resp.AppendHeader(nil, len(args))})
	key := 0
	if keys := scenarios.KeyArgs(args); len(keys) > 0 {
		key = keys[0]
	}
	e.first = append(e.first, key)
	for i, a := range args {
		routes := i == key && key > 0 && e.route == keyless
		if routes {
			e.routeBy(a)
		}
		var pieces []op
		for _, p := range a {
			o := op{kind: p.Kind, n: p.N}
			switch p.Kind {
			case scenarios.Literal:
				o.text = []byte(p.Text)
			case scenarios.KeyPiece:
				o.typ = typeOf(p.Type)
				e.types[o.typ] = true
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
		e.ops[len(e.ops)-1].routes = routes && e.route == written
	}
}

// routeBy finds the slot by a key.
func (e *entry) routeBy(key []scenarios.Piece) {
	switch {
	case len(key) == 1 && key[0].Kind == scenarios.KeyPiece:
		e.route, e.keyType = drawn, typeOf(key[0].Type)
	case len(key) == 1 && key[0].Kind == scenarios.Literal:
		e.route, e.slot = literal, int(resp.Slot([]byte(key[0].Text)))
	default:
		e.route = written
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
