package stream

import (
	"strconv"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
)

// writer appends one request.
type writer struct {
	values *values
	buf    []byte
	draws  random.Draws
	// content are the draws of sizes and contents of values.
	content random.Draws
	index   int64
	spot    spot
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
		n := w.values.draw(&w.content)
		w.buf = append(appendLength(w.buf, n), '\r', '\n')
		w.buf = append(w.values.appendContent(w.buf, n, &w.content), '\r', '\n')
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
		n := w.values.draw(&w.content)
		w.buf = w.values.appendContent(w.buf, n, &w.content)
	case scenarios.IndexPiece:
		w.buf = strconv.AppendInt(w.buf, w.index, 10)
	case scenarios.ElementPiece:
		w.buf = strconv.AppendInt(w.buf, w.draws.Int(w.spot.elements), 10)
	case scenarios.RandomPiece:
		w.buf = strconv.AppendInt(w.buf, w.draws.Int(o.n), 10)
	}
}

// lengthRoom is the room for the length of an argument of 10 to 99 bytes: $nn and the
// end of the line. Most arguments whose length is not known before are of that size.
const lengthRoom = 5

// open leaves room for the length of the argument that is appended next, and gives
// the start of that argument.
func (w *writer) open() int {
	w.buf = append(w.buf, "$00\r\n"...)
	return len(w.buf)
}

// wrap makes the bytes since start, which open gave, an argument.
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
