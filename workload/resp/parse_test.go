package resp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func small() Limits {
	return Limits{MaxBulk: 1 << 10, MaxElements: 64, MaxLine: 64, MaxReply: 4 << 10}
}

var replies = []struct {
	name string
	in   string
	want Reply
}{
	{"ok", "+OK\r\n", Reply{Kind: Simple, Body: []byte("OK")}},
	{"simple", "+QUEUED\r\n", Reply{Kind: Simple, Body: []byte("QUEUED")}},
	{"empty simple", "+\r\n", Reply{Kind: Simple, Body: []byte{}}},
	{"one letter", "+A\r\n", Reply{Kind: Simple, Body: []byte("A")}},
	{"error", "-ERR no such thing\r\n", Reply{Kind: Error, Body: []byte("ERR no such thing")}},
	{"int", ":-42\r\n", Reply{Kind: Int, Num: -42, Body: []byte("-42")}},
	{"int max", ":9223372036854775807\r\n", Reply{Kind: Int, Num: 1<<63 - 1, Body: []byte("9223372036854775807")}},
	{"int min", ":-9223372036854775808\r\n", Reply{Kind: Int, Num: -1 << 63, Body: []byte("-9223372036854775808")}},
	{"bulk", "$5\r\nhello\r\n", Reply{Kind: Bulk, Body: []byte("hello")}},
	{"bulk of line ends", "$4\r\n\r\n\r\n\r\n", Reply{Kind: Bulk, Body: []byte("\r\n\r\n")}},
	{"empty bulk", "$0\r\n\r\n", Reply{Kind: Bulk, Body: []byte{}}},
	{"long bulk", "$1000\r\n" + strings.Repeat("x", 1000) + "\r\n", Reply{Kind: Bulk, Body: bytes.Repeat([]byte("x"), 1000)}},
	{"null bulk", "$-1\r\n", Reply{Kind: Null}},
	{"null array", "*-1\r\n", Reply{Kind: Null}},
	{"null", "_\r\n", Reply{Kind: Null}},
	{"true", "#t\r\n", Reply{Kind: Bool, Num: 1, Body: []byte("t")}},
	{"false", "#f\r\n", Reply{Kind: Bool, Body: []byte("f")}},
	{"double", ",-1.5e3\r\n", Reply{Kind: Double, Body: []byte("-1.5e3")}},
	{"infinity", ",inf\r\n", Reply{Kind: Double, Body: []byte("inf")}},
	{"big number", "(12345678901234567890123\r\n", Reply{Kind: BigNumber, Body: []byte("12345678901234567890123")}},
	{"verbatim", "=6\r\ntxt:hi\r\n", Reply{Kind: Verbatim, Body: []byte("txt:hi")}},
	{"blob error", "!10\r\nSYNTAX bad\r\n", Reply{Kind: Error, Body: []byte("SYNTAX bad")}},
	{"empty array", "*0\r\n", Reply{Kind: Array, Body: []byte("*0\r\n")}},
	{"array", "*2\r\n:1\r\n$1\r\na\r\n", Reply{Kind: Array, Num: 2, Body: []byte("*2\r\n:1\r\n$1\r\na\r\n")}},
	{"nested", "*2\r\n*1\r\n*0\r\n*1\r\n+a\r\n", Reply{Kind: Array, Num: 2, Body: []byte("*2\r\n*1\r\n*0\r\n*1\r\n+a\r\n")}},
	{"map", "%1\r\n+a\r\n:1\r\n", Reply{Kind: Map, Num: 2, Body: []byte("%1\r\n+a\r\n:1\r\n")}},
	{"set", "~1\r\n+a\r\n", Reply{Kind: Set, Num: 1, Body: []byte("~1\r\n+a\r\n")}},
	{"push", ">1\r\n+a\r\n", Reply{Kind: Push, Num: 1, Body: []byte(">1\r\n+a\r\n")}},
	{"attribute before scalar", "|1\r\n+ttl\r\n:3\r\n$1\r\na\r\n", Reply{Kind: Bulk, Body: []byte("a")}},
	{"empty attribute", "|0\r\n:7\r\n", Reply{Kind: Int, Num: 7, Body: []byte("7")}},
	{"attribute inside", "*1\r\n|1\r\n+k\r\n*1\r\n+v\r\n:7\r\n", Reply{Kind: Array, Num: 1, Body: []byte("*1\r\n|1\r\n+k\r\n*1\r\n+v\r\n:7\r\n")}},
	{"attribute before array", "|1\r\n+k\r\n+v\r\n*1\r\n:7\r\n", Reply{Kind: Array, Num: 1, Body: []byte("*1\r\n:7\r\n")}},
}

