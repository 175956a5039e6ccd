package native

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// member starts a cluster node without slots, with its bus at port bus.
func member(t *testing.T, name string) (n deployer.Node, bus string, kill func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, bus, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	addr, process := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "60000", "--cluster-port", bus)
	return deployer.Node{Name: name, Addr: addr}, bus, func() {
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = process.Wait() // it was killed
	}
}

// replicated are a primary and its replica.
func replicated(t *testing.T) (c *deployer.Cluster, killPrimary func()) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	primary, bus, kill := member(t, "node-0")
	replica, _, _ := member(t, "node-1")
	c = &deployer.Cluster{Nodes: []deployer.Node{primary, replica}, Shards: 1}
	for i := range c.Nodes {
		cl := c.Client(c.Nodes[i], commandLimit)
		defer cl.Close()
		id, err := cl.Do(ctx, "CLUSTER", "MYID").Text()
		if err != nil {
			t.Fatal(err)
		}
		c.Nodes[i].ID = id
	}
	host, port, err := net.SplitHostPort(primary.Addr)
	if err != nil {
		t.Fatal(err)
	}
	at := c.Client(c.Nodes[1], commandLimit)
	defer at.Close()
	if err := at.Do(ctx, "CLUSTER", "MEET", host, port, bus).Err(); err != nil {
		t.Fatal(err)
	}
	err = until(ctx, func(ctx context.Context) error { return at.Do(ctx, "CLUSTER", "REPLICATE", c.Nodes[0].ID).Err() })
	if err != nil {
		t.Fatal(err)
	}
	return c, kill
}

// TestFailoverBesideDeadPrimary: FORCE and TAKEOVER need no answer of the primary, and a
// graceful failover does. The proof names what the replica reports.
func TestFailoverBesideDeadPrimary(t *testing.T) {
	t.Parallel()
	c, kill := replicated(t)
	kill()
	ctx := t.Context()
	roles := c.Roles(ctx)
	check := func(mode string) (*failover, chaos.Choice, error) {
		f := &failover{aim: chaos.Aim{Nodes: c.Nodes}, cluster: c, spec: scenarios.Failover{Target: scenarios.Target{Role: scenarios.Replica, By: scenarios.ByShard}, Mode: mode}}
		choice, err := f.Check(ctx, roles)
		return f, choice, err
	}
	if _, _, err := check("graceful"); err == nil || !strings.Contains(err.Error(), "node-0, the primary of node-1, does not answer") {
		t.Errorf("graceful: %v", err)
	}

	f, choice, err := check("force")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(choice.Targets); got != "[{node-0 0 primary} {node-1 0 replica}]" || f.limit != manualLimit {
		t.Errorf("targets %s, limit %v", got, f.limit)
	}
	// No primary has slots, so that no vote can be won.
	if f.at, err = f.Inject(ctx); err != nil {
		t.Fatal(err)
	}
	f.limit = -manualSlack // the server's time is over
	if proof, err := f.Prove(ctx); err == nil {
		t.Errorf("proved: %s", proof)
	}
	if how, err := f.Heal(ctx); err != nil || how != "nothing to undo: node-1 is a replica" {
		t.Errorf("healed: %q %v", how, err)
	}

	if f, _, err = check("takeover"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Inject(ctx); err != nil {
		t.Fatal(err)
	}
	if proof, err := f.Prove(ctx); err != nil || proof != "node-1 calls itself primary" {
		t.Errorf("proved: %q %v", proof, err)
	}
	if how, err := f.Heal(ctx); err != nil || how != "nothing to undo: node-1 is a primary" {
		t.Errorf("healed: %q %v", how, err)
	}
}
