package workload

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// goRedis is the application client: what an application that uses go-redis
// sees, retries and topology reloads included.
type goRedis struct {
	cluster *redis.ClusterClient
	stated  scenarios.GoRedisOptions
	value   string
	ttl     time.Duration
}

// attempt is what one request learned on its way through the library.
type attempt struct {
	// maybeExecuted is set once an attempt ended without an answer, whatever
	// the last attempt said.
	maybeExecuted bool
}

type attemptKey struct{}

// attemptHook sees every attempt on every node, beneath the cluster client's
// retries.
type attemptHook struct{}

func (attemptHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (attemptHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if a, ok := ctx.Value(attemptKey{}).(*attempt); ok && err != nil {
			if outcome, _ := classify(err); outcome == results.Unknown {
				a.maybeExecuted = true
			}
		}
		return err
	}
}

func (attemptHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func newGoRedis(t Target, w scenarios.Workload) *goRedis {
	o := &redis.ClusterOptions{
		Addrs:    t.Addrs,
		Password: t.Password,
		Dialer: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return t.Dial(ctx, addr)
		},
	}
	stated := w.Client.Options
	copyOptions(o, stated)
	// What is written tells nothing; its size and that it does not compress to
	// nothing do.
	d := drawsFor(uint64(w.Values.Size), 0)
	value := make([]byte, w.Values.Size)
	for i := range value {
		value[i] = 'a' + byte(d.Uint64()%26)
	}
	g := &goRedis{cluster: redis.NewClusterClient(o), stated: stated, value: string(value), ttl: w.Values.TTL.Std()}
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

// warm opens a connection to every node and loads the topology.
func (g *goRedis) warm(ctx context.Context) error {
	err := g.cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	if err != nil {
		return fmt.Errorf("connecting go-redis: %w", err)
	}
	return nil
}

// do carries a request out and tells its outcome.
func (g *goRedis) do(ctx context.Context, command, key string) (results.Outcome, string) {
	var a attempt
	ctx = context.WithValue(ctx, attemptKey{}, &a)
	var err error
	switch command {
	case "GET":
		err = g.cluster.Get(ctx, key).Err()
	case "SET":
		err = g.cluster.Set(ctx, key, g.value, g.ttl).Err()
	default:
		return results.Failed, "command"
	}
	outcome, class := classify(err)
	if outcome == results.Failed && a.maybeExecuted {
		outcome = results.Unknown
	}
	return outcome, class
}

func (g *goRedis) close() { g.cluster.Close() }
