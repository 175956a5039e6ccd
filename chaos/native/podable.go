package native

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Needs is what faults need of pods.
type Needs struct {
	// Eyes are needed in the nodes' pods to send signals and to run beside
	// redis-server, Dials in all pods to see who reaches whom, Hands in all pods to
	// change their network.
	Eyes, Dials, Hands bool
}

// AblePods tells which faults of this engine cannot be injected into pods on any
// cluster, each with the reason, and what the others need.
func AblePods(faults []scenarios.Fault) (Needs, error) {
	var needs Needs
	var errs []error
	for _, f := range faults {
		if err := ablePods(f); err != nil {
			errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
		}
		switch f.Action() {
		case "pause", "cpu", "memory":
			needs.Eyes = true
		case "partition", "isolate":
			if f.Engine == "chaosmesh" {
				needs.Dials = true
			} else {
				needs.Hands = true
			}
		}
	}
	return needs, errors.Join(errs...)
}

// longestPause is how long redis-server may be stopped before the kubelet, whose
// liveness probe fails every 20 s and may do so four times, makes an end of it.
const longestPause = 50 * time.Second

func ablePods(f scenarios.Fault) error {
	switch f.Action() {
	case "kill", "failover", "isolate", "drain", "restart", "cpu", "memory":
		return nil
	case "pause":
		if f.Duration.Std() > longestPause {
			return fmt.Errorf("a pause of %v cannot last: after %v the kubelet takes the container for dead and starts it again", f.Duration, longestPause)
		}
		return nil
	case "partition":
		return seated(f)
	case "delay":
		return errors.New("slotstorm itself cannot delay packets between pods")
	case "diskFull":
		return errors.New("many kinds of volumes have no size of their own: filling one would fill its machine's disk")
	}
	return fmt.Errorf("slotstorm itself cannot do %s in pods", f.Action())
}

// seated refuses sides that part the probes from generator 0: there they sit.
func seated(f scenarios.Fault) error {
	between, and, _ := f.Sides()
	for _, side := range [][]scenarios.Party{between, and} {
		has := func(is func(scenarios.Party) bool) bool { return slices.ContainsFunc(side, is) }
		probes := has(func(p scenarios.Party) bool { return p.Clients == scenarios.Probes })
		zero := has(func(p scenarios.Party) bool {
			return p.Clients == scenarios.Generators || p.Clients == scenarios.AllClients || p.Clients == scenarios.OneGenerator && p.Generator == 0
		})
		if probes && !zero {
			return errors.New("on Kubernetes the probes sit in the pod of generator 0: name it on the same side")
		}
	}
	return nil
}

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
