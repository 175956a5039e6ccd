package processes

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

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

// StartNode starts a node that is not in the cluster, and waits until it answers.
func (d *Deployment) StartNode(ctx context.Context, name string) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	n.leave(false)
	select {
	case <-n.hurry: // of its end
	default:
	}
	if err := d.start(n, d.known(name)); err != nil {
		return err
	}
	d.oversee(n)
	return d.AwaitAnswer(ctx, name)
}

// EndNode ends a node that is not in the cluster: by SIGTERM, and by SIGKILL if that does not.
func (d *Deployment) EndNode(name string) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	n.leave(true)
	p := n.current()
	if err := terminate(p); err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-time.After(exitLimit):
		if err := end(p); err != nil {
			return err
		}
	}
	n.hurryUp() // its supervisor may wait to start it again
	<-n.supervised
	return nil
}

// Record writes a step into the run's journal before it acts.
func (d *Deployment) Record(step, node, why string) error {
	return d.journal(results.JournalEntry{Step: step, Node: node, Why: why})
}

// leave notes that the node is not in the cluster, or is again.
func (n *node) leave(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = on
}

func (n *node) hasLeft() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.left
}
