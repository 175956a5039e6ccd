package rdb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// written is an RDB file of what write does to a server.
func written(t *testing.T, write func(ctx context.Context, cl *redis.Client) error) string {
	t.Helper()
	dir := t.TempDir()
	addr, _ := redistest.Start(t, "--dir", dir)
	cl := redis.NewClient(&redis.Options{Addr: addr})
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := errors.Join(write(ctx, cl), cl.Save(ctx).Err()); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "dump.rdb")
}

// open opens a file, and checks that it has not changed and that nothing of the copy is left.
func open(t *testing.T, file string) (*Source, error) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	dir := filepath.Join(t.TempDir(), "source")
	s, err := Open(ctx, Options{File: file, Dir: dir, Binary: "redis-server"})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the file has changed: %v", err)
		}
	})
	if _, serr := os.Lstat(dir); !os.IsNotExist(serr) {
		t.Errorf("the copy is left: %v", serr)
	}
	return s, err
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "dump.rdb")
		if err := os.WriteFile(path, []byte(content), 0o400); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct{ file, want string }{
		"a text":          {file("hello, world"), `is no RDB file: it begins with "hello,"`},
		"nothing":         {file(""), `is no RDB file: it begins with ""`},
		"a newer version": {file("REDIS0999" + strings.Repeat("\x00", 32)), "has version 999 of the format, which Redis"},
		"another product": {file("VALKEY080" + strings.Repeat("\x00", 32)), "is a file of Valkey 9.0 or later, which Redis"},
		"a torn one":      {file("REDIS0006\xfe\x00\x00\x03abc"), "does not read"},
		"no keys":         {written(t, func(context.Context, *redis.Client) error { return nil }), "holds no keys"},
		"another database": {written(t, func(ctx context.Context, cl *redis.Client) error {
			pipe := cl.Pipeline()
			pipe.Do(ctx, "SELECT", 3)
			pipe.Set(ctx, "key", "v", 0)
			_, err := pipe.Exec(ctx)
			return err
		}), "has keys in database 3 (1), and a cluster has only database 0"},
		"keys of the run": {written(t, func(ctx context.Context, cl *redis.Client) error {
			return cl.Set(ctx, "slotstorm:audit:1", "v", 0).Err()
		}), `holds the key "slotstorm:audit:1": keys that begin with slotstorm: are those of the run itself`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := open(t, tc.file); !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// cluster is one of three nodes that runs.
func cluster(t *testing.T, config map[string]string) *deployer.Cluster {
	t.Helper()
	dir := t.TempDir()
	logs := filepath.Join(dir, "nodes")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := processes.Deploy(ctx, processes.Options{
		Redis: scenarios.Redis{Binary: "redis-server", Shards: 3, Config: config}, Volumes: filepath.Join(dir, "volumes"), Logs: logs,
		Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	return d.Cluster
}

// Every type of key goes to the primary of its slot, with its value and its expiry.
func TestCopy(t *testing.T) {
	t.Parallel()
	s, err := open(t, written(t, func(ctx context.Context, cl *redis.Client) error {
		pipe := cl.Pipeline()
		for i := range 5000 {
			pipe.Set(ctx, "user:"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String(), i, 0)
		}
		pipe.Set(ctx, "short", "v", time.Hour)
		pipe.RPush(ctx, "list", "a", "b")
		pipe.HSet(ctx, "hash", "f", "v")
		pipe.ZAdd(ctx, "zset", redis.Z{Score: 1.5, Member: "m"})
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: "stream", ID: "1-1", Values: []string{"f", "v"}})
		_, err := pipe.Exec(ctx)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := cluster(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var shown []int
	set, err := s.Copy(ctx, c, func(percent int) { shown = append(shown, percent) })
	if err != nil {
		t.Fatal(err)
	}
	if set.Keys != 5005 || set.File != "dump.rdb" || set.Bytes < 5005 || set.Took <= 0 || len(set.SHA256) != 64 || len(shown) == 0 || shown[len(shown)-1] != 100 {
		t.Errorf("the figures are %+v, and the percents %v", set, shown)
	}
	at := func(key string) *redis.Client {
		cl := c.Client(c.Nodes[c.ShardOf(int(resp.Slot([]byte(key))))], time.Second)
		t.Cleanup(func() { cl.Close() })
		return cl
	}
	if ttl, err := at("short").TTL(ctx, "short").Result(); err != nil || ttl < 59*time.Minute || ttl > time.Hour {
		t.Errorf("short expires in %s: %v", ttl, err)
	}
	if ttl, err := at("list").TTL(ctx, "list").Result(); err != nil || ttl != -1 {
		t.Errorf("list expires in %s: %v", ttl, err)
	}
	if v, err := at("zset").ZScore(ctx, "zset", "m").Result(); err != nil || v != 1.5 {
		t.Errorf("the score is %v: %v", v, err)
	}
	if v, err := at("stream").XRange(ctx, "stream", "-", "+").Result(); err != nil || len(v) != 1 || v[0].ID != "1-1" {
		t.Errorf("the stream is %v: %v", v, err)
	}
}

// Keys that do not fit into the nodes are one clear error.
func TestKeysThatDoNotFit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	s, err := open(t, written(t, func(ctx context.Context, cl *redis.Client) error {
		pipe := cl.Pipeline()
		for i := range 300 {
			pipe.Set(ctx, time.Duration(i).String(), strings.Repeat("v", 100_000), 0)
		}
		_, err := pipe.Exec(ctx)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err = s.Copy(ctx, cluster(t, map[string]string{"maxmemory": "4mb"}), func(int) {})
	if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), "raise redis.config.maxmemory, or redis.shards") {
		t.Errorf("the error is %v", err)
	}
}

// The way out of a format that the server does not read depends on whose it is.
func TestUnreadFormats(t *testing.T) {
	redis, valkey := results.Server{Product: results.ProductRedis, Version: "7.0.15"}, results.Server{Product: results.ProductValkey, Version: "8.1.4"}
	for _, tc := range []struct {
		server    results.Server
		why, want string
	}{
		{redis, "Can't handle RDB format version 12", "name a newer server"},
		{valkey, "Can't handle RDB format version 12", "with Redis 7.2 or with Valkey"},
		{valkey, "Wrong signature trying to load DB from file", "Valkey 9.0 or later"},
	} {
		if err := (&Source{file: "dump.rdb", server: tc.server}).unread(tc.why); !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, %s: %v", tc.server, tc.why, err)
		}
	}
}
