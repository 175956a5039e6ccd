package wire

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// An error reply says what it can about the execution of a request, and no more.
func TestErrorRepliesAreJudgedByTheirEffect(t *testing.T) {
	t.Parallel()
	const loading, moved, raised, wrong, aborted = "-LOADING data", "-MOVED 1 a:1", "-ERR raised", "-WRONGTYPE not this", "-EXECABORT discarded"
	for _, tc := range []struct {
		name    string
		effect  resp.Effect
		wait    uint8
		replies []string
		outcome Outcome
		class   Class
	}{
		{"an error", resp.Whole, 0, []string{raised}, Failed, ClassErr},
		{"a script that failed", resp.Partial, 0, []string{raised}, Unknown, ClassErr},
		{"a script that met another type", resp.Partial, 0, []string{wrong}, Unknown, ClassWrongType},
		{"a script that was refused", resp.Partial, 0, []string{"-CLUSTERDOWN down"}, Failed, ClassDown},
		{"a script without a right", resp.Partial, 0, []string{"-NOPERM no"}, Unknown, ClassNoPerm},
		{"an error of a module", resp.Partial, 0, []string{"-CUSTOM no"}, Unknown, ClassOther},
		{"a script that failed before WAIT", resp.Partial, 1, []string{raised, ":1"}, Unknown, ClassErr},
		{"a write refused before WAIT", resp.Whole, 1, []string{"-READONLY no", ":1"}, Failed, ClassReadOnly},
		{"WAIT refused", resp.Whole, 1, []string{"+OK", raised}, Unknown, ClassErr},
		{"a transaction", resp.Transaction, 0, []string{"+OK", "+QUEUED", "+QUEUED", "*2\r\n+OK\r\n:1"}, OK, NoError},
		{"an error within EXEC", resp.Transaction, 0, []string{"+OK", "+QUEUED", "+QUEUED", "*2\r\n+OK\r\n" + wrong}, Unknown, ClassWrongType},
		{"an error within EXEC, and WAIT", resp.Transaction, 1, []string{"+OK", "+QUEUED", "*1\r\n" + raised, ":1"}, Unknown, ClassErr},
		{"a command not queued", resp.Transaction, 0, []string{"+OK", raised, "+QUEUED", aborted}, Failed, ClassErr},
		{"slots that moved", resp.Transaction, 0, []string{"+OK", moved, aborted}, Failed, ClassMoved},
		{"slots that moved before EXEC", resp.Transaction, 0, []string{"+OK", "+QUEUED", moved}, Failed, ClassMoved},
		{"MULTI and all behind it refused", resp.Transaction, 0, []string{loading, loading, loading, "-ERR EXEC without MULTI"}, Failed, ClassLoading},
		{"MULTI refused, a command not", resp.Transaction, 0, []string{loading, "+OK", "-ERR EXEC without MULTI"}, Unknown, ClassLoading},
	} {
		cfg := config(fake(t, strings.Join(tc.replies, "\r\n")+"\r\n", false))
		cfg.NewSource = func(int) Source { return &fixed{replies: uint8(len(tc.replies)), wait: tc.wait, effect: tc.effect} }
		result, got := drive(t, t.Context(), cfg)
		var want Counts
		want.count(tc.outcome)
		if result.Counts != want || tc.class != NoError && got.total.Errors[tc.class] != 1 {
			t.Errorf("%s: %+v, %v; want %+v as %q", tc.name, result.Counts, got.total.Errors, want, tc.class)
		}
	}
}

// fixed draws one request.
type fixed struct {
	replies, wait uint8
	effect        resp.Effect
	drawn         bool
}

func (f *fixed) Next(buf []byte, _ int64) ([]byte, Request, bool) {
	more := !f.drawn
	f.drawn = true
	return resp.AppendCommandString(buf, "X"), Request{Command: 1, Replies: f.replies, Wait: f.wait, Effect: f.effect}, more
}
