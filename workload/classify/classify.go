// Package classify derives the outcome of a request from its error.
package classify

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// classes are the first words of error replies that are classes of their own. Any
// other error reply has the class "reply".
var classes = []string{
	"MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN", "CROSSSLOT", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS",
	"MISCONF", "OOM", "NOAUTH", "NOPERM", "WRONGPASS", "BUSY", "WRONGTYPE",
	"NOSCRIPT", "EXECABORT", "ERR",
}

// Error says whether a command that acts as a whole was certainly not executed (failed)
// or may have been (unknown), and the class of its error.
func Error(err error) (results.Outcome, string) { return Of(err, resp.Whole) }

// Of is Error for a command of which an error reply has another effect.
func Of(err error, effect resp.Effect) (results.Outcome, string) {
	if err == nil || errors.Is(err, redis.Nil) {
		return results.OK, ""
	}
	// A cause that is no reply goes first: a library may say of a reply that it never
	// came.
	outcome, class := withoutReply(err)
	var reply redis.Error
	if class != "other" || !errors.As(err, &reply) {
		return outcome, class
	}
	word, _, _ := strings.Cut(reply.Error(), " ")
	class = "reply"
	if slices.Contains(classes, word) {
		class = word
	}
	if effect.Refused([]byte(word)) {
		return results.Failed, class
	}
	return results.Unknown, class
}

// Answered reports whether the class is that of an error reply.
func Answered(class string) bool { return class == "reply" || slices.Contains(classes, class) }

// withoutReply is the outcome of a request without a reply.
func withoutReply(err error) (results.Outcome, string) {
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
