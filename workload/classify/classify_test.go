package classify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/conn"
)

func TestClassify(t *testing.T) {
	for _, tc := range []struct {
		err     error
		outcome results.Outcome
		class   string
	}{
		{nil, results.OK, ""},
		{redis.Nil, results.OK, ""},
		{conn.ReplyError("CLUSTERDOWN The cluster is down"), results.Failed, "CLUSTERDOWN"},
		{conn.ReplyError("MOVED 1 127.0.0.1:1"), results.Failed, "MOVED"},
		{conn.ReplyError("READONLY You can't write against a read only replica."), results.Failed, "READONLY"},
		{conn.ReplyError("LOADING Redis is loading the dataset in memory"), results.Failed, "LOADING"},
		{conn.ReplyError("ERR something in the middle"), results.Failed, "ERR"},
		{conn.ReplyError("CUSTOM of a module"), results.Failed, "reply"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, results.Failed, "dial"},
		{fmt.Errorf("wrapped: %w", &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), results.Failed, "dial"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, results.Unknown, "reset"},
		{&net.OpError{Op: "write", Err: syscall.EPIPE}, results.Unknown, "reset"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, results.Unknown, "timeout"},
		{context.DeadlineExceeded, results.Unknown, "timeout"},
		{context.Canceled, results.Unknown, "canceled"},
		{io.EOF, results.Unknown, "eof"},
		{io.ErrUnexpectedEOF, results.Unknown, "eof"},
		{redis.ErrPoolTimeout, results.Failed, "pool"},
		{errors.New("what is this"), results.Unknown, "other"},
	} {
		outcome, class := Error(tc.err)
		if outcome != tc.outcome || class != tc.class {
			t.Errorf("Error(%v) = %s %q, want %s %q", tc.err, outcome, class, tc.outcome, tc.class)
		}
	}
}
