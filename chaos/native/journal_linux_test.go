package native

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// oneServer is a redis-server of its own, as far as a pause needs it.
type oneServer struct {
	process *local.Process
	client  *redis.Client
	deployer.Starter
}

func (s *oneServer) Process(string) (*local.Process, error) { return s.process, nil }
func (s *oneServer) AwaitAnswer(ctx context.Context, _ string) error {
	return until(ctx, func(ctx context.Context) error { return s.client.Ping(ctx).Err() })
}
func (s *oneServer) AwaitNext(context.Context, string, *local.Process) (*local.Process, error) {
	return nil, errors.New("it is not started again")
}
func (s *oneServer) KeepDown(string, bool) error   { return nil }
func (s *oneServer) Volume(string) (string, error) { return "", errors.New("it has no volume") }
func (s *oneServer) Disk(string) (*disk.Volume, error) {
	return nil, errors.New("it has no volume")
}
func (s *oneServer) Redis() *deployer.Cluster { return nil }
func (s *oneServer) Roles(context.Context) []deployer.Role {
	list := []deployer.Role{}
	for i := range 3 {
		list = append(list, deployer.Role{Node: deployer.Node{Name: fmt.Sprintf("node-%d", i), Shard: i}, Primary: true})
	}
	return list
}

func startServer(t *testing.T) *oneServer {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	host := local.NewHost()
	p, err := host.Start(local.Spec{Path: "redis-server", Args: []string{"--port", "0", "--save", "", "--unixsocket", socket}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s := &oneServer{p, redis.NewClient(&redis.Options{Network: "unix", Addr: socket}), nil}
	t.Cleanup(func() {
		if err := errors.Join(s.client.Close(), p.Kill()); err != nil {
			t.Error(err)
		}
		<-p.Done()
		host.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.AwaitAnswer(ctx, ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// fullDisk is a recorder that has room for some entries.
type fullDisk struct {
	mu   sync.Mutex
	room int
	full bool
}

func (d *fullDisk) take() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room == 0 {
		d.full = true
		return syscall.ENOSPC
	}
	d.room--
	return nil
}

func (d *fullDisk) Event(results.Event) error          { return d.take() }
func (d *fullDisk) Journal(results.JournalEntry) error { return d.take() }

// TestAFullDiskLeavesNoServerPaused pauses a redis-server with a recorder that fails
// from its n-th entry on, for every n.
func TestAFullDiskLeavesNoServerPaused(t *testing.T) {
	s := startServer(t)
	for n := 0; ; n++ {
		d := &fullDisk{room: n}
		storm := &chaos.Storm{
			Engine: Local{Cluster: s, Aim: chaos.Aim{Nodes: []deployer.Node{{Name: "node-0"}}}}, Recorder: d, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: s.Roles,
			Whole: func(context.Context) error { return nil },
		}
		fault := scenarios.Fault{Name: "hang", Duration: scenarios.Duration(100 * time.Millisecond), Pause: &scenarios.Pause{Target: scenarios.Target{By: scenarios.ByNode, Node: "node-0"}}}
		f := storm.Rage(t.Context(), t.Context(), time.Now(), []chaos.Injection{{Name: "hang", Lasts: fault.Duration.Std(), Fault: fault}})[0]
		if stopped, err := s.process.Stopped(); err != nil || stopped {
			t.Fatalf("room for %d entries: the server is stopped: %v %v; the fault is %s: %s", n, stopped, err, f.Status, f.Reason)
		}
		if f.Status == results.StatusUnhealed {
			t.Errorf("room for %d entries: it counts as unhealed: %s", n, f.Reason)
		}
		if !d.full {
			if f.Status != results.StatusHealed {
				t.Errorf("with room for all it is %s: %s", f.Status, f.Reason)
			}
			return
		}
	}
}
