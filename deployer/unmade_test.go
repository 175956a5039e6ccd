package deployer

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
)

// A client that asks a node that is down dials each time, so that the first
// question after the node is back gets its answer.
func TestEveryQuestionDials(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := strings.Cut(addr, ":")
	server := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // it was killed
	})
	up, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := &Cluster{}
	if err := c.AwaitPing(up, Node{Addr: addr}); err != nil {
		t.Fatal(err)
	}

	down := errors.New("connection refused")
	dials := 0
	c.Dialer = c.Dialer.Via(func(ctx context.Context, addr string) (net.Conn, error) {
		if dials++; dials <= 3 {
			return nil, down
		}
		return dial.Dialer{}.Dial(ctx, addr)
	})
	cl := c.Client(Node{Addr: addr}, 5*time.Second)
	defer cl.Close()
	for i := range 3 {
		if err := cl.Ping(t.Context()).Err(); !errors.Is(err, down) {
			t.Errorf("ping %d: %v", i+1, err)
		}
	}
	if err := cl.Ping(t.Context()).Err(); err != nil || dials != 4 {
		t.Errorf("the node is back: %v after %d dials", err, dials)
	}
}
