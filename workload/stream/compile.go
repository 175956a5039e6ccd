package stream

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
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

// templateOf writes an entry of the mix as the template of a command.
func templateOf(c *scenarios.Command, w *scenarios.Workload) string {
	or := func(n, otherwise int) int {
		if n == 0 {
			return otherwise
		}
		return n
	}
	times := func(part string, n int) string { return strings.Repeat(" "+part, max(n, 1)) }
	var b strings.Builder
	b.WriteString(c.Command)
	switch c.Command {
	case "GET":
		b.WriteString(" {key}")
	case "SET":
		ttl := c.TTL
		if ttl == 0 {
			ttl = w.Values.TTL
		}
		b.WriteString(" {key} {value}" + expiry(ttl.Std()))
		if c.NX {
			b.WriteString(" NX")
		}
	case "MGET", "MSET":
		for i := range c.Keys {
			b.WriteString(" " + keyAt("string", i))
			if c.Command == "MSET" {
				b.WriteString(" {value}")
			}
		}
	case "INCR", "DECR":
		b.WriteString(" {key:counter}")
	case "HSET":
		b.WriteString(" {key:hash} field:{element} {value}")
	case "HGET":
		b.WriteString(" {key:hash} field:{element}")
	case "HGETALL":
		b.WriteString(" {key:hash}")
	case "LPUSH", "RPUSH":
		b.WriteString(" {key:list}" + times("{value}", c.Count))
	case "LPOP", "RPOP":
		b.WriteString(" {key:list}")
	case "LRANGE":
		b.WriteString(" {key:list} 0 " + strconv.Itoa(or(c.Count, 10)-1))
	case "ZADD", "ZINCRBY":
		b.WriteString(" {key:zset} {random} member:{element}")
	case "ZRANGE":
		b.WriteString(" {key:zset} 0 " + strconv.Itoa(or(c.Count, 10)-1))
	case "SADD", "SISMEMBER":
		b.WriteString(" {key:set} member:{element}")
	case "EXPIRE":
		b.Reset()
		b.WriteString("PEXPIRE " + keyAt(typeName(c.Type), 0) + " " + strconv.FormatInt(c.TTL.Std().Milliseconds(), 10))
	case "DEL":
		b.WriteString(" " + keyAt(typeName(c.Type), 0))
	case "EVALSHA":
		b.WriteString(" " + shaOf(c.Script) + " " + strconv.Itoa(c.Keys))
		for i := range c.Keys {
			b.WriteString(" " + keyAt("other", i))
		}
		b.WriteString(" " + strings.Join(c.Args, " "))
	case "XADD":
		b.WriteString(" {key:stream} MAXLEN ~ " + strconv.Itoa(or(c.MaxLen, 1000)) + " * value {value}")
	case "SPUBLISH":
		b.WriteString(" {key} {value}")
	case "RAW":
		return c.Raw
	}
	return b.String()
}

func typeName(name string) string {
	if name == "" {
		return "string"
	}
	return name
}

// keyAt is the placeholder of the n-th neighbour of the drawn key.
func keyAt(typ string, n int) string {
	if n == 0 {
		return "{key:" + typ + "}"
	}
	return fmt.Sprintf("{key:%s+%d}", typ, n)
}

// expiry is the option of SET; whole seconds are EX, as client libraries write it.
func expiry(ttl time.Duration) string {
	switch {
	case ttl == 0:
		return ""
	case ttl%time.Second == 0:
		return fmt.Sprintf(" EX %d", ttl/time.Second)
	}
	return fmt.Sprintf(" PX %d", ttl.Milliseconds())
}

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

// writer appends one request.
type writer struct {
	s      *Stream
	buf    []byte
	draws  random.Draws
	values random.Draws
	index  int64
	spot   spot
}

// do appends an argument, or encoded text as it is.
func (w *writer) do(o *op) {
	switch {
	case o.pieces != nil:
		start := w.open()
		for i := range o.pieces {
			w.piece(&o.pieces[i])
		}
		w.wrap(start)
	case o.kind == scenarios.Literal:
		w.buf = append(w.buf, o.text...)
	case o.kind == scenarios.ValuePiece:
		n := w.s.values.draw(&w.values)
		w.buf = append(appendLength(w.buf, n), '\r', '\n')
		w.buf = append(w.s.values.appendContent(w.buf, n, &w.values), '\r', '\n')
	default:
		start := w.open()
		w.piece(o)
		w.wrap(start)
	}
}

// piece appends the bare content of a piece.
func (w *writer) piece(o *op) {
	switch o.kind {
	case scenarios.Literal:
		w.buf = append(w.buf, o.text...)
	case scenarios.KeyPiece:
		w.buf = w.spot.appendName(w.buf, o.typ, o.n)
	case scenarios.ValuePiece:
		n := w.s.values.draw(&w.values)
		w.buf = w.s.values.appendContent(w.buf, n, &w.values)
	case scenarios.IndexPiece:
		w.buf = strconv.AppendInt(w.buf, w.index, 10)
	case scenarios.ElementPiece:
		w.buf = strconv.AppendInt(w.buf, w.draws.Int(w.spot.elements), 10)
	case scenarios.RandomPiece:
		w.buf = strconv.AppendInt(w.buf, w.draws.Int(o.n), 10)
	}
}

// lengthRoom is what the length of an argument of 10 to 99 bytes takes, which most
// have that are not known before: $nn and the end of the line.
const lengthRoom = 5

// open leaves room for the length of the argument that is appended next, and gives
// where that starts.
func (w *writer) open() int {
	w.buf = append(w.buf, "$00\r\n"...)
	return len(w.buf)
}

// wrap makes what was appended since start, which open gave, an argument.
func (w *writer) wrap(start int) {
	n := len(w.buf) - start
	if n >= 10 && n <= 99 {
		w.buf[start-4], w.buf[start-3] = '0'+byte(n/10), '0'+byte(n%10)
		w.buf = append(w.buf, '\r', '\n')
		return
	}
	if n < 10 {
		w.buf[start-4], w.buf[start-3], w.buf[start-2] = '0'+byte(n), '\r', '\n'
		copy(w.buf[start-1:], w.buf[start:])
		w.buf = append(w.buf[:len(w.buf)-1], '\r', '\n')
		return
	}
	var length [24]byte
	text := append(appendLength(length[:0], n), '\r', '\n')
	w.buf = append(w.buf, text...)
	from := start - lengthRoom
	copy(w.buf[from+len(text):], w.buf[start:start+n])
	copy(w.buf[from:], text)
	w.buf = append(w.buf[:from+len(text)+n], '\r', '\n')
}

func appendLength(b []byte, n int) []byte { return strconv.AppendInt(append(b, '$'), int64(n), 10) }
