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
	o := &redis.ClusterOptions{Addrs: t.Addrs}
	t.Dialer.ClusterOptions(o)
	if w.Client.Churn != nil || w.Client.Storm != nil {
		open := o.Dialer
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := open(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return g.conns.add(c), nil
		}
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

// copyOptions copies the fields that both structs have under one name. What the
// library has behind a pointer stays its own if nothing of it is stated.
func copyOptions(to *redis.ClusterOptions, from scenarios.GoRedisOptions) {
	copyFields(reflect.ValueOf(to).Elem(), reflect.ValueOf(from))
}

func copyFields(to, from reflect.Value) {
	for i := range from.NumField() {
		src, dst := from.Field(i), to.FieldByName(from.Type().Field(i).Name)
		switch {
		case src.Kind() != reflect.Struct:
			dst.Set(src.Convert(dst.Type()))
		case !src.IsZero():
			dst.Set(reflect.New(dst.Type().Elem()))
			copyFields(dst.Elem(), src)
		}
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
	c.Options = effective("", reflect.ValueOf(g.stated), reflect.ValueOf(g.cluster.Options()).Elem(), node)
	return c, nil
}

// effective lists what became of the options that can be stated: of the cluster
// client, or where it leaves them open, of a node's.
func effective(prefix string, stated, cluster, node reflect.Value) []results.Option {
	var list []results.Option
	for i := range stated.NumField() {
		field := stated.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		value := cluster.FieldByName(field.Name)
		own := node.FieldByName(field.Name)
		if own.IsValid() && value.IsZero() {
			value = own
		}
		if field.Type.Kind() != reflect.Struct {
			list = append(list, results.Option{Name: prefix + name, Value: fmt.Sprint(value.Interface()), Stated: !stated.Field(i).IsZero()})
			continue
		}
		if own.IsValid() && !own.IsNil() {
			value = own
		}
		if !value.IsNil() {
			list = append(list, effective(prefix+name+".", stated.Field(i), value.Elem(), value.Elem())...)
		}
	}
	return list
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
