package attached

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
)

// findSeeds asks the seeds, one after the other, for the cluster.
func findSeeds(ctx context.Context, o Options, d dial.Dialer) (*deployer.Cluster, error) {
	var errs []error
	for _, seed := range o.At.Seeds {
		members, err := ask(ctx, d, seed)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", seed, err))
			continue
		}
		c, err := clusterOf(members)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
		}
		c.Dialer, c.Announced = d, announced(c, members)
		preferNames(ctx, c, members, net.DefaultResolver.LookupHost)
		return c, nil
	}
	return nil, fmt.Errorf("%w: no seed answers: %w", ErrUnfit, errors.Join(errs...))
}

// announced names the nodes by each of the addresses that they announce: a client may be sent
// to the IP address or to the host name.
func announced(c *deployer.Cluster, members []deployer.Member) func(addr string) (string, bool) {
	names := map[string]string{}
	for _, m := range members {
		for _, n := range c.Nodes {
			if n.ID != m.ID {
				continue
			}
			for _, addr := range m.Announces() {
				names[addr] = n.Name
			}
		}
	}
	return func(addr string) (string, bool) {
		name, ok := names[addr]
		return name, ok
	}
}

// preferNames has nodes dialled by the host names that they announce: certificates may be
// valid for these alone. A name that this machine does not know leaves the IP address.
func preferNames(ctx context.Context, c *deployer.Cluster, members []deployer.Member, lookup func(context.Context, string) ([]string, error)) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	for _, m := range members {
		all := m.Announces()
		if len(all) < 2 {
			continue
		}
		if _, err := lookup(ctx, m.Hostname); err != nil {
			continue
		}
		for i := range c.Nodes {
			if c.Nodes[i].ID == m.ID {
				c.Nodes[i].Addr = all[1]
			}
		}
	}
}

// ask is what a node says of the cluster; it knows its own address by that of the seed.
func ask(ctx context.Context, d dial.Dialer, seed string) ([]deployer.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	c := &deployer.Cluster{Dialer: d}
	cl := c.Client(deployer.Node{Addr: seed}, answerLimit)
	defer cl.Close()
	text, err := cl.ClusterNodes(ctx).Result()
	if err != nil {
		return nil, err
	}
	members, err := deployer.ParseNodes(text)
	for i, m := range members {
		if m.Self && strings.HasPrefix(m.Addr, ":") {
			members[i].Addr = seed
		}
	}
	return members, err
}

// fewestShards is the smallest cluster that can vote. Source: Redis Cluster specification.
const fewestShards = 3

// clusterOf names the nodes: node-0, node-1 ... are the primaries in the order of their
// slots, then come the replicas in the same order.
func clusterOf(members []deployer.Member) (*deployer.Cluster, error) {
	slices.SortFunc(members, func(a, b deployer.Member) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), strings.Compare(a.ID, b.ID))
	})
	c := &deployer.Cluster{}
	shardOf := map[string]int{}
	var owned []results.Slots
	add := func(m deployer.Member, shard int) {
		c.Nodes = append(c.Nodes, deployer.Node{Name: fmt.Sprintf("node-%d", len(c.Nodes)), Addr: m.Addr, ID: m.ID, Shard: shard})
	}
	for _, m := range members {
		if len(m.Ranges) > 0 {
			shardOf[m.ID] = len(owned)
			add(m, len(owned))
			owned = append(owned, m.Slots())
		}
	}
	for shard := range owned {
		for _, m := range members {
			of, ok := shardOf[m.PrimaryID]
			switch {
			case len(m.Ranges) > 0 || ok && of != shard:
			case ok:
				add(m, shard)
			default:
				return nil, fmt.Errorf("node %s at %s serves no slot and follows no primary that does: slotstorm cannot say what its part is", m.ID, m.Addr)
			}
		}
	}
	if len(owned) < fewestShards {
		return nil, fmt.Errorf("%d of its nodes serve slots, and a Redis Cluster needs %d primaries to agree on a failure", len(owned), fewestShards)
	}
	c.Shards = len(owned)
	c.Own(owned)
	return c, nil
}

func first(m deployer.Member) int {
	if len(m.Ranges) == 0 {
		return deployer.Slots
	}
	return m.Ranges[0][0]
}
