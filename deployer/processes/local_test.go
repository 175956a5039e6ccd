package processes

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TestMain lets more tests run at once than there are processors, because they wait for
// servers. The password is set here, so that the test that needs it can be one of them.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := errors.Join(flag.Set("test.parallel", "8"), os.Setenv("SLOTSTORM_TEST_PASSWORD", `se"cret \ with # all`)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// deploy starts a cluster on plain loopback.
func deploy(t *testing.T, redis scenarios.Redis, restartDelay time.Duration) (*Deployment, *events, error) {
	t.Helper()
	dir := t.TempDir()
	logs := filepath.Join(dir, "nodes")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	redis.Binary = "redis-server"
	seen := &events{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := Deploy(ctx, Options{
		Redis: redis, RestartDelay: restartDelay, Volumes: filepath.Join(dir, "volumes"), Logs: logs,
		Clock: results.Clock{Start: time.Now()}, Emit: seen.add,
	})
	if err == nil {
		t.Cleanup(func() {
			if err := d.Remove(false); err != nil {
				t.Error(err)
			}
		})
	}
	return d, seen, err
}

type events struct {
	mu   sync.Mutex
	list []results.Event
}

func (e *events) add(ev results.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, ev)
}

func (e *events) has(kind, node string) bool { return e.says(kind, node, "") }

func (e *events) says(kind, node, message string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.list {
		if ev.Kind == kind && ev.Node == node && strings.Contains(ev.Message, message) {
			return true
		}
	}
	return false
}

func TestANodeThatIsKilledComesBackOnItsVolume(t *testing.T) {
	t.Parallel()
	d, seen, err := deploy(t, scenarios.Redis{Shards: 3, ReplicasPerShard: 0, Config: map[string]string{"appendonly": "yes", "appendfsync": "always"}}, 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	node := d.Nodes[d.ShardOf(12182)] // the slot of "foo"
	cl := d.Client(node, time.Second)
	defer cl.Close()
	if err := cl.Set(ctx, "foo", "bar", 0).Err(); err != nil {
		t.Fatal(err)
	}
	old, err := d.Process(node.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next, err := d.AwaitNext(ctx, node.Name, old)
	if err != nil {
		t.Fatal(err)
	}
	if next.PID() == old.PID() {
		t.Errorf("it runs as process %d again", next.PID())
	}
	if old.Exit() != "ended by SIGKILL" {
		t.Errorf("the old process %s", old.Exit())
	}
	if err := d.AwaitWhole(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Client(node, time.Second).Get(ctx, "foo").Result(); err != nil || got != "bar" {
		t.Errorf("foo is %q (%v) after the restart, want bar", got, err)
	}
	if !seen.has(results.EventNodeExit, node.Name) {
		t.Error("no event reports its end")
	}
}

// A node that is kept down is not started again, whatever its delay, until it may be.
func TestANodeIsKeptDown(t *testing.T) {
	d, _, err := deploy(t, scenarios.Redis{Shards: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	name := d.Nodes[0].Name
	old, err := d.Process(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.KeepDown(name, true), old.Signal(syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	<-old.Done()
	short, stop := context.WithTimeout(ctx, 500*time.Millisecond)
	defer stop()
	if p, err := d.AwaitNext(short, name, old); err == nil {
		t.Fatalf("it was started again, as process %d", p.PID())
	}
	if err := d.KeepDown(name, false); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AwaitNext(ctx, name, old); err != nil {
		t.Fatal(err)
	}
	if err := d.KeepDown("node-99", true); err == nil {
		t.Error("a node that is not there was kept down")
	}
}

// A node that does not start says why in its log, which the wait for it repeats.
func TestANodeThatDoesNotStartSaysWhy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	d, _, err := deploy(t, scenarios.Redis{Shards: 3}, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	name := d.Nodes[0].Name
	old, err := d.Process(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := d.Volume(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.KeepDown(name, true), old.Signal(syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	<-old.Done()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, clusterFile), []byte("vars currentEp"), 0o600), d.KeepDown(name, false)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AwaitNext(t.Context(), name, old); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := d.AwaitAnswer(ctx, name); err == nil || !strings.Contains(err.Error(), "corrupted cluster config file") {
		t.Errorf("it says %v", err)
	}
}

func TestPasswordIsAskedForAndShownNowhere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for _, user := range []string{"", "app"} {
		t.Run("user "+user, func(t *testing.T) { isAskedForAndShownNowhere(t, user) })
	}
}

func isAskedForAndShownNowhere(t *testing.T, user string) {
	d, _, err := deploy(t, scenarios.Redis{Shards: 3, ReplicasPerShard: 1, Auth: &scenarios.Auth{Enabled: true, PasswordEnv: "SLOTSTORM_TEST_PASSWORD", User: user}}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	refuses := func(login dial.Security, want string) {
		stranger := *d.Cluster
		if err := stranger.Use(login, nil); err != nil {
			t.Fatal(err)
		}
		if err := stranger.Client(d.Nodes[0], time.Second).Ping(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a client with the login %+v gets %v", login, err)
		}
	}
	refuses(dial.Security{}, "NOAUTH")
	if user != "" {
		refuses(dial.Security{Password: d.Dialer.Security().Password}, "WRONGPASS")
	}
	for _, n := range d.Nodes {
		p, err := d.Process(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"cmdline", "environ"} {
			raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID(), file))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(raw), "se\"cret") {
				t.Errorf("the password is in %s of %s", file, n.Name)
			}
		}
		log, err := os.ReadFile(d.LogPath(n.Name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(log), "se\"cret") {
			t.Errorf("the password is in the log of %s", n.Name)
		}
	}
}

func TestDeployTellsWhatANodeSaid(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		redis scenarios.Redis
		want  string
	}{
		{"a directive that Redis does not know", scenarios.Redis{Shards: 3, Config: map[string]string{"maxmemmory": "1gb"}}, "maxmemmory"},
		{"a value that it refuses", scenarios.Redis{Shards: 3, Config: map[string]string{"appendonly": "perhaps"}}, "argument must be 'yes' or 'no'"},
		{"a password that is not there", scenarios.Redis{Shards: 3, Auth: &scenarios.Auth{Enabled: true, PasswordEnv: "SLOTSTORM_NO_SUCH"}}, "SLOTSTORM_NO_SUCH is empty or not set"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := deploy(t, tc.redis, time.Hour)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestEndpointsAreFree(t *testing.T) {
	list, err := local.Room{}.Endpoints(6)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].Addr() == list[1].Addr() {
		t.Errorf("two nodes share %s", list[0].Addr())
	}
	sealed, err := local.Room{Sealed: true}.Endpoints(300)
	if err != nil {
		t.Fatal(err)
	}
	if got := sealed[299].Addr(); got != "127.0.2.50:6379" {
		t.Errorf("node 299 is at %s", got)
	}
}
