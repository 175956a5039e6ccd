// Package classify derives the outcome of a request from its error.
package classify

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// refusals are error replies that a node gives before it executes anything.
// Source: getNodeByQuery, processCommand, evalGenericCommand and execCommandAbort
// in Redis.
var refusals = []string{
	"MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN", "CROSSSLOT", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS",
	"MISCONF", "OOM", "NOAUTH", "NOPERM", "WRONGPASS", "BUSY", "WRONGTYPE",
	"NOSCRIPT", "EXECABORT",
}

// Error says whether the request was surely not executed (failed) or may have been
// (unknown), and the class of its error.
func Error(err error) (results.Outcome, string) {
	if err == nil || errors.Is(err, redis.Nil) {
		return results.OK, ""
	}
	var reply redis.Error
	if errors.As(err, &reply) {
		word, _, _ := strings.Cut(reply.Error(), " ")
		for _, r := range refusals {
			if word == r {
				return results.Failed, r
			}
		}
	}
	var op *net.OpError
	switch {
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted):
		return results.Failed, "pool"
	case errors.As(err, &op) && op.Op == "dial":
		return results.Failed, "dial"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return results.Unknown, "timeout"
	case errors.Is(err, context.Canceled):
		return results.Unknown, "canceled"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return results.Unknown, "eof"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return results.Unknown, "reset"
	case errors.As(err, &reply):
		return results.Unknown, "reply"
	}
	var protocol *resp.ProtocolError
	if errors.As(err, &protocol) {
		return results.Unknown, "protocol"
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return results.Unknown, "timeout"
	}
	return results.Unknown, "other"
}
