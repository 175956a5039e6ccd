package resp

import "bytes"

// Parser finds replies in a stream. It remembers how far it got in a reply
// that is not yet complete, so a long one is not scanned again with every read.
// It keeps no bytes: the caller's buffer does. The zero value is not ready; use
// NewParser.
type Parser struct {
	limits Limits

	// The reply under way: pos bytes of it are scanned; left[:depth] counts the
	// elements that each open aggregate still lacks, outermost first; root is
	// what the reply as a whole will be, and begin where it starts behind
	// attributes.
	pos   int
	depth int
	left  [maxDepth + 2]int
	root  Reply
	begin int
}

// NewParser is a parser with these limits. Lines of 64 bytes and replies of 128
// are always let through, so that every number fits.
func NewParser(l Limits) Parser {
	l.MaxLine = max(l.MaxLine, 64)
	l.MaxReply = max(l.MaxReply, 128)
	return Parser{limits: l}
}

// Reset forgets a reply that is not complete, for a new stream.
func (p *Parser) Reset() { *p = Parser{limits: p.limits} }

// Next looks at b, which starts where the last complete reply ended, for one
// reply. It returns the reply and its length in b; 0 and no error mean that
// more bytes are needed, and the next call must bring the same bytes with more
// behind them. The error is a *ProtocolError.
func (p *Parser) Next(b []byte) (Reply, int, error) {
	if p.depth == 0 {
		// Nearly every reply of a load is one of these two.
		if len(b) < 4 {
			if len(b) == 0 {
				return Reply{}, 0, nil
			}
		} else if b[0] == '$' {
			if n, at := shortLength(b); at > 0 && n <= p.limits.MaxBulk && n <= p.limits.MaxReply-32 {
				if end := at + n; end+2 <= len(b) && b[end] == '\r' && b[end+1] == '\n' {
					return Reply{Kind: Bulk, Body: b[at:end]}, end + 2, nil
				}
			}
		} else if len(b) >= 5 && b[0] == '+' && b[3] == '\r' && b[4] == '\n' && b[1] != '\r' && b[2] != '\r' {
			return Reply{Kind: Simple, Body: b[1:3]}, 5, nil
		}
		p.depth, p.left[0] = 1, 1
	}
	return p.scan(b)
}

// shortLength reads the length line of a bulk of up to six digits; at is where
// its content starts, 0 if the line is anything else.
func shortLength(b []byte) (n, at int) {
	last := min(len(b)-1, 7)
	for i := 1; i < last; i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == '\r' && i > 1 && b[i+1] == '\n':
			return n, i + 2
		default:
			return 0, 0
		}
	}
	return 0, 0
}

// scan goes on with the reply under way, one element a turn.
func (p *Parser) scan(b []byte) (Reply, int, error) {
	for {
		e, err := p.element(b)
		if err != nil {
			return Reply{}, 0, err
		}
		if e.end == 0 {
			if len(b) > p.limits.MaxReply {
				return Reply{}, 0, p.over("reply", int64(len(b)))
			}
			return Reply{}, 0, nil
		}
		if e.end > p.limits.MaxReply {
			return Reply{}, 0, p.over("reply", int64(e.end))
		}
		if p.depth == 1 && !e.attribute {
			p.root, p.begin = e.reply, p.pos
		}
		p.pos = e.end
		if !e.attribute {
			p.left[p.depth-1]--
		}
		if e.children > 0 {
			if p.depth > maxDepth {
				return Reply{}, 0, &ProtocolError{Offset: p.pos, What: "aggregate", Err: ErrDepth}
			}
			p.left[p.depth] = e.children
			p.depth++
			continue
		}
		for p.depth > 0 && p.left[p.depth-1] == 0 {
			p.depth--
		}
		if p.depth > 0 {
			continue
		}
		r, n := p.root, p.pos
		if r.Kind == Array || r.Kind == Map || r.Kind == Set || r.Kind == Push {
			r.Body = b[p.begin:n]
		} else {
			// The buffer may have moved since the element was seen; scalars end
			// the reply, so this one was seen in b.
			r.Body = e.reply.Body
		}
		p.pos, p.begin, p.root = 0, 0, Reply{}
		return r, n, nil
	}
}

// element is one type byte with what belongs to it, an aggregate's children
// left out. end is 0 if it is not complete.
type element struct {
	reply     Reply
	end       int
	children  int
	attribute bool
}

func (p *Parser) element(b []byte) (element, error) {
	if p.pos >= len(b) {
		return element{}, nil
	}
	switch t := b[p.pos]; t {
	case '+', '-', '(', ',':
		body, end, err := p.line(b)
		if err != nil || end == 0 {
			return element{}, err
		}
		kind := Simple
		switch t {
		case '-':
			kind = Error
		case '(', ',':
			kind = Double
			allowed := "0123456789+-.eEinfa"
			if t == '(' {
				kind, allowed = BigNumber, "0123456789+-"
			}
			if len(body) == 0 || len(bytes.Trim(body, allowed)) != 0 {
				return element{}, p.bad("number", ErrNumber)
			}
		}
		return element{reply: Reply{Kind: kind, Body: body}, end: end}, nil
	case ':':
		n, body, end, err := p.number(b, "integer")
		return element{reply: Reply{Kind: Int, Num: n, Body: body}, end: end}, err
	case '#':
		return p.boolean(b)
	case '_':
		body, end, err := p.line(b)
		if err == nil && end != 0 && len(body) != 0 {
			err = p.bad("null", ErrEnd)
		}
		return element{reply: Reply{Kind: Null}, end: end}, err
	case '$', '=', '!':
		return p.bulk(b, t)
	case '*', '%', '~', '>', '|':
		return p.aggregate(b, t)
	case ';', '.':
		return element{}, p.bad("chunk", ErrStreamed)
	default:
		return element{}, &ProtocolError{Offset: p.pos, What: "type", Got: int64(t), Err: ErrType}
	}
}

