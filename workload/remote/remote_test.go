package remote

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// asGenerator makes the test program a generator: a real process, as a pod has.
const asGenerator = "SLOTSTORM_TEST_GENERATOR"

func TestMain(m *testing.M) {
	if file := os.Getenv(asGenerator); file != "" {
		if err := generate(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// These tests wait more than they work: more of them run at once than there are
	// processors.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func generate(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	identity, err := ParseIdentity(text)
	if err != nil {
		return err
	}
	patience, err := time.ParseDuration(os.Getenv(asGenerator + "_PATIENCE"))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return Serve(context.Background(), l, Options{
		Identity: identity, Patience: patience, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Watch: func(ctx context.Context, p workload.Plan, emit results.Emit) {
			for n := 0; ctx.Err() == nil; n++ {
				emit(results.Event{Offset: p.Clock.Now(), Kind: results.EventNote, Source: "poll", Message: fmt.Sprint(n)})
				select {
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
			}
		},
	})
}

// process is a generator that runs.
type process struct {
	gone   atomic.Bool
	addr   string
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

func spawn(t *testing.T, identity *Identity, patience time.Duration) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.pem")
	if err := os.WriteFile(file, identity.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(os.Args[0]), ended: make(chan error, 1)}
	// The race detector waits a second at the end of a process unless it is given less.
	p.cmd.Env = append(os.Environ(), asGenerator+"="+file, asGenerator+"_PATIENCE="+patience.String(), "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=20")
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.addr = strings.TrimSpace(p.addr)
	go func() {
		err := p.cmd.Wait()
		p.gone.Store(true)
		p.ended <- err
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it has ended, as a rule
	return p
}

// exits waits for the process to end by itself.
func (p *process) exits(t *testing.T, limit time.Duration) error {
	t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(limit):
		t.Fatal("the generator does not end")
		return nil
	}
}

// cluster deploys a real Redis Cluster on plain loopback.
func cluster(t *testing.T, auth bool) servers.Target {
	t.Helper()
	dir := t.TempDir()
	logs := filepath.Join(dir, "nodes")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	redis := scenarios.Redis{Binary: "redis-server", Shards: 3, Auth: &scenarios.Auth{Enabled: auth}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := processes.Deploy(ctx, processes.Options{
		Redis: redis, Volumes: filepath.Join(dir, "volumes"), Logs: logs, Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	target := servers.Target{Cluster: true, Shards: make([][]servers.Member, d.Shards), ShardOf: d.ShardOf, Dialer: d.Dialer}
	for _, n := range d.Nodes {
		target.Addrs = append(target.Addrs, n.Addr)
		target.Shards[n.Shard] = append(target.Shards[n.Shard], servers.Member{Name: n.Name, Addr: n.Addr})
	}
	return target
}

// load is the workload of a scenario.
func load(t *testing.T, text string) scenarios.Workload {
	t.Helper()
	s, err := scenarios.Parse("test", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: remote}
workload: `+text+`
timeline: {phases: [{name: only, duration: 1s}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return s.Workload
}

func identity(t *testing.T) *Identity {
	t.Helper()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}
