package native

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/pods"
)

// TryPods tries in a pod whether the kernel there can cut networks.
func TryPods(ctx context.Context, c *agent.Conn) error {
	nobody := []netip.Addr{netip.AddrFrom4([4]byte{127, 255, 255, 254})}
	err := c.Cut(ctx, "check", []local.Rule{{From: nobody, To: nobody, Do: local.Drop}}, time.Minute)
	if err == nil {
		_, err = c.Mend(ctx, "check")
	}
	if err != nil {
		return fmt.Errorf("the network of a pod cannot be cut by its kernel: %w", err)
	}
	return nil
}

// Prepare has agents in pods before the load, so that what it takes to start them
// disturbs nothing.
func (e Kube) Prepare(ctx context.Context, needs Needs) error {
	type place struct {
		pod    pods.Pod
		helper pods.Helper
	}
	var places []place
	for _, n := range e.Aim.Nodes {
		pod, ok := e.Cluster.Pod(n.Name)
		if !ok {
			return fmt.Errorf("%s has no pod", n.Name)
		}
		if needs.Eyes || needs.Dials {
			places = append(places, place{pod, pods.Eyes})
		}
		if needs.Hands {
			places = append(places, place{pod, pods.Hands})
		}
	}
	for g := range e.Aim.Generators {
		if !needs.Dials && !needs.Hands {
			break
		}
		pod, err := e.Cluster.GeneratorPod(g)
		if err != nil {
			return err
		}
		if needs.Dials {
			places = append(places, place{pod, pods.Eyes})
		}
		if needs.Hands {
			places = append(places, place{pod, pods.Hands})
		}
	}
	errs := make([]error, len(places))
	var wg sync.WaitGroup
	for i, p := range places {
		wg.Go(func() { _, errs[i] = e.Agents.Conn(ctx, p.pod, p.helper) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
