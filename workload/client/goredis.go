package client

import (
	"context"
	"fmt"
	"math"
	"net"
	"reflect"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/classify"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// The settings of Go's runtime with which go-redis is punctual, by measurement
// (docs/measurements.md). Its goroutines run only on a thread that holds a P, and a
// thread holds its P while it collects garbage or has no processor: with two Ps all
// can be held, with four one is free. Rarer collections delay less.
const (
	goRedisLeastProcs = 4
	goRedisGCPercent  = 400
)

func goRedisProcs(*scenarios.Client) int { return goRedisLeastProcs }

// goRedisDriver drives go-redis.
func goRedisDriver(p Plan) (Driver, error) {
	st, err := stream.New(&p.Workload, p.Seed)
	if err != nil {
		return nil, err
	}
	return newGenerator(p, st, newGoRedis(p.Target, p.Workload, st))
}

// goRedis is the application client: it sees what an application with go-redis sees,
// including retries and topology reloads.
type goRedis struct {
	cluster *redis.ClusterClient
	stated  scenarios.GoRedisOptions
	scripts []stream.Script
	conns   *connections
	seen    topology
	// end ends what goes on beside the requests.
	end context.CancelFunc
	// copies is how many replicas the servers under load are known to have.
	copies int
}

func newGoRedis(t servers.Target, w scenarios.Workload, s *stream.Stream) *goRedis {
	g := &goRedis{stated: w.Client.Options, scripts: s.Scripts(), conns: &connections{}, end: func() {}}
	for _, members := range t.Shards {
		g.copies += len(members) - 1
	}
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
	g.cluster.OnNewNode(func(node *redis.Client) { node.AddHook(attemptHook{node.Options(), &g.seen}) })
	return g
}

// describe lists the effective options: what the library made of those stated.
// Only the client of a single node resolves many of them, so they are read from one;
// the cluster's own come from the cluster client.
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

// warm opens a connection to every node, loads the topology, and the scripts onto
// every primary.
func (g *goRedis) warm(ctx context.Context) error {
	err := g.cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	if err != nil {
		return fmt.Errorf("connecting go-redis: %w", err)
	}
	if o := g.cluster.Options(); o.ReadOnly && o.ClusterSlots == nil {
		ctx, g.end = context.WithCancel(context.WithoutCancel(ctx))
		go g.awaitReplicas(ctx)
	}
	return g.loadScripts(ctx)
}

// A new cluster lists a replica in CLUSTER SLOTS once its replication offset is known to
// all: within repl-ping-replica-period, 10 s by default.
const (
	replicaWait = 30 * time.Second
	replicaLook = 500 * time.Millisecond
)

// awaitReplicas has the library read the topology until replicas are listed, so that a
// cluster that was made for the run is read as one that has stood for long. By itself
// the library reads it again after clusterStateReloadInterval, a minute by default.
func (g *goRedis) awaitReplicas(ctx context.Context) {
	t := time.NewTicker(replicaLook)
	defer t.Stop()
	for end := time.Now().Add(replicaWait); !g.seen.replicated(g.copies) && time.Now().Before(end); {
		g.cluster.ReloadState(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
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

func (g *goRedis) close() {
	g.end()
	g.cluster.Close()
}

func (g *goRedis) connections() *connections { return g.conns }

// do carries requests out, several of them as one pipeline, and sets their
// outcomes.
func (g *goRedis) do(ctx context.Context, requests []request) {
	a := &attempt{}
	ctx = context.WithValue(ctx, attemptKey{}, a)
	if len(requests) > 1 {
		g.pipeline(ctx, a, requests)
		return
	}
	r := &requests[0]
	cmds := r.commands(ctx)
	for range 2 {
		switch {
		case r.meta.Wait+r.meta.Local > 0:
			g.onOneConnection(ctx, r, cmds)
		case len(cmds) > 1:
			g.transaction(ctx, cmds[1:len(cmds)-1])
		default:
			_ = g.cluster.Process(ctx, cmds[0]) // the command keeps the error
		}
		r.judge(a, cmds)
		if r.class != "NOSCRIPT" || g.loadScripts(ctx) != nil {
			return
		}
		cmds = r.commands(ctx)
	}
}

// commands are a request's, for the library. Where the library looks for a key it must
// find none in a command without one, such as SCAN 0: behind the last argument there is
// none, and the library takes a random slot.
func (r *request) commands(ctx context.Context) []*redis.Cmd {
	cmds := make([]*redis.Cmd, len(r.calls))
	for i, c := range r.calls {
		cmds[i] = redis.NewCmd(ctx, c.Args...)
		key := c.Key
		if r.meta.Keyless && len(r.calls) == 1 {
			key = len(c.Args)
		}
		if key <= math.MaxInt8 {
			cmds[i].SetFirstKeyPos(int8(key))
		}
	}
	return cmds
}

// pipeline sends single commands together; the library parts them by node.
func (g *goRedis) pipeline(ctx context.Context, a *attempt, requests []request) {
	pipe := g.cluster.Pipeline()
	a.nodes = map[redis.Cmder]place{}
	cmds := make([]*redis.Cmd, len(requests))
	for i := range requests {
		cmds[i] = requests[i].commands(ctx)[0]
		_ = pipe.Process(ctx, cmds[i])
	}
	_, _ = pipe.Exec(ctx) // the commands keep their errors
	missing := false
	for i := range requests {
		requests[i].judge(a, cmds[i:i+1])
		missing = missing || requests[i].class == "NOSCRIPT"
	}
	if !missing || g.loadScripts(ctx) != nil {
		return
	}
	for i := range requests {
		if requests[i].class == "NOSCRIPT" {
			cmd := requests[i].commands(ctx)
			_ = g.cluster.Process(ctx, cmd[0])
			requests[i].judge(a, cmd)
		}
	}
}

// transaction sends commands between MULTI and EXEC.
func (g *goRedis) transaction(ctx context.Context, cmds []*redis.Cmd) {
	pipe := g.cluster.TxPipeline()
	for _, cmd := range cmds {
		_ = pipe.Process(ctx, cmd)
	}
	_, _ = pipe.Exec(ctx)
}

// onOneConnection sends all commands of a request down one connection, so that
// WAIT is about its own writes. The cluster client has no such thing, and so no
// redirects here; an application that awaits replicas has to do the same.
func (g *goRedis) onOneConnection(ctx context.Context, r *request, cmds []*redis.Cmd) {
	key := ""
	for _, c := range r.calls {
		if b, ok := c.Args[c.Key].([]byte); ok && c.Key > 0 {
			key = string(b)
			break
		}
	}
	node, err := g.cluster.MasterForKey(ctx, key)
	if err != nil {
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
		return
	}
	pipe := node.Pipeline()
	for _, cmd := range cmds {
		_ = pipe.Process(ctx, cmd)
	}
	_, _ = pipe.Exec(ctx)
	if _, class := classify.Error(cmds[0].Err()); class == "MOVED" {
		g.cluster.ReloadState(ctx)
	}
}
