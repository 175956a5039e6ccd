package processes

import (
	"context"
	"fmt"
	"os"

	"github.com/slotstorm/slotstorm/deployer"
)

// AwaitAnswer waits until a node answers PING.
func (d *Deployment) AwaitAnswer(ctx context.Context, name string) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	was := n.current()
	mark, err := d.logSize(n)
	if err != nil {
		return err
	}
	if err = d.AwaitPing(ctx, n.Node); err == nil {
		return nil
	}
	select {
	case <-was.Done():
		// It ended in the meantime, and may have said why.
		return fmt.Errorf("%w; the log of %s ends with: %s", err, name, d.complaints(n, mark))
	default:
		return err
	}
}

func (d *Deployment) logSize(n *node) (int64, error) {
	st, err := os.Stat(d.LogPath(n.Name))
	if err != nil {
		return 0, fmt.Errorf("the log of %s: %w", n.Name, err)
	}
	return st.Size(), nil
}

// complaints are the last warnings of a node's log after mark, or its last words.
func (d *Deployment) complaints(n *node, mark int64) string {
	text, err := tail(d.LogPath(n.Name), mark)
	if err != nil {
		return d.lastWords(n)
	}
	if said := deployer.Complaints(text); said != "" {
		return said
	}
	return d.lastWords(n)
}

// Complaints are the last warnings in a node's log.
func (d *Deployment) Complaints(name string) string {
	if n, ok := d.nodes[name]; ok {
		return d.complaints(n, 0)
	}
	return ""
}
