package resp

// Value is a reply as a tree, for what is read rarely and deeply, such as
// CLUSTER SLOTS. Unlike a Reply it owns its bytes.
type Value struct {
	Kind Kind
	Text string
	Num  int64
	// List holds the elements of an aggregate; of a Map key, value, key, ...
	List []Value
}

// Decode makes a tree of a complete reply, as Parser.Next returned it.
func Decode(r Reply) (Value, error) {
	v := Value{Kind: r.Kind, Num: r.Num}
	switch r.Kind {
	case Array, Map, Set, Push:
	default:
		v.Text = string(r.Body)
		return v, nil
	}
	// The limits were kept when the reply was parsed; here only the shape counts.
	p := NewParser(Limits{MaxBulk: len(r.Body), MaxElements: len(r.Body), MaxLine: len(r.Body), MaxReply: len(r.Body) + 32})
	header, err := p.element(r.Body)
	if err != nil {
		return Value{}, err
	}
	return v, p.children(&v, r.Body[header.end:], header.children)
}

// children decodes n elements of b into v. Depth was bounded when the whole was
// parsed, so this may recurse.
func (p *Parser) children(v *Value, b []byte, n int) error {
	v.List = make([]Value, 0, min(n, 1024))
	for range n {
		p.Reset()
		r, size, err := p.Next(b)
		if err != nil {
			return err
		}
		if size == 0 {
			return &ProtocolError{What: "aggregate", Err: ErrEnd}
		}
		c, err := Decode(r)
		if err != nil {
			return err
		}
		v.List = append(v.List, c)
		b = b[size:]
	}
	return nil
}
