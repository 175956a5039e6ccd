package native

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podNetwork connects pods. Rules are put in force in the network of each pod that
// they keep packets from.
type podNetwork struct {
	agents *Agents
	// mesh makes the rules; nil if the agents in the pods do.
	mesh Mesh
	// helper is where the agents are: Eyes are enough if they make no rules.
	helper pods.Helper

	mu   sync.Mutex
	pods map[string]pods.Pod // by the name of the host
}

// podDialLimit bounds a dial between pods. It lets the kernel try once more.
const podDialLimit = 1500 * time.Millisecond

func podPartition() podFault { return cuttingPods(new(scenarios.Partition).Name(), seated) }

func podIsolate() podFault { return cuttingPods(new(scenarios.Isolate).Name(), nil) }

// cuttingPods are the kinds of faults that cut the network of pods.
func cuttingPods(kind string, able func(scenarios.Fault) error) podFault {
	return podFault{kind: kind, able: able, needs: Needs{Hands: true}, action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		n := &podNetwork{agents: e.Agents, helper: pods.Hands, mesh: e.Mesh, pods: map[string]pods.Pod{}}
		if n.mesh != nil {
			n.helper = pods.Eyes
		}
		return newPartition(n, e.Aim, in, random)
	}}
}

func (n *podNetwork) hosts(s chaos.Side) (list []host, missing []error) {
	add := func(name string, pod pods.Pod, client bool) {
		addr, err := netip.ParseAddr(pod.IP)
		if err != nil {
			missing = append(missing, fmt.Errorf("%s has no address: %w", name, err))
			return
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.pods[name] = pod
		list = append(list, host{name: name, addr: addr, client: client})
	}
	for _, t := range s.Nodes {
		if pod, ok := n.agents.Cluster.Pod(t.Node); ok {
			add(t.Node, pod, false)
		} else {
			missing = append(missing, fmt.Errorf("%s has no pod", t.Node))
		}
	}
	// The probes sit with generator 0, and have no address of their own.
	for _, g := range s.Generators {
		if pod, err := n.agents.Cluster.GeneratorPod(g); err == nil {
			add(generator(g), pod, true)
		} else {
			missing = append(missing, fmt.Errorf("%s has no pod: %w", generator(g), err))
		}
	}
	return list, missing
}

// conn is a connection to the agent of a host.
func (n *podNetwork) conn(ctx context.Context, name string) (*agent.Conn, error) {
	n.mu.Lock()
	pod := n.pods[name]
	n.mu.Unlock()
	return n.agents.Conn(ctx, pod, n.helper)
}

// all does something at all hosts of some names at once.
func (n *podNetwork) all(ctx context.Context, hosts []string, do func(host string, c *agent.Conn) error) error {
	return errors.Join(n.each(ctx, hosts, do)...)
}

// each is all, with what became of it at each host.
func (n *podNetwork) each(ctx context.Context, hosts []string, do func(host string, c *agent.Conn) error) []error {
	errs := make([]error, len(hosts))
	var wg sync.WaitGroup
	for i, h := range hosts {
		wg.Go(func() {
			c, err := n.conn(ctx, h)
			if err == nil {
				err = do(h, c)
			}
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", h, err)
			}
		})
	}
	wg.Wait()
	return errs
}

