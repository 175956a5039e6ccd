// Package redistest starts redis-server for tests.
package redistest

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/workload/conn"
)

// Start starts a redis-server, which is no cluster unless directives, such as
// "--cluster-enabled", "yes", make it one. It waits until the server accepts connections,
// and kills it after the test.
func Start(t testing.TB, directives ...string) (addr string, process *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, directives...)
	cmd := exec.Command("redis-server", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		c, err := conn.Connect(ctx, dial.Dialer{}, addr, time.Second)
		if err == nil {
			c.Close()
			return addr, cmd
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Calls is how often a server has carried a command out, by its name in lower case.
func Calls(t testing.TB, addr, command string) int {
	t.Helper()
	c, err := conn.Connect(t.Context(), dial.Dialer{}, addr, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	reply, err := c.Do("INFO", "commandstats")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(reply.Body), "cmdstat_"+command+":calls=")
	text, _, _ = strings.Cut(text, ",")
	n, _ := strconv.Atoi(text) // none is none
	return n
}
