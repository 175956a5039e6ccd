package processes

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// stranger is a client of another local user: it has no password.
func stranger(t *testing.T, d *Deployment) error {
	t.Helper()
	other := &deployer.Cluster{}
	cl := other.Client(d.Nodes[0], time.Second)
	defer cl.Close()
	return cl.Ping(t.Context()).Err()
}

func TestPlainLoopbackHasAPasswordUnlessTheScenarioRulesItOut(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for name, tc := range map[string]struct {
		auth *scenarios.Auth
		open bool
	}{
		"nothing is stated":  {nil, false},
		"auth is enabled":    {&scenarios.Auth{Enabled: true}, false},
		"auth is turned off": {&scenarios.Auth{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, err := deploy(t, scenarios.Redis{Shards: 3, Auth: tc.auth}, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			switch err := stranger(t, d); {
			case tc.open && err != nil:
				t.Error(err)
			case !tc.open && (err == nil || !strings.Contains(err.Error(), "NOAUTH") || len(d.Dialer.Security().Password) != 48):
				t.Errorf("a client without password gets %v, of %d characters", err, len(d.Dialer.Security().Password))
			}
		})
	}
}

func TestInTheSealedRoomTheScenarioDecides(t *testing.T) {
	for _, tc := range []struct {
		room local.Room
		want bool
	}{{local.Room{Sealed: true}, false}, {local.Room{}, true}} {
		login, err := Options{Room: tc.room}.login()
		if err != nil || (login.Password != "") != tc.want {
			t.Errorf("%s: %d characters, %v", tc.room, len(login.Password), err)
		}
	}
}

// Every path that starts a server or copies files leaves no password and no key in the
// volumes: start, restart, snapshot, append-only file, backup, replacement, and the
// servers beside the cluster.
func TestVolumesHoldNoSecret(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	config := map[string]string{"appendonly": "yes", "cluster-node-timeout": "2000", "repl-diskless-sync-delay": "0"}
	d, _, err := deploy(t, scenarios.Redis{Shards: 3, ReplicasPerShard: 1, Config: config, TLS: &scenarios.TLS{Enabled: true}}, 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := d.Backup(ctx); err != nil {
		t.Fatal(err)
	}
	old, err := d.Process("node-3")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Replace(ctx, "node-3", other(t)), d.AwaitWhole(ctx)); err != nil {
		t.Fatal(err)
	}
	if p, err := d.Process("node-3"); err != nil || p.PID() == old.PID() {
		t.Errorf("it was not replaced: %v", err)
	}
	s, err := d.beside(scenarios.Release{Binary: "redis-server"}, filepath.Join(d.options.Volumes, "beside"), "yes")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.await(ctx); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, dir := range []string{d.options.Volumes, d.options.Logs} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			files++
			raw, err := os.ReadFile(path)
			if bytes.Contains(raw, []byte(d.Dialer.Security().Password)) || bytes.Contains(raw, []byte("PRIVATE KEY")) {
				t.Errorf("%s holds a secret", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files < 40 {
		t.Errorf("only %d files were looked at", files)
	}
}

// A server beside the cluster is as closed as the cluster.
func TestAServerBesideTheClusterHasThePassword(t *testing.T) {
	t.Parallel()
	d, _, err := deploy(t, scenarios.Redis{Shards: 3}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.beside(scenarios.Release{Binary: "redis-server"}, t.TempDir(), "no")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.await(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.client.Do(t.Context(), "AUTH", "wrong").Err(); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("another password gets %v", err)
	}
}

func TestEveryProcessIsInTheJournalOutsideOfARoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "nodes"), 0o755); err != nil {
		t.Fatal(err)
	}
	list := make(chan results.JournalEntry, 100)
	var full atomic.Bool
	d, err := Deploy(t.Context(), Options{
		Redis: scenarios.Redis{Binary: "redis-server", Shards: 3}, RestartDelay: time.Millisecond, Volumes: filepath.Join(dir, "volumes"), Logs: filepath.Join(dir, "nodes"),
		Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {},
		Journal: func(e results.JournalEntry) error {
			list <- e
			if full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	}()
	for _, n := range d.Nodes {
		p, err := d.Process(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		id, err := local.Identify(p.PID())
		if err != nil {
			t.Fatal(err)
		}
		if e := <-list; e.Node != n.Name || e.Process == nil || *e.Process != results.Process(id) {
			t.Errorf("%+v is %+v", id, e)
		}
	}
	full.Store(true)
	comesBack(t, d, list)
}

// comesBack kills a node: a journal on a full disk keeps none down.
func comesBack(t *testing.T, d *Deployment, list <-chan results.JournalEntry) {
	t.Helper()
	old, err := d.Process("node-0")
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	next, err := d.AwaitNext(ctx, "node-0", old)
	if err != nil {
		t.Fatal(err)
	}
	if e := <-list; e.Process == nil || e.Process.PID != next.PID() {
		t.Errorf("%d is %+v", next.PID(), e)
	}
	if err := d.AwaitAnswer(ctx, "node-0"); err != nil {
		t.Error(err)
	}
}
