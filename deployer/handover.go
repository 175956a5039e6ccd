package deployer

import (
	"context"
	"fmt"
)

// Handover makes a replica the primary of its shard, without loss: the primary
// stops taking writes until the replica has them all. It returns when both nodes
// say so. Source: Redis documentation of CLUSTER FAILOVER.
func (c *Cluster) Handover(ctx context.Context, primary, replica Node) error {
	from, to := c.Client(primary, commandTimeout), c.Client(replica, commandTimeout)
	defer from.Close()
	defer to.Close()
	if err := to.ClusterFailover(ctx).Err(); err != nil {
		return fmt.Errorf("CLUSTER FAILOVER on %s: %w", replica.Name, err)
	}
	return c.await(ctx, func() error {
		v, err := Ask(ctx, to)
		if err != nil {
			return err
		}
		if !v.Primary {
			return fmt.Errorf("%s is not the primary yet", replica.Name)
		}
		if v, err = Ask(ctx, from); err != nil {
			return err
		}
		if v.Primary {
			return fmt.Errorf("%s has not become a replica yet", primary.Name)
		}
		return nil
	})
}
