package processes

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// StartNode starts a node that is not in the cluster, and waits until it answers.
func (d *Deployment) StartNode(ctx context.Context, name string) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	select {
	case <-n.current().Done():
	default:
		return fmt.Errorf("%s runs already", name)
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
		if err := End(p); err != nil {
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
