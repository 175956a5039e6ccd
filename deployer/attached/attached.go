// Package attached takes up an existing Redis Cluster that slotstorm did not
// deploy. It changes nothing of it: it reads, and what a run writes lies under one prefix,
// and goes.
//
//	seeds ─▶ CLUSTER NODES ─▶ names, shards ─▶ whole? evicting? another run? ─▶ lease
//	Remove: the run's keys ─▶ configuration as before? ─▶ lease
package attached

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Deployment is a cluster that somebody else deployed.
type Deployment struct {
	*deployer.Cluster
	options Options
	lease   *lease
	// config is the configuration of each node when it was taken up.
	config map[string]map[string]string
}

// Attach takes a cluster up for a run, if it is fit for one.
func Attach(ctx context.Context, o Options) (_ *Deployment, err error) {
	c, err := await(ctx, o, wholeLimit)
	if err != nil {
		return nil, err
	}
	d := &Deployment{Cluster: c, options: o, config: map[string]map[string]string{}}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	d.Config = d.own()
	if err := d.evicts(ctx); err != nil {
		return nil, err
	}
	if d.lease, err = take(ctx, c, o); err != nil {
		return nil, err
	}
	left, err := count(ctx, c, o.Show)
	if err == nil && left > 0 {
		err = fmt.Errorf("%w: it holds %d keys that begin with %q and are not this run's: remove what a killed run has left with 'slotstorm recover RUN', or delete them", ErrUnfit, left, scenarios.OwnPrefix)
	}
	if err != nil {
		return nil, errors.Join(err, d.lease.release())
	}
	return d, nil
}

// read keeps the configuration of each node. A cloud may refuse CONFIG: then the scenario has
// to state it.
func (d *Deployment) read(ctx context.Context) error {
	const timeout = "cluster-node-timeout"
	for _, n := range d.Nodes {
		config, err := d.configOf(ctx, n)
		switch {
		case err == nil:
			d.config[n.Name] = config
		case d.options.Redis.Config[timeout] == "":
			return fmt.Errorf("%w: CONFIG GET to %s: %w; permit it, or state redis.config.%s, by which failovers are judged", ErrUnfit, n.Name, err, timeout)
		default:
			d.options.Note(fmt.Sprintf("CONFIG GET to %s: %v; the configuration is taken from the scenario", n.Name, err))
			d.config = map[string]map[string]string{}
			return nil
		}
	}
	return nil
}

func (d *Deployment) configOf(ctx context.Context, n deployer.Node) (map[string]string, error) {
	cl := d.Client(n, answerLimit)
	defer cl.Close()
	config, err := cl.ConfigGet(ctx, "*").Result()
	for name := range config {
		if secret(name) {
			delete(config, name)
		}
	}
	return config, err
}

// secret reports directives whose value is never kept.
func secret(directive string) bool {
	return slices.Contains([]string{"requirepass", "masterauth", "primaryauth", "masteruser", "primaryuser"}, directive) || strings.HasSuffix(directive, "-pass")
}

// evicts refuses a cluster in which the load could push out keys of others.
func (d *Deployment) evicts(ctx context.Context) error {
	if d.options.At.AllowEviction {
		return nil
	}
	for _, n := range d.Nodes {
		cl := d.Client(n, answerLimit)
		info, err := cl.InfoMap(ctx, "memory").Result()
		cl.Close()
		if err != nil {
			return fmt.Errorf("%w: asking %s what it does when its memory is full: %w", ErrUnfit, n.Name, err)
		}
		if m := info["Memory"]; m["maxmemory"] != "0" && m["maxmemory_policy"] != "noeviction" {
			return fmt.Errorf("%w: %s evicts keys once it holds %s bytes (maxmemory-policy %s), so the load can push out keys that are not its own: set cluster.attach.allowEviction if that may be", ErrUnfit, n.Name, m["maxmemory"], m["maxmemory_policy"])
		}
	}
	return nil
}

// judged are the directives that a report judges by.
var judged = []string{
	"appendonly", "appendfsync", "busy-reply-threshold", "cluster-allow-reads-when-down", "cluster-allow-replica-migration", "cluster-migration-barrier",
	"cluster-node-timeout", "cluster-replica-no-failover", "cluster-replica-validity-factor", "cluster-require-full-coverage",
	"maxmemory", "maxmemory-policy", "min-replicas-max-lag", "min-replicas-to-write", "repl-backlog-size", "repl-diskless-sync",
	"repl-diskless-sync-delay", "repl-ping-replica-period", "repl-timeout", "replica-serve-stale-data", "save",
	"stop-writes-on-bgsave-error",
}

