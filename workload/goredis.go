package workload

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// goRedis is the application client: what an application that uses go-redis
// sees, retries and topology reloads included.
type goRedis struct {
	cluster *redis.ClusterClient
	stated  scenarios.GoRedisOptions
	scripts []stream.Script
	conns   *connections
}

func newGoRedis(t Target, w scenarios.Workload, s *stream.Stream) *goRedis {
	g := &goRedis{stated: w.Client.Options, scripts: s.Scripts(), conns: &connections{}}
	o := &redis.ClusterOptions{
		Addrs:    t.Addrs,
		Password: t.Password,
		Username: t.Username,
		Dialer: func(ctx context.Context, _, addr string) (net.Conn, error) {
			c, err := t.Dial(ctx, addr)
			if err != nil || w.Client.Churn == nil && w.Client.Storm == nil {
				return c, err
			}
			return g.conns.add(c), nil
		},
	}
	if !t.Cluster {
		// One server that is no cluster: it serves all slots.
		o.ClusterSlots = func(context.Context) ([]redis.ClusterSlot, error) {
			return []redis.ClusterSlot{{Start: 0, End: resp.Slots - 1, Nodes: []redis.ClusterNode{{Addr: t.Addrs[0]}}}}, nil
		}
	}
	copyOptions(o, g.stated)
	g.cluster = redis.NewClusterClient(o)
	g.cluster.OnNewNode(func(node *redis.Client) { node.AddHook(attemptHook{}) })
	return g
}

// copyOptions copies the fields that both structs have under one name.
func copyOptions(to *redis.ClusterOptions, from scenarios.GoRedisOptions) {
	src, dst := reflect.ValueOf(from), reflect.ValueOf(to).Elem()
	for i := range src.NumField() {
		f := dst.FieldByName(src.Type().Field(i).Name)
		f.Set(src.Field(i).Convert(f.Type()))
	}
}

// describe lists the effective options: what the library made of those stated.
// Many are settled by the client of a single node only, so one is asked; the
// cluster's own come from the cluster client.
func (g *goRedis) describe(ctx context.Context) (results.Client, error) {
	c := results.Client{Type: "go-redis", Version: moduleVersion("github.com/redis/go-redis/v9")}
	var mu sync.Mutex
	var node reflect.Value
	err := g.cluster.ForEachShard(ctx, func(_ context.Context, n *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		node = reflect.ValueOf(n.Options()).Elem()
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("reading go-redis' options: %w", err)
	}
	stated, cluster := reflect.ValueOf(g.stated), reflect.ValueOf(g.cluster.Options()).Elem()
	for i := range stated.NumField() {
		field := stated.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		effective := cluster.FieldByName(field.Name)
		if own := node.FieldByName(field.Name); own.IsValid() && effective.IsZero() {
			effective = own
		}
		c.Options = append(c.Options, results.Option{Name: name, Value: fmt.Sprint(effective.Interface()), Stated: !stated.Field(i).IsZero()})
	}
	return c, nil
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}

// warm opens a connection to every node, loads the topology, and the scripts onto
// every primary.
func (g *goRedis) warm(ctx context.Context) error {
	err := g.cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	if err != nil {
		return fmt.Errorf("connecting go-redis: %w", err)
	}
	return g.loadScripts(ctx)
}

func (g *goRedis) loadScripts(ctx context.Context) error {
	for _, s := range g.scripts {
		err := g.cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			return node.ScriptLoad(ctx, s.Source).Err()
		})
		if err != nil {
			return fmt.Errorf("loading script %s: %w", s.SHA, err)
		}
	}
	return nil
}

func (g *goRedis) close() { g.cluster.Close() }
