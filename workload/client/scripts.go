package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// scriptTimeout bounds the loading of one script onto one node.
const scriptTimeout = 2 * time.Second

// loadScripts loads scripts onto every node, replicas included: Redis does not
// replicate them, and a replica may be the next primary. It goes on to the other
// nodes where one does not answer, and gives all errors.
func loadScripts(ctx context.Context, t servers.Target, scripts []stream.Script) error {
	if len(scripts) == 0 {
		return nil
	}
	var errs []error
	for _, members := range t.Shards {
		for _, m := range members {
			if !t.Has(m.Name) {
				continue
			}
			if err := loadOnto(ctx, t, m.Addr, scripts); err != nil {
				errs = append(errs, fmt.Errorf("loading scripts onto %s: %w", m.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func loadOnto(ctx context.Context, t servers.Target, addr string, scripts []stream.Script) error {
	c, err := conn.Connect(ctx, t.Dialer, addr, scriptTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, s := range scripts {
		r, err := c.Do("SCRIPT", "LOAD", s.Source)
		if err == nil {
			err = conn.ErrorOf(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
