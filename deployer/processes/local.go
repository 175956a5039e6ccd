// Package processes deploys a Redis Cluster as redis-server processes on this
// machine:
//
//	Deploy: folder and redis.conf per node ─▶ processes ─▶ Form ─▶ AwaitWhole
//	then    a supervisor per node starts it again when it ends
//	Remove: processes end, volumes go
package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
)

// login is what all nodes ask for. On plain loopback every user of this
// machine can reach them: there is one unless the scenario rules it out.
func (o Options) login() (dial.Security, error) {
	auth := o.Redis.Auth
	if auth == nil && !o.Room.Sealed {
		auth = &scenarios.Auth{Enabled: true}
	}
	return deployer.Login(auth)
}

// Deploy starts the nodes, forms the cluster and waits until it is whole. If it
// fails, nothing is left.
func Deploy(ctx context.Context, o Options) (_ *Deployment, err error) {
	binary, err := Usable(ctx, o.Redis.Binary)
	if err != nil {
		return nil, err
	}
	login, err := o.login()
	if err != nil {
		return nil, err
	}
	count := o.Redis.Shards * (1 + o.Redis.ReplicasPerShard)
	endpoints, err := o.Room.Endpoints(max(o.Redis.Shards, o.MostShards)*(1+o.Redis.ReplicasPerShard) + 1)
	if err != nil {
		return nil, err
	}
	cluster := &deployer.Cluster{Shards: o.Redis.Shards}
	certificates, err := cluster.Secure(login, o.Redis.TLS)
	if err != nil {
		return nil, err
	}
	if o.Redis.Hostnames() {
		named(cluster, endpoints)
	}
	supervise, stop := context.WithCancel(context.Background())
	d := &Deployment{
		Cluster: cluster, certificates: certificates,
		options: o, host: local.NewHost(), stop: stop, nodes: map[string]*node{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Remove(false))
		}
	}()
	if err := errors.Join(d.keepKey(), d.serveDisks()); err != nil {
		return nil, err
	}
	d.oversee = func(n *node) {
		ended := make(chan struct{})
		n.supervised = ended
		d.done.Go(func() { defer close(ended); d.supervise(supervise, n) })
	}
	all := len(endpoints) - 1
	d.spare = endpoints[all]
	for i, e := range endpoints[:count] {
		n := d.add(i, i%o.Redis.Shards, e, binary)
		d.Nodes = append(d.Nodes, n.Node)
		if err := d.run(n); err != nil {
			return nil, err
		}
	}
	if err := d.form(ctx); err != nil {
		return nil, fmt.Errorf("forming the cluster: %w", err)
	}
	return d, d.extend(ctx, endpoints[count:all], binary)
}

// extend prepares the nodes that the run adds later, each at an endpoint.
func (d *Deployment) extend(ctx context.Context, endpoints []local.Endpoint, binary string) error {
	first, most := d.options.Redis.Shards, d.options.MostShards
	if most == 0 {
		return nil
	}
	var later []deployer.Node
	for i, e := range endpoints {
		n, err := d.reserve(ctx, d.add(len(d.nodes), first+i%(most-first), e, binary))
		if err != nil {
			return err
		}
		later = append(later, n)
	}
	d.Extend(most, later...)
	return nil
}

// add makes the i-th node, which does not run yet.
func (d *Deployment) add(i, shard int, e local.Endpoint, binary string) *node {
	name := fmt.Sprintf("node-%d", i)
	n := &node{
		Node:     deployer.Node{Name: name, Addr: e.Addr(), Shard: shard},
		number:   i,
		endpoint: e, dir: filepath.Join(d.options.Volumes, name), changed: make(chan struct{}),
		binary: binary, hurry: make(chan struct{}, 1),
	}
	d.nodes[name] = n
	return n
}

// run prepares a node's volume, and starts it and its supervisor.
func (d *Deployment) run(n *node) error {
	if err := d.furnish(n); err != nil {
		return fmt.Errorf("preparing %s: %w", n.Name, err)
	}
	if err := d.start(n, d.known(n.Name)); err != nil {
		return err
	}
	d.oversee(n)
	return nil
}

// form makes the nodes a cluster, and waits until it is whole.
func (d *Deployment) form(ctx context.Context) error {
	// A node that cannot start (a directive that Redis does not know) ends at
	// once: that is the answer, not the time-out that would follow.
	forming, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	for _, n := range d.nodes {
		go func() {
			select {
			case <-n.current().Done():
				failed(d.ended(n))
			case <-forming.Done():
			}
		}()
	}
	err := d.WithoutSyncDelay(forming, d.Nodes, func() error {
		if err := d.Form(forming); err != nil {
			return err
		}
		return d.AwaitWhole(forming)
	})
	if cause := context.Cause(forming); err != nil && cause != nil && ctx.Err() == nil {
		return cause
	}
	for _, n := range d.nodes {
		if err == nil && n.disk != nil {
			// The servers write nodes.conf without fsync now and then. One that has run for
			// a while has it on its disk all the same.
			err = n.disk.Settle()
		}
	}
	return err
}

// ended is the error for a node that ended while the cluster was formed.
func (d *Deployment) ended(n *node) error {
	log, err := tail(d.LogPath(n.Name), 0)
	if refused := deployer.RefusedDirective(log, d.options.Redis.ConfigOf(n.number)); err == nil && refused != nil {
		return refused
	}
	return fmt.Errorf("%s %s: %s", n.Name, n.current().Exit(), d.lastWords(n))
}

// Remove ends all nodes and, unless they are to be kept, deletes their volumes.
// Logs stay.
func (d *Deployment) Remove(keepVolumes bool) error {
	d.stop()
	d.done.Wait()
	var errs []error
	for _, n := range d.nodes {
		if p := n.current(); p != nil {
			errs = append(errs, End(p))
		}
		if n.log != nil {
			errs = append(errs, n.log.Close())
		}
	}
	d.host.Close()
	if d.key != nil {
		errs = append(errs, d.key.Close())
	}
	errs = append(errs, d.removeDisks())
	if d.options.VolumeSize > 0 {
		for _, n := range d.nodes {
			errs = append(errs, local.FreeVolume(n.dir))
		}
	}
	if !keepVolumes {
		errs = append(errs, os.RemoveAll(d.options.Volumes))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("removing the cluster: %w", err)
	}
	return nil
}

// reserve starts the node that was added last for the first time and ends it: from then on it
// has a cluster id, by which it is known when it joins the cluster.
func (d *Deployment) reserve(ctx context.Context, n *node) (deployer.Node, error) {
	if err := d.run(n); err != nil {
		return n.Node, err
	}
	if err := d.AwaitPing(ctx, n.Node); err != nil {
		return n.Node, fmt.Errorf("%s: %w", n.Name, err)
	}
	cl := d.Client(n.Node, time.Second)
	defer cl.Close()
	id, err := cl.ClusterMyID(ctx).Result()
	if err != nil {
		return n.Node, fmt.Errorf("asking %s for its id: %w", n.Name, err)
	}
	n.ID = id
	// Epochs of its own, as those of the nodes that formed the cluster: one that two nodes
	// have could give slots back to where they came from.
	if err := cl.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", len(d.nodes)).Err(); err != nil {
		return n.Node, fmt.Errorf("preparing %s: %w", n.Name, err)
	}
	if n.disk != nil {
		if err := n.disk.Settle(); err != nil {
			return n.Node, err
		}
	}
	return n.Node, d.EndNode(n.Name)
}