// names are those of all hosts that are known.
func (n *podNetwork) names() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for name := range n.pods {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// at are the pods that have some addresses.
func (n *podNetwork) at(list []netip.Addr) []pods.Pod {
	n.mu.Lock()
	defer n.mu.Unlock()
	var pods []pods.Pod
	for _, name := range slices.Sorted(maps.Keys(n.pods)) {
		if addr, err := netip.ParseAddr(n.pods[name].IP); err == nil && slices.Contains(list, addr) {
			pods = append(pods, n.pods[name])
		}
	}
	return pods
}

func (n *podNetwork) cut(ctx context.Context, name string, rules []local.Rule, limit time.Duration) error {
	if n.mesh != nil {
		var list []PodRule
		for _, r := range rules {
			list = append(list, PodRule{From: n.at(r.From), To: n.at(r.To)})
		}
		return n.mesh.Cut(ctx, name, list, limit)
	}
	return n.all(ctx, n.names(), func(h string, c *agent.Conn) error {
		n.mu.Lock()
		addr := netip.MustParseAddr(n.pods[h].IP) // hosts has read it
		n.mu.Unlock()
		var here []local.Rule
		for _, r := range rules {
			if slices.Contains(r.To, addr) {
				r.To = []netip.Addr{addr}
				here = append(here, r)
			}
		}
		if len(here) == 0 {
			return nil
		}
		return c.Cut(ctx, name, here, limit)
	})
}

// mend tries until it has an answer from every pod that is still there: the API
// server may be away for a while. The rules in a pod that is gone went with it.
func (n *podNetwork) mend(ctx context.Context, name string) (*uint64, error) {
	if n.mesh != nil {
		return nil, until(ctx, func(ctx context.Context) error { return n.mesh.Mend(ctx, name) })
	}
	var mu sync.Mutex
	var sum uint64
	mended := map[string]bool{}
	err := until(ctx, func(ctx context.Context) error {
		var left []string
		for _, h := range n.names() {
			if !mended[h] && n.stands(h) {
				left = append(left, h)
			}
		}
		return n.all(ctx, left, func(h string, c *agent.Conn) error {
			dropped, err := c.Mend(ctx, name)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			mended[h] = true
			if dropped != nil {
				sum += *dropped
			}
			return nil
		})
	})
	return &sum, err
}

// stands reports whether a host's pod is still the one that it was. Kubernetes gives a pod
// another address, and another network, after its machine has restarted.
func (n *podNetwork) stands(name string) bool {
	was, is, ok := n.pod(name)
	return ok && is.UID == was.UID && (is.IP == was.IP || is.IP == "")
}

// pod is a host's pod when its side was found, and now, if it has one.
func (n *podNetwork) pod(name string) (was, is pods.Pod, ok bool) {
	n.mu.Lock()
	was = n.pods[name]
	n.mu.Unlock()
	if was.Index >= 0 {
		is, err := n.agents.Cluster.GeneratorPod(was.Index)
		return was, is, err == nil
	}
	is, ok = n.agents.Cluster.Pod(name)
	return was, is, ok
}

// same refuses pods that have come since the rules were made. The rules do not know their
// addresses, and the former addresses are silent with or without rules.
func (n *podNetwork) same() error {
	var errs []error
	for _, name := range n.names() {
		if was, is, ok := n.pod(name); ok && !n.stands(name) {
			errs = append(errs, fmt.Errorf("%s is in another pod: %s at %s, and was %s at %s", name, is.UID, is.IP, was.UID, was.IP))
		}
	}
	return errors.Join(errs...)
}

func (n *podNetwork) try(ctx context.Context, dials []dial) []agent.Outcome {
	outcomes := make([]agent.Outcome, len(dials))
	var from []string
	for _, d := range dials {
		if !slices.Contains(from, d.from.name) {
			from = append(from, d.from.name)
		}
	}
	errs := n.each(ctx, from, func(h string, c *agent.Conn) error {
		var to []netip.AddrPort
		var which []int
		for i, d := range dials {
			if d.from.name == h {
				to, which = append(to, d.target()), append(which, i)
			}
		}
		seen, err := c.Dial(ctx, to, podDialLimit)
		if err != nil {
			return err
		}
		for i, o := range seen {
			outcomes[which[i]] = o
		}
		return nil
	})
	for i, d := range dials {
		if err := errs[slices.Index(from, d.from.name)]; err != nil {
			outcomes[i] = agent.Outcome("not tried: " + err.Error())
		}
	}
	return outcomes
}

func (n *podNetwork) halfOpens(ctx context.Context, h host) ([]local.HalfOpen, error) {
	c, err := n.conn(ctx, h.name)
	if err != nil {
		return nil, err
	}
	return c.HalfOpens(ctx)
}

func (n *podNetwork) bounded() bool { return true }
