package resp

import "bytes"

// Guard follows replies as they are read, in pieces of any size, and refuses one
// that claims or holds more than Limits allow. It protects clients that allocate the
// claimed length before the bytes have come. It keeps no bytes of replies. The zero
// value is not ready; use NewGuard.
type Guard struct {
	limits Limits
	// failed is why the stream was refused.
	failed error

	// skip counts the bytes of the string under way that are still to come, its
	// end included.
	skip int
	// line has the first bytes of the line under way, its type first; length is
	// that of the whole line so far.
	line   [24]byte
	length int

	// The reply under way: size is its bytes, elements what its aggregates claim
	// together; left[:depth] counts the elements that each open aggregate lacks.
	size, elements, attributes, depth int
	left                              [maxDepth + 1]int
}

// maxAttributes bounds the attributes of one reply: clients recurse over them.
const maxAttributes = 1024

// NewGuard is a guard with these limits. MaxElements bounds all aggregates of a
// reply together.
func NewGuard(l Limits) Guard {
	l.MaxLine = max(l.MaxLine, 64)
	return Guard{limits: l}
}

// Check looks at the next bytes of the stream. The error is a *ProtocolError, and
// stays.
func (g *Guard) Check(b []byte) error {
	for len(b) > 0 && g.failed == nil {
		if g.skip > 0 {
			n := min(g.skip, len(b))
			g.skip -= n
			b = b[n:]
			if g.skip == 0 {
				g.ended()
			}
			continue
		}
		n := g.gather(b)
		b = b[n:]
	}
	return g.failed
}

// gather takes a line, or what has come of it, and returns its length in b.
func (g *Guard) gather(b []byte) int {
	i := bytes.IndexByte(b, '\n')
	n := i + 1
	if i < 0 {
		n = len(b)
	}
	if g.length < len(g.line) {
		copy(g.line[g.length:], b[:n])
	}
	g.length += n
	if g.length > g.limits.MaxLine+3 {
		g.refuse("line", int64(g.length), ErrLimit)
	} else if i >= 0 {
		g.size += g.length
		g.header()
		g.length = 0
	}
	return n
}

// header takes a whole line.
func (g *Guard) header() {
	switch t := g.line[0]; t {
	case '+', '-', ':', ',', '#', '(', '_':
		g.ended()
	case '$', '=', '!':
		switch n, ok := g.number(); {
		case !ok:
			g.refuse("bulk length", 0, ErrNumber)
		case n < 0:
			g.ended()
		case n > int64(g.limits.MaxBulk):
			g.refuse("bulk length", n, ErrLimit)
		default:
			g.size += int(n)
			g.skip = int(n) + 2
		}
	case '*', '~', '>', '%', '|':
		n, ok := g.number()
		if !ok {
			g.refuse("aggregate count", 0, ErrNumber)
			return
		}
		g.aggregate(t, n)
	default:
		g.refuse("type", int64(t), ErrType)
	}
	if g.size > g.limits.MaxReply {
		g.refuse("reply", int64(g.size), ErrLimit)
	}
}

func (g *Guard) aggregate(t byte, n int64) {
	if n > int64(g.limits.MaxElements) {
		g.refuse("aggregate count", n, ErrLimit)
		return
	}
	if t == '%' || t == '|' {
		n *= 2
	}
	if g.elements += max(int(n), 0); g.elements > g.limits.MaxElements {
		g.refuse("number of elements", int64(g.elements), ErrLimit)
		return
	}
	if t == '|' {
		// Attributes stand before an element and do not count as one.
		if g.attributes++; g.attributes > maxAttributes {
			g.refuse("number of attributes", int64(g.attributes), ErrLimit)
			return
		}
		if g.depth == 0 {
			g.depth, g.left[0] = 1, 1
		}
		g.left[g.depth-1]++
	}
	switch {
	case n <= 0:
		g.ended()
	case g.depth == len(g.left):
		g.refuse("aggregate", 0, ErrDepth)
	default:
		g.left[g.depth] = int(n)
		g.depth++
	}
}

// ended counts an element that is complete, and what is complete with it.
func (g *Guard) ended() {
	for g.depth > 0 {
		if g.left[g.depth-1]--; g.left[g.depth-1] > 0 {
			return
		}
		g.depth--
	}
	g.size, g.elements, g.attributes = 0, 0, 0
}

// number reads the number in a line.
func (g *Guard) number() (int64, bool) {
	if g.length > len(g.line) || g.length < 4 || g.line[g.length-2] != '\r' {
		return 0, false
	}
	return parseInt(g.line[1 : g.length-2])
}

func (g *Guard) refuse(what string, got int64, err error) {
	g.failed = &ProtocolError{Offset: g.size, What: what, Got: got, Err: err}
}
