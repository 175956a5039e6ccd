package wire

import (
	"testing"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// list is a source of given requests.
type list struct {
	t    *testing.T
	next int
	all  []struct {
		name     string
		commands [][]string
		want     Outcome
		kind     resp.Kind
	}
}

func (l *list) Next(buf []byte, _ int64) ([]byte, Request, bool) {
	if l.next == len(l.all) {
		return buf, Request{}, false
	}
	for _, c := range l.all[l.next].commands {
		buf = resp.AppendCommandString(buf, c...)
	}
	l.next++
	r := Request{Tag: uint64(l.next), Replies: uint8(len(l.all[l.next-1].commands))}
	switch l.all[l.next-1].commands[0][0] {
	case "MULTI":
		r.Effect = resp.Transaction
	case "EVAL":
		r.Effect = resp.Partial
	}
	return buf, r, true
}

func (l *list) Observe(tag uint64, o Outcome, r resp.Reply) {
	if c := l.all[tag-1]; o != c.want || r.Kind != c.kind {
		l.t.Errorf("%s: %v with a reply of %v %q, want %v with %v", c.name, o, r.Kind, r.Body, c.want, c.kind)
	}
}

// A request of several commands is judged as one.
func TestSeveralReplies(t *testing.T) {
	s := startRedis(t)
	s.do("LPUSH", "list", "a")
	source := &list{t: t}
	add := func(name string, want Outcome, kind resp.Kind, commands ...[]string) {
		source.all = append(source.all, struct {
			name     string
			commands [][]string
			want     Outcome
			kind     resp.Kind
		}{name, commands, want, kind})
	}
	cmd := func(words ...string) []string { return words }
	add("one", OK, resp.Simple, cmd("SET", "k", "v"))
	add("one refused", Failed, resp.Error, cmd("GET", "list"))
	add("write and wait", OK, resp.Int, cmd("SET", "k", "v"), cmd("WAIT", "0", "10"))
	add("transaction", OK, resp.Array, cmd("MULTI"), cmd("SET", "k", "v"), cmd("EXEC"))
	add("transaction refused", Failed, resp.Error, cmd("MULTI"), cmd("SET", "k"), cmd("EXEC"))
	add("transaction half done", Unknown, resp.Array, cmd("MULTI"), cmd("SET", "k", "v"), cmd("INCR", "list"), cmd("EXEC"))
	add("script half done", Unknown, resp.Error, cmd("EVAL", "redis.call('SET', KEYS[1], 'v') error('no')", "1", "k"))
	add("first refused", Failed, resp.Int, cmd("INCR", "list"), cmd("WAIT", "0", "10"))
	add("half done", Unknown, resp.Error, cmd("SET", "k", "v"), cmd("INCR", "list"))
	add("none", OK, resp.Null, cmd("GET", "absent"))
	cfg := config(s.addr)
	cfg.Depth = 3
	cfg.NewSource = func(int) Source { return source }
	result, _ := drive(t, t.Context(), cfg)
	if want := (Counts{OK: 4, Failed: 3, Unknown: 3}); result.Counts != want {
		t.Errorf("got %+v, want %+v", result.Counts, want)
	}
}