func TestEmpty(t *testing.T) {
	for in, want := range map[string]bool{
		"$-1\r\n": true, "*-1\r\n": true, "_\r\n": true, "*0\r\n": true, "%0\r\n": true, "~0\r\n": true,
		"*2\r\n$-1\r\n_\r\n": true, "*1\r\n*-1\r\n": true,
		"*2\r\n$-1\r\n$1\r\na\r\n": false, "*1\r\n*0\r\n": false, "%1\r\n+a\r\n_\r\n": false,
		"$0\r\n\r\n": false, ":0\r\n": false, "+OK\r\n": false, "$1\r\n_\r\n": false, "#f\r\n": false,
	} {
		p := NewParser(small())
		r, n, err := p.Next([]byte(in))
		if err != nil || n != len(in) || r.Empty() != want {
			t.Errorf("%q: empty %v, %d bytes, %v", in, r.Empty(), n, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range replies {
		t.Run(c.name, func(t *testing.T) {
			// Whole with something behind it, then byte by byte in a buffer that
			// moves with every byte.
			p := NewParser(small())
			r, n, err := p.Next([]byte(c.in + "+more\r\n"))
			if err != nil || n != len(c.in) || !same(r, c.want) {
				t.Fatalf("whole: got %+v, %d, %v; want %+v, %d", r, n, err, c.want, len(c.in))
			}
			for i := range len(c.in) {
				if r, n, err := p.Next([]byte(c.in[:i])); n != 0 || err != nil {
					t.Fatalf("after %d bytes: got %+v, %d, %v; want more wanted", i, r, n, err)
				}
			}
			r, n, err = p.Next([]byte(c.in))
			if err != nil || n != len(c.in) || !same(r, c.want) {
				t.Fatalf("in bytes: got %+v, %d, %v; want %+v, %d", r, n, err, c.want, len(c.in))
			}
		})
	}
}

func same(a, b Reply) bool {
	return a.Kind == b.Kind && a.Num == b.Num && bytes.Equal(a.Body, b.Body)
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("*1\r\n", maxDepth+1) + ":1\r\n"
	cases := []struct {
		name, in string
		want     error
	}{
		{"http", "HTTP/1.1 400 Bad Request\r\n", ErrType},
		{"zero byte", "\x00\x01\x02\x03\x04", ErrType},
		{"one gigabyte", "$1073741824\r\n", ErrLimit},
		{"bulk over the limit", "$1025\r\n", ErrLimit},
		{"length that overflows", "$99999999999999999999\r\n", ErrNumber},
		{"array over the limit", "*65\r\n", ErrLimit},
		{"map over the limit", "%33\r\n", ErrLimit},
		{"map count that would wrap", "%9223372036854775807\r\n", ErrLimit},
		{"endless line", "+" + strings.Repeat("a", 66), ErrLimit},
		{"endless length", "$" + strings.Repeat("1", 66), ErrLimit},
		{"reply over the limit", "*64\r\n" + strings.Repeat("$1000\r\n"+strings.Repeat("x", 1000)+"\r\n", 5), ErrLimit},
		{"too deep", deep, ErrDepth},
		{"negative length", "$-2\r\n", ErrNumber},
		{"negative count", "*-5\r\n", ErrNumber},
		{"null map", "%-1\r\n", ErrNumber},
		{"null verbatim", "=-1\r\n", ErrNumber},
		{"empty length", "$\r\n", ErrNumber},
		{"letters for a length", "$abc\r\n", ErrNumber},
		{"empty integer", ":\r\n", ErrNumber},
		{"integer too large", ":9223372036854775808\r\n", ErrNumber},
		{"bare CR", "+a\rb\r\n", ErrEnd},
		{"bulk without end", "$1\r\naXX", ErrEnd},
		{"bulk too long", "$1\r\nab\r\n", ErrEnd},
		{"boolean", "#x\r\n", ErrNumber},
		{"null with content", "_x\r\n", ErrEnd},
		{"double", ",abc\r\n", ErrNumber},
		{"big number", "(1x\r\n", ErrNumber},
		{"verbatim too short", "=2\r\nab\r\n", ErrType},
		{"streamed bulk", "$?\r\n", ErrStreamed},
		{"streamed array", "*?\r\n", ErrStreamed},
		{"streamed map", "%?\r\n", ErrStreamed},
		{"chunk", ";4\r\nabcd\r\n", ErrStreamed},
		{"end of stream", ".\r\n", ErrStreamed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := NewParser(small())
			_, n, err := p.Next([]byte(c.in))
			var pe *ProtocolError
			if n != 0 || !errors.Is(err, c.want) || !errors.As(err, &pe) {
				t.Fatalf("got %d, %v; want %v", n, err, c.want)
			}
			p.Reset()
			if r, n, err := p.Next([]byte("+OK\r\n")); n != 5 || err != nil || r.Kind != Simple {
				t.Fatalf("after Reset: got %+v, %d, %v", r, n, err)
			}
		})
	}
}

// A long array that arrives in many reads is scanned once: the parser does not
// look again at what it has seen.
func TestParseResumes(t *testing.T) {
	const elements = 1 << 16
	in := []byte(fmt.Sprintf("*%d\r\n%s", elements, strings.Repeat(":1\r\n", elements)))
	p := NewParser(DefaultLimits())
	for end := 0; end < len(in); end += 100 {
		if _, n, err := p.Next(in[:end]); n != 0 || err != nil {
			t.Fatalf("at %d: %d, %v", end, n, err)
		}
		if end > 0 && p.pos < end-8 {
			t.Fatalf("at %d bytes the parser stands at %d", end, p.pos)
		}
	}
	if r, n, err := p.Next(in); n != len(in) || err != nil || r.Num != elements {
		t.Fatalf("got %d elements, %d bytes, %v", r.Num, n, err)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	var in []byte
	for _, c := range replies {
		in = append(in, c.in...)
	}
	p := NewParser(small())
	count := 0
	allocs := testing.AllocsPerRun(100, func() {
		for b := in; len(b) > 0; {
			_, n, err := p.Next(b)
			if n == 0 || err != nil {
				t.Fatalf("got %d, %v", n, err)
			}
			b = b[n:]
			count++
		}
	})
	if allocs != 0 || count != 101*len(replies) {
		t.Fatalf("%v allocations per run, %d replies", allocs, count)
	}
}

func TestPrefix(t *testing.T) {
	for in, want := range map[string]string{"MOVED 1 a:1": "MOVED", "ERR": "ERR", "": ""} {
		if got := (Reply{Body: []byte(in)}).Prefix(); string(got) != want {
			t.Errorf("Prefix(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	in := []byte("*2\r\n*3\r\n:0\r\n:5460\r\n*2\r\n$9\r\n127.0.0.1\r\n:7000\r\n|1\r\n+a\r\n+b\r\n%1\r\n+k\r\n_\r\n")
	p := NewParser(DefaultLimits())
	r, n, err := p.Next(in)
	if n != len(in) || err != nil {
		t.Fatal(n, err)
	}
	v, err := Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.List) != 2 || v.List[0].List[1].Num != 5460 || v.List[0].List[2].List[0].Text != "127.0.0.1" ||
		v.List[1].Kind != Map || v.List[1].List[0].Text != "k" || v.List[1].List[1].Kind != Null {
		t.Fatalf("got %+v", v)
	}
}

func BenchmarkParseBulk(b *testing.B) {
	in := []byte("$64\r\n" + strings.Repeat("x", 64) + "\r\n")
	p := NewParser(DefaultLimits())
	for b.Loop() {
		p.Next(in)
	}
}

func BenchmarkParseOK(b *testing.B) {
	in := []byte("+OK\r\n")
	p := NewParser(DefaultLimits())
	for b.Loop() {
		p.Next(in)
	}
}
