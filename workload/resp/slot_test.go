package resp

import (
	"strings"
	"testing"
)

func TestCRC(t *testing.T) {
	// 0x31C3 is the check value of CRC-16/XMODEM.
	if got := CRC(0, []byte("123456789")); got != 0x31C3 {
		t.Fatalf("got %#x", got)
	}
	if got := CRC(CRC(0, []byte("1234")), []byte("56789")); got != 0x31C3 {
		t.Fatalf("in two parts: got %#x", got)
	}
}

func TestSlot(t *testing.T) {
	// Seen from CLUSTER KEYSLOT of redis-server 7.0.15.
	for key, want := range map[string]uint16{
		"foo": 12182, "bar": 5061, "": 0, "somekey": 11058, "foo{hash_tag}": 2515,
		"{user1000}.following": 3443, "{user1000}.followers": 3443, "foo{}{bar}": 8363,
		"foo{{bar}}zap": 4015, "foo{bar}{zap}": 5061,
	} {
		if got := Slot([]byte(key)); got != want {
			t.Errorf("Slot(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestHashTag(t *testing.T) {
	for key, want := range map[string]string{
		"a": "a", "{a}b": "a", "x{a}b": "a", "{}a": "{}a", "{": "{", "}{a": "}{a",
		"}{a}": "a", "{a}{b}": "a", "{{a}}": "{a", "a{b": "a{b",
	} {
		if got := HashTag([]byte(key)); string(got) != want {
			t.Errorf("HashTag(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestParseRedirect(t *testing.T) {
	cases := []struct {
		in   string
		want Redirect
		host string
		ok   bool
	}{
		{"MOVED 3999 127.0.0.1:6381", Redirect{Slot: 3999, Port: 6381}, "127.0.0.1", true},
		{"ASK 0 10.0.0.1:1", Redirect{Ask: true, Port: 1}, "10.0.0.1", true},
		{"MOVED 1 :7000", Redirect{Slot: 1, Port: 7000}, "", true},
		{"MOVED 1 ?:7000", Redirect{Slot: 1, Port: 7000}, "", true},
		{"MOVED 16383 redis-0.redis.svc:6379", Redirect{Slot: 16383, Port: 6379}, "redis-0.redis.svc", true},
		{"MOVED 5 2001:db8::1:6379", Redirect{Slot: 5, Port: 6379}, "2001:db8::1", true},
		{"MOVED 5 [::1]:6379", Redirect{Slot: 5, Port: 6379}, "::1", true},
		{"MOVED 16384 a:1", Redirect{}, "", false},
		{"MOVED -1 a:1", Redirect{}, "", false},
		{"MOVED x a:1", Redirect{}, "", false},
		{"MOVED 1 a", Redirect{}, "", false},
		{"MOVED 1 a:0", Redirect{}, "", false},
		{"MOVED 1 a:65536", Redirect{}, "", false},
		{"MOVED 1", Redirect{}, "", false},
		{"MOVED", Redirect{}, "", false},
		{"MOVEDX 1 a:1", Redirect{}, "", false},
		{"CLUSTERDOWN Hash slot not served", Redirect{}, "", false},
		{"", Redirect{}, "", false},
	}
	for _, c := range cases {
		r, ok := ParseRedirect([]byte(c.in))
		if ok != c.ok || r.Ask != c.want.Ask || r.Slot != c.want.Slot || r.Port != c.want.Port || string(r.Host) != c.host {
			t.Errorf("ParseRedirect(%q) = %+v %q, %v", c.in, r, r.Host, ok)
		}
	}
}

func TestAppendCommand(t *testing.T) {
	want := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\n" + strings.Repeat("v", 12) + "\r\n"
	bulks := AppendBulk(AppendBulk(AppendBulk(AppendHeader(nil, 3), []byte("SET")), []byte("k")), []byte(strings.Repeat("v", 12)))
	if string(bulks) != want {
		t.Errorf("got %q", bulks)
	}
	if got := AppendCommandString(nil, "SET", "k", strings.Repeat("v", 12)); string(got) != want {
		t.Errorf("got %q", got)
	}
	if got := AppendBulkInt(AppendHeader(nil, 1), -1234567890123); string(got) != "*1\r\n$14\r\n-1234567890123\r\n" {
		t.Errorf("got %q", got)
	}
	buf, set, key := make([]byte, 0, 128), []byte("SET"), []byte("k")
	if allocs := testing.AllocsPerRun(100, func() { buf = AppendBulkInt(AppendBulk(AppendBulk(AppendHeader(buf[:0], 3), set), key), 7) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkSlot32(b *testing.B) {
	key := []byte(strings.Repeat("k", 32))
	for b.Loop() {
		Slot(key)
	}
}
