package deployer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// Form makes the nodes, which run and are empty, into a cluster: the first node
// of each shard becomes its primary, the others its replicas.
func (c *Cluster) Form(ctx context.Context) error {
	clients := map[string]*redis.Client{}
	defer func() {
		for _, cl := range clients {
			cl.Close()
		}
	}()
	for i, n := range c.Nodes {
		cl := c.Client(n, commandTimeout)
		clients[n.Name] = cl
		if err := c.awaitPing(ctx, cl); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", n.Name, n.Addr, err)
		}
		// Distinct epochs from the start spare the cluster the collisions that
		// it would otherwise have to resolve one by one.
		if err := cl.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return fmt.Errorf("preparing %s: %w", n.Name, err)
		}
	}
	if err := c.learn(ctx, clients); err != nil {
		return err
	}
	first := c.Nodes[0]
	for _, n := range c.Nodes[1:] {
		host, port, err := announced(ctx, clients[n.Name])
		if err != nil {
			return fmt.Errorf("asking %s for its address: %w", n.Name, err)
		}
		if err := clients[first.Name].ClusterMeet(ctx, host, port).Err(); err != nil {
			return fmt.Errorf("introducing %s to %s: %w", n.Name, first.Name, err)
		}
	}
	primaries := make([]Node, c.Shards)
	for shard := range c.Shards {
		primaries[shard] = c.Members(shard)[0]
		from, to := c.spread(shard)
		if err := clients[primaries[shard].Name].ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
			return fmt.Errorf("giving slots %d-%d to %s: %w", from, to, primaries[shard].Name, err)
		}
	}
	for _, n := range c.Nodes {
		if err := c.await(ctx, func() error { return knowsAll(ctx, clients[n.Name], len(c.Nodes)) }); err != nil {
			return fmt.Errorf("%s does not meet the others: %w", n.Name, err)
		}
	}
	for shard, primary := range primaries {
		for _, n := range c.Members(shard)[1:] {
			if err := clients[n.Name].ClusterReplicate(ctx, primary.ID).Err(); err != nil {
				return fmt.Errorf("making %s a replica of %s: %w", n.Name, primary.Name, err)
			}
		}
	}
	return nil
}

// learn asks every node for its cluster id.
func (c *Cluster) learn(ctx context.Context, clients map[string]*redis.Client) error {
	for i, n := range c.Nodes {
		id, err := clients[n.Name].ClusterMyID(ctx).Result()
		if err != nil {
			return fmt.Errorf("asking %s for its id: %w", n.Name, err)
		}
		c.Nodes[i].ID = id
	}
	return nil
}

// Learn asks every node of a cluster that was formed before for its cluster id.
func (c *Cluster) Learn(ctx context.Context) error {
	clients := map[string]*redis.Client{}
	for _, n := range c.Nodes {
		cl := c.Client(n, commandTimeout)
		defer cl.Close()
		clients[n.Name] = cl
		if err := c.awaitPing(ctx, cl); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", n.Name, n.Addr, err)
		}
	}
	return c.learn(ctx, clients)
}

// Empty removes all data from a cluster that is whole, by FLUSHALL or FLUSHDB under the name
// that the servers have for it.
func (c *Cluster) Empty(ctx context.Context, command string) error {
	for _, role := range c.Roles(ctx) {
		if !role.Primary {
			continue
		}
		cl := c.Client(role.Node, commandTimeout)
		err := cl.Do(ctx, command).Err()
		cl.Close()
		if err != nil {
			return fmt.Errorf("emptying %s: %w", role.Node.Name, err)
		}
	}
	return nil
}

// announced is the address by which a node introduces itself to others.
func announced(ctx context.Context, cl *redis.Client) (host, port string, err error) {
	text, err := cl.ClusterNodes(ctx).Result()
	if err != nil {
		return "", "", err
	}
	members, err := ParseNodes(text)
	if err != nil {
		return "", "", err
	}
	for _, m := range members {
		if m.Self {
			return net.SplitHostPort(m.Addr)
		}
	}
	return "", "", errors.New("CLUSTER NODES has no line of its own")
}

// WithoutSyncDelay runs f while nodes start a replica's first synchronisation at
// once, instead of waiting for more replicas (5 s by default), and then gives
// every node its own setting back.
func (c *Cluster) WithoutSyncDelay(ctx context.Context, nodes []Node, f func() error) (err error) {
	const directive = "repl-diskless-sync-delay"
	for _, n := range nodes {
		cl := c.Client(n, commandTimeout)
		defer cl.Close()
		if err := c.awaitPing(ctx, cl); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", n.Name, n.Addr, err)
		}
		was, err := cl.ConfigGet(ctx, directive).Result()
		if err != nil {
			return fmt.Errorf("reading %s of %s: %w", directive, n.Name, err)
		}
		if err := cl.ConfigSet(ctx, directive, "0").Err(); err != nil {
			return fmt.Errorf("setting %s of %s: %w", directive, n.Name, err)
		}
		defer func() {
			if serr := cl.ConfigSet(ctx, directive, was[directive]).Err(); serr != nil && err == nil {
				err = fmt.Errorf("restoring %s of %s: %w", directive, n.Name, serr)
			}
		}()
	}
	return f()
}

// AwaitPing waits until a node answers PING.
func (c *Cluster) AwaitPing(ctx context.Context, n Node) error {
	cl := c.Client(n, time.Second)
	defer cl.Close()
	return c.awaitPing(ctx, cl)
}

func (c *Cluster) awaitPing(ctx context.Context, cl *redis.Client) error {
	return c.await(ctx, func() error { return cl.Ping(ctx).Err() })
}

func knowsAll(ctx context.Context, cl *redis.Client, want int) error {
	text, err := cl.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	members, err := ParseNodes(text)
	if err != nil {
		return err
	}
	known := 0
	for _, m := range members {
		if !m.Handshake && !m.NoAddr {
			known++
		}
	}
	if known != want {
		return fmt.Errorf("it knows %d of %d nodes", known, want)
	}
	return nil
}
