package wire

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// server is a redis-server of the test's own.
type server struct {
	t    testing.TB
	addr string
	port int
	id   string
	cmd  *exec.Cmd
	once sync.Once
}

func freePort(t testing.TB) int {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port < 55000 { // the cluster bus is at port + 10000
			return port
		}
	}
}

// startRedis starts a server and waits until it answers.
func startRedis(t testing.TB, args ...string) *server {
	t.Helper()
	for range 5 {
		s := &server{t: t, port: freePort(t)}
		s.addr = fmt.Sprintf("127.0.0.1:%d", s.port)
		s.start(args...)
		if s.ready() {
			return s
		}
		s.kill() // another process was faster with the port
	}
	t.Fatal("no redis-server starts")
	return nil
}

func (s *server) start(args ...string) {
	s.t.Helper()
	dir := s.t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command("redis-server", append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", dir}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.once = sync.Once{}
	s.t.Cleanup(s.kill)
}

func (s *server) ready() bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if v, err := s.try("PING"); err == nil || strings.HasPrefix(v.Text, "NOAUTH") {
			return true
		}
	}
	return false
}

func (s *server) kill() {
	s.once.Do(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	})
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) try(args ...string) (resp.Value, error) {
	conn, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		return resp.Value{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	r := &replyReader{in: conn, parser: resp.NewParser(resp.DefaultLimits())}
	return r.call(conn, resp.AppendCommandString(nil, args...))
}

func (s *server) do(args ...string) resp.Value {
	s.t.Helper()
	v, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("%s: %v: %v", s.addr, args, err)
	}
	return v
}

// startCluster forms a cluster of n primaries with the slots in equal parts.
func startCluster(t testing.TB, n int, args ...string) []*server {
	t.Helper()
	nodes := make([]*server, n)
	for i := range nodes {
		nodes[i] = startRedis(t, append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", "2000",
			// CLUSTER SLOTS lists a replica after its first sync and the next ping.
			"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"}, args...)...)
		nodes[i].id = nodes[i].do("CLUSTER", "MYID").Text
		from, to := i*resp.Slots/n, (i+1)*resp.Slots/n-1
		nodes[i].do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(from), strconv.Itoa(to))
		nodes[i].do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for _, s := range nodes[1:] {
		nodes[0].do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(s.port))
	}
	for _, s := range nodes {
		await(t, "cluster to form", func() bool {
			return strings.Contains(s.do("CLUSTER", "INFO").Text, "cluster_state:ok") && len(s.do("CLUSTER", "SLOTS").List) == n
		})
	}
	return nodes
}

func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 30 s for the %s", what)
		}
	}
}