// Found is what the scenario says of the cluster, as the cluster is.
func (d *Deployment) Found(r scenarios.Redis) scenarios.Redis {
	r.Shards, r.ReplicasPerShard = d.Shards, 0
	for shard := range d.Shards {
		r.ReplicasPerShard = max(r.ReplicasPerShard, len(d.Members(shard))-1)
	}
	if len(d.config) == 0 {
		return r
	}
	r.Config = map[string]string{}
	for _, name := range judged {
		if value, ok := d.valueOf(d.Nodes[0], name); ok {
			r.Config[name] = value
		}
	}
	return r
}

// Configs are the configurations of all nodes when they were taken up, by the names of the nodes;
// empty where CONFIG is refused.
func (d *Deployment) Configs() map[string]map[string]string { return d.config }

// valueOf is what a node has of a directive. An older server has it under an older name.
func (d *Deployment) valueOf(n deployer.Node, directive string) (value string, ok bool) {
	if value, ok = d.config[n.Name][directive]; !ok {
		value, ok = d.config[n.Name][scenarios.Accepted(directive)]
	}
	return value, ok
}

// own are the directives in which nodes differ from the first one, whose configuration stands
// for that of the cluster.
func (d *Deployment) own() map[string]map[string]string {
	list := map[string]map[string]string{}
	for _, n := range d.Nodes[1:] {
		for _, name := range judged {
			all, _ := d.valueOf(d.Nodes[0], name)
			value, ok := d.valueOf(n, name)
			if !ok || value == all {
				continue
			}
			if list[n.Name] == nil {
				list[n.Name] = map[string]string{}
			}
			list[n.Name][name] = value
		}
	}
	return list
}

// Redis is the cluster, and how to talk to it.
func (d *Deployment) Redis() *deployer.Cluster { return d.Cluster }

// Log is empty: how its owner keeps the logs is not known.
func (d *Deployment) Log(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

// Remove removes the keys of the run, and notes what of the configuration differs from
// before it. Each answer of a node has its limit. Keys of a run that has the lease meanwhile
// cannot be distinguished from those of this one: then all stay.
func (d *Deployment) Remove(bool) error {
	ctx := context.Background()
	err := d.lease.extend(ctx)
	if err == nil {
		_, err = clear(ctx, d.Cluster, d.options.Show)
	} else {
		err = fmt.Errorf("the keys of the run are not removed: %w", err)
	}
	for _, n := range d.Nodes {
		now, cerr := d.configOf(ctx, n)
		if changed := differ(d.config[n.Name], now); cerr == nil && len(d.config) > 0 && len(changed) > 0 {
			d.options.Note(fmt.Sprintf("the configuration of %s is not what it was before the run: %s", n.Name, strings.Join(changed, ", ")))
		}
	}
	return errors.Join(err, d.lease.release())
}

// differ names the directives whose values differ.
func differ(was, is map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		// A node that takes over drops replicaof, and a pod that is made again has another
		// address: what it is now is not its configuration.
		if was[name] != is[name] && !slices.Contains([]string{"replicaof", "slaveof", "cluster-announce-ip"}, name) {
			list = append(list, fmt.Sprintf("%s was %q and is %q", name, was[name], is[name]))
		}
	}
	return list
}

// Clear undoes what commands of a killed run have changed, waits until its cluster is whole,
// removes what the run has left there, and says how many keys that were. It does nothing
// while another run has the cluster.
func Clear(ctx context.Context, o Options, undo []deployer.Undo) (int, error) {
	if err := unused(ctx, o); err != nil {
		return 0, err
	}
	if err := undone(ctx, o, undo); err != nil {
		return 0, err
	}
	c, err := await(ctx, o, healLimit)
	if err != nil {
		return 0, err
	}
	l, err := resume(ctx, c, o)
	if err != nil {
		return 0, err
	}
	removed, err := clear(ctx, c, o.Show)
	return removed, errors.Join(err, l.release())
}

// unused refuses a cluster that another run has. One that does not answer has none: it may
// answer after the undo of the commands.
func unused(ctx context.Context, o Options) error {
	c, err := awaitFound(ctx, o, wholeLimit)
	if err != nil {
		return nil
	}
	if err := (&lease{cluster: c, run: o.Run}).free(ctx); errors.Is(err, errTaken) {
		return err
	}
	return nil
}

func undone(ctx context.Context, o Options, undo []deployer.Undo) error {
	d, err := dialer(ctx, o)
	if err != nil {
		return err
	}
	return (&deployer.Cluster{Dialer: d}).Undo(ctx, undo)
}
