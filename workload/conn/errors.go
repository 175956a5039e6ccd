package conn

import (
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// ErrNotSent marks an error before anything was sent.
var ErrNotSent = errors.New("not sent")

// ReplyError is an error reply of a server, as an error.
type ReplyError string

func (e ReplyError) Error() string { return string(e) }
func (e ReplyError) RedisError()   {}

// ErrorOf is the error that a reply holds, or nil.
func ErrorOf(r resp.Reply) error {
	if r.Kind == resp.Error {
		return ReplyError(r.Body)
	}
	return nil
}

// ErrUnexpected marks a reply that does not answer the command.
var ErrUnexpected = errors.New("unexpected reply")

// Unexpected is the error for such a reply.
func Unexpected(r resp.Reply) error { return fmt.Errorf("%w: %s %.40q", ErrUnexpected, r.Kind, r.Body) }