func (p *Parser) boolean(b []byte) (element, error) {
	body, end, err := p.line(b)
	if err != nil || end == 0 {
		return element{}, err
	}
	if len(body) != 1 || (body[0] != 't' && body[0] != 'f') {
		return element{}, p.bad("boolean", ErrNumber)
	}
	r := Reply{Kind: Bool, Body: body}
	if body[0] == 't' {
		r.Num = 1
	}
	return element{reply: r, end: end}, nil
}

func (p *Parser) bulk(b []byte, t byte) (element, error) {
	n, at, null, err := p.length(b, "bulk length")
	switch {
	case err != nil || at == 0:
		return element{}, err
	case null:
		if t != '$' {
			return element{}, p.bad("bulk length", ErrNumber)
		}
		return element{reply: Reply{Kind: Null}, end: at}, nil
	case n > int64(p.limits.MaxBulk):
		return element{}, p.over("bulk length", n)
	case n > int64(p.limits.MaxReply-at-2):
		return element{}, p.over("reply", n+int64(at)+2)
	}
	end := at + int(n)
	if len(b) < end+2 {
		return element{}, nil
	}
	if b[end] != '\r' || b[end+1] != '\n' {
		return element{}, p.bad("bulk", ErrEnd)
	}
	kind := Bulk
	switch t {
	case '=':
		kind = Verbatim
		if n < 4 || b[at+3] != ':' {
			return element{}, p.bad("verbatim", ErrType)
		}
	case '!':
		kind = Error
	}
	return element{reply: Reply{Kind: kind, Body: b[at:end]}, end: end + 2}, nil
}

func (p *Parser) aggregate(b []byte, t byte) (element, error) {
	n, at, null, err := p.length(b, "aggregate count")
	if err != nil || at == 0 {
		return element{}, err
	}
	if null {
		if t != '*' {
			return element{}, p.bad("aggregate count", ErrNumber)
		}
		return element{reply: Reply{Kind: Null}, end: at}, nil
	}
	if t == '%' || t == '|' {
		// Checked before it doubles: a count near the top of int64 must not wrap.
		if n > int64(p.limits.MaxElements) {
			return element{}, p.over("aggregate count", n)
		}
		n *= 2
	}
	if n > int64(p.limits.MaxElements) {
		return element{}, p.over("aggregate count", n)
	}
	e := element{reply: Reply{Kind: Array, Num: n}, end: at, children: int(n)}
	switch t {
	case '%':
		e.reply.Kind = Map
	case '~':
		e.reply.Kind = Set
	case '>':
		e.reply.Kind = Push
	case '|':
		e.attribute = true
	}
	return e, nil
}

// line reads up to CRLF behind the type byte; end is behind the CRLF, 0 if that
// has not come yet.
func (p *Parser) line(b []byte) (body []byte, end int, err error) {
	start := p.pos + 1
	window := b[start:]
	if len(window) > p.limits.MaxLine+1 {
		window = window[:p.limits.MaxLine+1]
	}
	i := bytes.IndexByte(window, '\r')
	if i < 0 {
		if len(window) > p.limits.MaxLine {
			return nil, 0, p.over("line", int64(len(window)))
		}
		return nil, 0, nil
	}
	end = start + i + 2
	if end > len(b) {
		return nil, 0, nil
	}
	if b[end-1] != '\n' {
		return nil, 0, p.bad("line", ErrEnd)
	}
	return b[start : start+i], end, nil
}

// number reads a line that holds a signed 64-bit decimal.
func (p *Parser) number(b []byte, what string) (n int64, body []byte, end int, err error) {
	body, end, err = p.line(b)
	if err != nil || end == 0 {
		return 0, nil, 0, err
	}
	n, ok := parseInt(body)
	if !ok {
		return 0, nil, 0, p.bad(what, ErrNumber)
	}
	return n, body, end, nil
}

// length reads the number behind a bulk or an aggregate type; -1 is null.
func (p *Parser) length(b []byte, what string) (n int64, at int, null bool, err error) {
	if p.pos+1 < len(b) && b[p.pos+1] == '?' {
		return 0, 0, false, p.bad(what, ErrStreamed)
	}
	n, _, at, err = p.number(b, what)
	if err != nil || at == 0 {
		return 0, 0, false, err
	}
	if n < -1 {
		return 0, 0, false, p.bad(what, ErrNumber)
	}
	return n, at, n == -1, nil
}

// parseInt reads an optional sign and one or more digits that fit an int64.
func parseInt(b []byte) (int64, bool) {
	neg := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	var u uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if neg {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u < 1<<63
}

func (p *Parser) bad(what string, err error) error {
	return &ProtocolError{Offset: p.pos, What: what, Err: err}
}

func (p *Parser) over(what string, got int64) error {
	return &ProtocolError{Offset: p.pos, What: what, Got: got, Err: ErrLimit}
}
