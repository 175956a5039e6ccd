package wire

import (
	"context"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// bridge gives the loop a descriptor whose other end a connection
// that is not plain TCP serves, through two goroutines. When dialling
// fails or the connection ends, the descriptor reads as ended.
func bridge(ctx context.Context, cfg *Config, addr string) (fd int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	f := os.NewFile(uintptr(fds[1]), "bridge to "+addr)
	far, err := net.FileConn(f)
	f.Close()
	if err != nil {
		_ = unix.Close(fds[0])
		return -1, err
	}
	go func() {
		defer far.Close()
		dialling, cancel := context.WithTimeout(ctx, cfg.Timeout)
		conn, err := cfg.Dialer.Dial(dialling, addr)
		cancel()
		if err != nil {
			return
		}
		defer conn.Close()
		// A first byte reports to the loop that the connection is established.
		if _, err := far.Write([]byte{bridgeUp}); err != nil {
			return
		}
		// Whichever direction ends first ends the other by closing both.
		go func() {
			defer conn.Close()
			defer far.Close()
			_, _ = io.Copy(conn, far)
		}()
		_, _ = io.Copy(far, conn)
	}()
	return fds[0], nil
}

const bridgeUp = '!'
