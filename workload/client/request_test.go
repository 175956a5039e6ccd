package client

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/stream"
)

func answered(value any, err error) *redis.Cmd {
	cmd := redis.NewCmd(context.Background(), "X")
	cmd.SetVal(value)
	cmd.SetErr(err)
	return cmd
}

func TestJudge(t *testing.T) {
	moved, aborted := conn.ReplyError("MOVED 1 a:1"), conn.ReplyError("EXECABORT Transaction discarded")
	raised, wrong := conn.ReplyError("ERR raised by a script"), conn.ReplyError("WRONGTYPE Operation against a key")
	script, transaction := stream.Meta{Effect: resp.Partial, Write: true}, stream.Meta{Effect: resp.Transaction, Write: true}
	for _, tc := range []struct {
		name       string
		meta       stream.Meta
		cmds       []*redis.Cmd
		unanswered int // of cmds; -1 is none
		outcome    results.Outcome
		class      string
	}{
		{"ok", stream.Meta{}, []*redis.Cmd{answered("OK", nil)}, -1, results.OK, ""},
		{"no such key", stream.Meta{}, []*redis.Cmd{answered(nil, redis.Nil)}, -1, results.OK, ""},
		{"refused", stream.Meta{}, []*redis.Cmd{answered(nil, moved)}, -1, results.Failed, "MOVED"},
		{"refused after an attempt without an answer", stream.Meta{}, []*redis.Cmd{answered(nil, moved)}, 0, results.Unknown, "eof"},
		{"another request of the pipeline had no answer", stream.Meta{}, []*redis.Cmd{answered("OK", nil)}, 0, results.OK, ""},
		{"transaction aborted", stream.Meta{}, []*redis.Cmd{answered(nil, moved), answered(nil, aborted)}, -1, results.Failed, "MOVED"},
		{"transaction cut", stream.Meta{}, []*redis.Cmd{answered(nil, moved), answered(nil, io.EOF)}, -1, results.Unknown, "eof"},
		{"enough replicas", stream.Meta{Wait: 1}, []*redis.Cmd{answered("OK", nil), answered(int64(1), nil)}, -1, results.OK, ""},
		{"too few replicas", stream.Meta{Wait: 2}, []*redis.Cmd{answered("OK", nil), answered(int64(1), nil)}, -1, results.Unknown, "unreplicated"},
		{"on disk", stream.Meta{Wait: 1, Local: 1}, []*redis.Cmd{answered("OK", nil), answered([]any{int64(1), int64(1)}, nil)}, -1, results.OK, ""},
		{"not on disk", stream.Meta{Wait: 1, Local: 1}, []*redis.Cmd{answered("OK", nil), answered([]any{int64(0), int64(1)}, nil)}, -1, results.Unknown, "unreplicated"},
		{"an answer that is none", stream.Meta{Wait: 1}, []*redis.Cmd{answered("OK", nil), answered("?", nil)}, -1, results.Unknown, "unreplicated"},
		{"an error reply", stream.Meta{}, []*redis.Cmd{answered(nil, raised)}, -1, results.Failed, "ERR"},
		{"a script that failed", script, []*redis.Cmd{answered(nil, raised)}, -1, results.Unknown, "ERR"},
		{"a script that met another type", script, []*redis.Cmd{answered(nil, wrong)}, -1, results.Unknown, "WRONGTYPE"},
		{"a script that went elsewhere", script, []*redis.Cmd{answered(nil, moved)}, -1, results.Failed, "MOVED"},
		{"a script that failed before WAIT", stream.Meta{Effect: resp.Partial, Wait: 1}, []*redis.Cmd{answered(nil, raised), answered(int64(1), nil)}, -1, results.Unknown, "ERR"},
		{"a write, then WAIT refused", stream.Meta{Wait: 1}, []*redis.Cmd{answered("OK", nil), answered(nil, raised)}, -1, results.Unknown, "ERR"},
		{"a command of a transaction failed", transaction, []*redis.Cmd{answered("OK", nil), answered(nil, wrong), answered(nil, nil)}, -1, results.Unknown, "WRONGTYPE"},
		{"a command within EXEC failed", transaction, []*redis.Cmd{answered("OK", nil), answered("QUEUED", nil), answered([]any{"OK", wrong}, nil)}, -1, results.Unknown, "WRONGTYPE"},
		{"a command was not queued", transaction, []*redis.Cmd{answered("OK", nil), answered(nil, raised), answered(nil, aborted)}, -1, results.Failed, "ERR"},
		{"an unknown error", stream.Meta{}, []*redis.Cmd{answered(nil, errors.New("?"))}, -1, results.Unknown, "other"},
	} {
		a := &attempt{}
		if tc.unanswered >= 0 {
			a.note(tc.cmds[tc.unanswered], io.EOF, place{})
		}
		r := request{meta: tc.meta}
		r.judge(a, tc.cmds)
		if r.outcome != tc.outcome || r.class != tc.class {
			t.Errorf("%s: %s %q, want %s %q", tc.name, r.outcome, r.class, tc.outcome, tc.class)
		}
	}
}
