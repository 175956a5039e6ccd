package dial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// Connect opens a connection that is encrypted and authenticated, as the servers
// require. ctx bounds all of it.
func (d Dialer) Connect(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := d.Dial(ctx, addr)
	if err != nil || d.security.Password == "" {
		return conn, err
	}
	if err := d.authenticate(ctx, conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("authenticating: %w", err)
	}
	return conn, nil
}

func (d Dialer) authenticate(ctx context.Context, conn net.Conn) error {
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	args := []string{"AUTH", d.security.Username, d.security.Password}
	if d.security.Username == "" {
		args = []string{"AUTH", d.security.Password}
	}
	if _, err := conn.Write(resp.AppendCommandString(nil, args...)); err != nil {
		return err
	}
	line, err := readLine(conn)
	if err != nil {
		return err
	}
	if !bytes.Equal(line, []byte("+OK")) {
		return errors.New(string(bytes.TrimPrefix(line, []byte("-"))))
	}
	return conn.SetDeadline(time.Time{})
}

// maxLine bounds the reply to AUTH, in bytes.
const maxLine = 1024

// readLine reads one line and not a byte more: what follows is the caller's.
func readLine(conn net.Conn) ([]byte, error) {
	var line []byte
	for len(line) < maxLine {
		var b [1]byte
		if _, err := conn.Read(b[:]); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		line = append(line, b[0])
	}
	return nil, fmt.Errorf("the reply is longer than %d bytes", maxLine)
}
