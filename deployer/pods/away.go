package pods

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
)

// KeepDown has a node stay down the next time that it starts, in this pod or another one
// on its volume, until LetStart. Without that it ends after limit, by the node's own clock.
func (d *Deployment) KeepDown(ctx context.Context, node string, limit time.Duration) error {
	n, ok := d.Node(node)
	if !ok {
		return fmt.Errorf("there is no node %q", node)
	}
	if err := d.shell(ctx, n, keepDownLine(limit)); err != nil {
		return fmt.Errorf("keeping %s down: %w", node, err)
	}
	return nil
}

// keepDownLine leaves the time at which the start script stops to wait.
func keepDownLine(limit time.Duration) string {
	return fmt.Sprintf("echo $(( $(date +%%s) + %d )) > %s", int(limit.Seconds()), awayFile)
}

// LetStart ends KeepDown. The node's container must run.
func (d *Deployment) LetStart(ctx context.Context, node string) error {
	n, ok := d.Node(node)
	if !ok {
		return fmt.Errorf("there is no node %q", node)
	}
	if err := d.letStart(ctx, n); err != nil {
		return fmt.Errorf("letting %s start: %w", node, err)
	}
	return nil
}

func (d *Deployment) letStart(ctx context.Context, n deployer.Node) error {
	return d.shell(ctx, n, "rm -f "+awayFile)
}
