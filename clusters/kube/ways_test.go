package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

// reach is a cluster whose server opens streams into pods.
func reach(t *testing.T) (*Cluster, *kubetest.Server) {
	t.Helper()
	s := kubetest.New(t)
	return &Cluster{Config: s.Config, Client: s.Client()}, s
}

func TestExecGivesTheOutputAndTheReason(t *testing.T) {
	c, s := reach(t)
	s.Exec = func(cmd kubetest.Command) error {
		switch cmd.Args[0] {
		case "echo":
			fmt.Fprintf(cmd.Out, "%s in %s of %s", strings.Join(cmd.Args[1:], " "), cmd.Container, cmd.Pod)
			return nil
		case "complain":
			fmt.Fprintln(cmd.Errs, "no such file")
		}
		return kubetest.Exit(3)
	}
	if out, err := c.Exec(t.Context(), "team", "shard-0-0", "redis", "echo", "a b", "c"); err != nil || out != "a b c in redis of shard-0-0" {
		t.Errorf("%q %v", out, err)
	}
	if _, err := c.Exec(t.Context(), "team", "shard-0-0", "redis", "complain"); err == nil || !strings.Contains(err.Error(), "exec in shard-0-0") || !strings.Contains(err.Error(), "exit code 3: no such file") {
		t.Errorf("%v", err)
	}
	if _, err := c.Exec(t.Context(), "team", "shard-0-0", "redis", "fail"); err == nil || !strings.HasSuffix(err.Error(), "exit code 3") {
		t.Errorf("%v", err)
	}
	s.Exec = nil
	if _, err := c.Exec(t.Context(), "team", "shard-0-0", "redis", "echo"); err == nil || strings.Contains(err.Error(), s.URL()) {
		t.Errorf("the address of the request is in the error: %v", err)
	}
}

func TestASessionIsConnectedToItsCommand(t *testing.T) {
	c, s := reach(t)
	s.Exec = func(cmd kubetest.Command) error {
		if cmd.Args[0] != "serve" {
			fmt.Fprint(cmd.Errs, "not found")
			return kubetest.Exit(127)
		}
		in := bufio.NewReader(cmd.In)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return nil
			}
			fmt.Fprint(cmd.Out, "heard "+line)
		}
	}
	session, err := c.Session("team", "shard-0-0", "eyes", "serve")
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(session)
	for _, word := range []string{"one\n", "two\n"} {
		if _, err := io.WriteString(session, word); err != nil {
			t.Fatal(err)
		}
		if line, err := out.ReadString('\n'); err != nil || line != "heard "+word {
			t.Errorf("%q %v", line, err)
		}
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(out); err == nil || !strings.Contains(err.Error(), "exec in shard-0-0") {
		t.Errorf("after its end: %v", err)
	}
	if session, err = c.Session("team", "shard-0-0", "eyes", "absent"); err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := io.ReadAll(session); err == nil || !strings.Contains(err.Error(), "exec in shard-0-0: not found") {
		t.Errorf("a command that fails: %v", err)
	}
}

// echo is a listener that answers with what it gets, and its name first.
func echo(t *testing.T, name string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				fmt.Fprintln(conn, name)
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l
}

func TestForwardReachesThePortOfAPod(t *testing.T) {
	c, s := reach(t)
	listeners := map[string]net.Listener{"one": echo(t, "one"), "two": echo(t, "two")}
	s.Forward = func(pod string, port int) (string, error) {
		if port != 6379 {
			return "", errors.New("nobody listens there")
		}
		return listeners[pod].Addr().String(), nil
	}
	var conns []net.Conn
	for _, pod := range []string{"one", "two", "one"} {
		conn, err := c.Forward(t.Context(), "team", pod, "uid", 6379)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		in := bufio.NewReader(conn)
		if line, err := in.ReadString('\n'); err != nil || line != pod+"\n" {
			t.Errorf("%s answers %q: %v", pod, line, err)
		}
		if _, err := io.WriteString(conn, "PING\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := in.ReadString('\n'); err != nil || line != "PING\n" {
			t.Errorf("%s answers %q: %v", pod, line, err)
		}
	}
	if n := len(c.forwards.tunnels); n != 2 {
		t.Errorf("%d tunnels to two pods", n)
	}
	// A port on which nobody listens ends its connection, not the others.
	deaf, err := c.Forward(t.Context(), "team", "one", "uid", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deaf.Read(make([]byte, 1)); err == nil {
		t.Error("a port on which nobody listens answers")
	}
	if _, err := io.WriteString(conns[0], "still\n"); err != nil {
		t.Errorf("the other connection: %v", err)
	}
	c.forwards.drop("team")
	if _, err := io.ReadAll(conns[1]); err != nil {
		t.Errorf("a connection whose tunnel was dropped: %v", err)
	}
	if n := len(c.forwards.tunnels); n != 0 {
		t.Errorf("%d tunnels are left", n)
	}
}

func TestForwardGivesUpWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, s := reach(t)
	if _, err := c.Forward(t.Context(), "team", "one", "uid", 6379); err == nil || !strings.Contains(err.Error(), "team/one") {
		t.Errorf("a server without streams: %v", err)
	}
	s.Config.Host = "https://" + l.Addr().String()
	silent := kubetest.At(t, s.Config)
	c = &Cluster{Config: s.Config, Client: silent}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Forward(ctx, "team", "one", "uid", 6379); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "port-forward to team/one") {
		t.Errorf("a server that does not answer: %v", err)
	}
}
