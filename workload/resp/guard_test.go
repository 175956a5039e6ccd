package resp

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Replies that are within the limits pass, in pieces of any size, and leave nothing
// behind.
func TestGuardLetsRepliesPass(t *testing.T) {
	stream := []byte(strings.Repeat("+OK\r\n:12\r\n$5\r\nhel\nl\r\n$-1\r\n$0\r\n\r\n*-1\r\n*0\r\n*2\r\n$1\r\na\r\n*2\r\n:1\r\n_\r\n"+
		"%1\r\n+k\r\n*1\r\n#t\r\n|1\r\n+ttl\r\n:1\r\n*2\r\n|1\r\n+a\r\n:2\r\n+x\r\n+y\r\n>2\r\n+invalidate\r\n~1\r\n,1.5\r\n=7\r\ntxt:abc\r\n!3\r\nERR\r\n(12345\r\n-ERR no\r\n", 50))
	limits := Limits{MaxBulk: 7, MaxElements: 8, MaxLine: 64, MaxReply: 100}
	for _, most := range []int{1, 2, 3, 7, 64, len(stream)} {
		g := NewGuard(limits)
		for rest := stream; len(rest) > 0; {
			n := min(1+rand.IntN(most), len(rest))
			if err := g.Check(rest[:n]); err != nil {
				t.Fatalf("in pieces of up to %d: %v", most, err)
			}
			rest = rest[n:]
		}
		if g.depth != 0 || g.size != 0 || g.length != 0 || g.skip != 0 {
			t.Errorf("in pieces of up to %d: %+v is left", most, g)
		}
	}
}

// hostile are streams that no client should follow, each repeated without end after
// its start.
var hostile = []struct{ name, start, again string }{
	{"a string of 2 GiB", "$2147483647\r\n", "a"},
	{"a string of 2^63", "$9223372036854775807\r\n", "a"},
	{"a string of a length that is no number", "$12a\r\n", "a"},
	{"a string of a length without end", "$", "1"},
	{"a streamed string", "$?\r\n", ";4\r\naaaa\r\n"},
	{"an error of 2 GiB", "!2147483647\r\n", "a"},
	{"a verbatim string of 2 GiB", "=2147483647\r\n", "txt:"},
	{"an array of 2^31 elements", "*2147483647\r\n", ":1\r\n"},
	{"a set of 2^31 elements", "~2147483647\r\n", ":1\r\n"},
	{"a push of 2^31 elements", ">2147483647\r\n", ":1\r\n"},
	{"a map of 2^31 pairs", "%2147483647\r\n", ":1\r\n"},
	{"a map of 2^62 pairs", "%4611686018427387904\r\n", ":1\r\n"},
	{"attributes of 2^31 pairs", "|2147483647\r\n", ":1\r\n"},
	{"a streamed array", "*?\r\n", ":1\r\n"},
	{"arrays in arrays", "", "*1\r\n"},
	{"pushes in pushes", "", ">1\r\n"},
	{"maps in maps", "", "%1\r\n+k\r\n"},
	{"attributes of attributes", "", "|1\r\n"},
	{"empty attributes", "", "|0\r\n"},
	{"attributes one after the other", "", "|1\r\n+a\r\n:1\r\n"},
	{"many large arrays in one", "*1000000\r\n", "*1000000\r\n"},
	{"large strings in an array", "*1000000\r\n", "$67108000\r\n" + strings.Repeat("a", 1<<20)},
	{"a line without end", "+", "aaaaaaaaaaaaaaaa"},
	{"an error without end", "-ERR ", "aaaaaaaaaaaaaaaa"},
	{"a number without end", ":", "9"},
	{"a big number without end", "(", "9"},
	{"lines that are none", "", "\n"},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\n", "\r\n"},
	{"zeros", "", "\x00"},
}

func TestGuardRefuses(t *testing.T) {
	const most = 256 << 20
	for _, h := range hostile {
		g := NewGuard(DefaultLimits())
		piece := bytes.Repeat([]byte(h.again), 1+(64<<10)/len(h.again))
		err := g.Check([]byte(h.start))
		sent := 0
		for err == nil && sent < most {
			err = g.Check(piece)
			sent += len(piece)
		}
		var protocol *ProtocolError
		if !errors.As(err, &protocol) {
			t.Errorf("%s: %v after %d bytes", h.name, err, sent)
		}
		if again := g.Check([]byte("+OK\r\n")); again != err {
			t.Errorf("%s: the stream is taken up again: %v", h.name, again)
		}
	}
}

// FuzzGuard holds the guard against the parser: what the one takes as replies, the
// other lets pass, in any pieces.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"+OK\r\n", "*2\r\n$1\r\na\r\n:1\r\n", "|1\r\n+a\r\n:1\r\n*1\r\n_\r\n", "%1\r\n+k\r\n$3\r\nabc\r\n", ">2\r\n+a\r\n+b\r\n"} {
		f.Add([]byte(s), uint8(3))
	}
	limits := Limits{MaxBulk: 1 << 10, MaxElements: 64, MaxLine: 64, MaxReply: 128}
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		if bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) {
			t.Skip() // go-redis ends a line at \n, the parser at \r
		}
		p := NewParser(limits)
		whole := 0
		for {
			_, n, err := p.Next(b[whole:])
			if err != nil || n == 0 {
				break
			}
			whole += n
		}
		generous := limits
		generous.MaxElements, generous.MaxReply = 1<<20, 1<<20
		g := NewGuard(generous)
		for rest := b[:whole]; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			if err := g.Check(rest[:n]); err != nil {
				t.Fatalf("%q: %v", b[:whole], err)
			}
			rest = rest[n:]
		}
		if g.depth != 0 || g.length != 0 || g.skip != 0 {
			t.Fatalf("%q: %+v is left", b[:whole], g)
		}
	})
}

// BenchmarkGuard is what a guard costs: for each reply of a size, in pieces as
// go-redis reads them.
func BenchmarkGuard(b *testing.B) {
	for _, size := range []int{2, 32, 1024, 65536} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			reply := fmt.Appendf(nil, "$%d\r\n%s\r\n", size, bytes.Repeat([]byte("a"), size))
			g := NewGuard(DefaultLimits())
			for b.Loop() {
				if err := g.Check(reply); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
