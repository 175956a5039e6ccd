package pods

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
)

// AwaitAnswer waits until a node answers PING.
func (d *Deployment) AwaitAnswer(ctx context.Context, name string) error {
	n, ok := d.Node(name)
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	before, _ := d.pods.byHost(name)
	err := d.AwaitPing(ctx, n)
	if now, _ := d.pods.byHost(name); err == nil || now.ContainerID == before.ContainerID {
		return err
	}
	// Its container ended in the meantime, and may have said why.
	return fmt.Errorf("%w; the log of %s ends with: %s", err, name, d.Complaints(name))
}

// Complaints are the last warnings in a node's log.
func (d *Deployment) Complaints(node string) string {
	ctx, cancel := context.WithTimeout(context.Background(), complaintsLimit)
	defer cancel()
	log, err := d.Log(ctx, node)
	if err != nil {
		return ""
	}
	defer log.Close()
	raw, err := io.ReadAll(log)
	if err != nil {
		return ""
	}
	return deployer.Complaints(string(raw))
}

// complaintsLimit bounds the reading of a node's log.
const complaintsLimit = 10 * time.Second
