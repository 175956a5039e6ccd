package stream

// Call is one command of a request, for a client library.
type Call struct {
	Args []any
	// Key is the argument that holds its first key, 0 for none.
	Key int
}

// Calls reads a request that Append made back into its commands. They point into
// it.
func (s *Stream) Calls(encoded []byte, m Meta) []Call {
	first := s.entries[m.Command].first
	calls := make([]Call, 0, len(first))
	for _, key := range first {
		var n int
		n, encoded = number(encoded)
		c := Call{Args: make([]any, n), Key: key}
		for i := range c.Args {
			var size int
			size, encoded = number(encoded)
			c.Args[i] = encoded[:size:size]
			if i == 0 {
				// Libraries look commands up by their names.
				c.Args[i] = string(encoded[:size])
			}
			encoded = encoded[size+2:]
		}
		calls = append(calls, c)
	}
	return calls
}

// number reads the number behind a type's byte, and what follows its line.
func number(b []byte) (n int, rest []byte) {
	i := 1
	for ; b[i] != '\r'; i++ {
		n = n*10 + int(b[i]-'0')
	}
	return n, b[i+2:]
}
