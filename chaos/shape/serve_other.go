//go:build !linux

package shape

import (
	"context"
	"errors"
	"io"
)

// Serve is refused: queues of packets are a part of Linux.
func Serve(context.Context, io.Reader, io.Writer) error {
	return errors.New("only Linux has queues of packets (NFQUEUE)")
}
