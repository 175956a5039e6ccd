// Package conn is one connection that sends one command at a time and never sends
// it again: for probes and audited writes, where what was sent must be known.
package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// Conn is one connection.
type Conn struct {
	c       net.Conn
	timeout time.Duration
	out, in []byte
	// in[start:used] is what was read and is no reply yet.
	start, used int
	parser      resp.Parser
}

// Connect opens a connection; timeout bounds that, and each command on it.
func Connect(ctx context.Context, d dial.Dialer, addr string, timeout time.Duration) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	nc, err := d.Connect(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return &Conn{c: nc, timeout: timeout, in: make([]byte, 16<<10), parser: resp.NewParser(resp.DefaultLimits())}, nil
}

// ClosedByPeer reports whether the other side has ended the connection since the
// last reply. The check before a send avoids writes whose outcome is unknown only
// because the connection was closed already.
func (c *Conn) ClosedByPeer() bool {
	nc := c.c
	if outer, ok := nc.(interface{ NetConn() net.Conn }); ok {
		// TLS: messages that the server sends unrequested after the handshake come
		// before the first reply, which has been read.
		nc = outer.NetConn()
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	closed := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		// Nothing to read is what an idle connection should say; anything else,
		// a stray byte included, makes it useless.
		closed = !(n < 0 && (errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR)))
		return true
	})
	return closed || err != nil
}

// Do sends a command and awaits its reply, which is valid until the next Do. An
// error means that the connection can no longer be used.
func (c *Conn) Do(args ...string) (resp.Reply, error) {
	c.out = resp.AppendCommandString(c.out[:0], args...)
	if err := c.c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return resp.Reply{}, err
	}
	if _, err := c.c.Write(c.out); err != nil {
		return resp.Reply{}, err
	}
	c.start, c.used = 0, 0
	return c.next()
}

// Pipeline sends so many encoded commands and awaits their replies. The first
// reply that is an error is the error.
func (c *Conn) Pipeline(commands []byte, depth int) error {
	if err := c.c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return err
	}
	// The server may stop reading once it cannot write its replies.
	sent := make(chan error, 1)
	go func() {
		_, err := c.c.Write(commands)
		sent <- err
	}()
	c.start, c.used = 0, 0
	var failed error
	for range depth {
		r, err := c.next()
		if err != nil {
			c.c.Close()
			return errors.Join(err, <-sent)
		}
		if failed == nil {
			failed = ErrorOf(r)
		}
	}
	return errors.Join(failed, <-sent)
}

// next awaits the next reply, which is valid until the one after.
func (c *Conn) next() (resp.Reply, error) {
	for {
		if c.start < c.used {
			reply, took, err := c.parser.Next(c.in[c.start:c.used])
			if err != nil {
				return resp.Reply{}, err
			}
			if took > 0 {
				c.start += took
				return reply, nil
			}
			if c.start > 0 {
				// The parser goes by offsets from the reply's start.
				c.used = copy(c.in, c.in[c.start:c.used])
				c.start = 0
			}
		} else {
			c.start, c.used = 0, 0
		}
		if c.used == len(c.in) {
			c.in = append(c.in, make([]byte, len(c.in))...)
		}
		n, err := c.c.Read(c.in[c.used:])
		c.used += n
		if err != nil && n == 0 {
			if errors.Is(err, io.EOF) && c.used > 0 {
				err = io.ErrUnexpectedEOF
			}
			return resp.Reply{}, err
		}
	}
}

// Close closes the connection, if there is one.
func (c *Conn) Close() {
	if c != nil {
		c.c.Close()
	}
}
