package resp

import (
	"testing"
)

type found struct {
	reply Reply
	size  int
}

// all parses b, seen in steps of the given sizes over and over, until an error
// or the end.
func all(t *testing.T, b []byte, steps []byte) (out []found, err error) {
	p := NewParser(small())
	seen, step := 0, 0
	for {
		r, n, err := p.Next(b[:seen])
		switch {
		case err != nil:
			if n != 0 {
				t.Fatalf("error %v beside %d bytes", err, n)
			}
			return out, err
		case n > seen:
			t.Fatalf("reply of %d bytes in %d", n, seen)
		case n > 0:
			if n > small().MaxReply {
				t.Fatalf("reply of %d bytes is over the limit", n)
			}
			r.Body = append([]byte(nil), r.Body...)
			out = append(out, found{r, n})
			b, seen = b[n:], seen-n
		case seen == len(b):
			return out, nil
		case len(steps) == 0:
			seen = len(b)
		default:
			seen = min(len(b), seen+1+int(steps[step%len(steps)]))
			step++
		}
	}
}

// FuzzParse: whatever comes, there is no panic, and bytes that arrive in any
// pieces give the replies and the error that they give at once. An error may
// come earlier in pieces, never later, and never instead of a reply.
func FuzzParse(f *testing.F) {
	for _, c := range replies {
		f.Add([]byte(c.in+"+OK\r\n"+c.in), []byte{0})
		f.Add([]byte(c.in), []byte{3, 0, 7})
	}
	f.Add([]byte("*1000000\r\n$1073741824\r\n"), []byte{1})
	f.Add([]byte("|1\r\n|1\r\n+a\r\n+b\r\n+c\r\n+d\r\n"), []byte{2})
	f.Fuzz(func(t *testing.T, in, steps []byte) {
		whole, werr := all(t, in, nil)
		pieces, perr := all(t, in, steps)
		if (werr == nil) != (perr == nil) {
			t.Fatalf("at once %v, in pieces %v", werr, perr)
		}
		if len(whole) != len(pieces) {
			t.Fatalf("at once %d replies, in pieces %d", len(whole), len(pieces))
		}
		for i := range whole {
			if !same(whole[i].reply, pieces[i].reply) || whole[i].size != pieces[i].size {
				t.Fatalf("reply %d: at once %+v, in pieces %+v", i, whole[i], pieces[i])
			}
			if _, err := Decode(whole[i].reply); err != nil {
				t.Fatalf("reply %d does not decode: %v", i, err)
			}
		}
	})
}

// FuzzRedirect: no panic, and what is accepted is in range.
func FuzzRedirect(f *testing.F) {
	f.Add([]byte("MOVED 3999 127.0.0.1:6381"))
	f.Add([]byte("ASK 16383 [::1]:1"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, ok := ParseRedirect(in); ok && (r.Slot >= Slots || r.Port == 0) {
			t.Fatalf("%q gives %+v", in, r)
		}
	})
}
