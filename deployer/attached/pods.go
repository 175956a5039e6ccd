package attached

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
)

// answer is what the server of a pod says of the cluster.
type answer struct {
	pod, addr string
	id        string // its own
	members   []deployer.Member
}

// findPods asks the server of every pod. A node has the name of its pod: what it announces
// changes when the pod is made again.
func findPods(ctx context.Context, o Options, d dial.Dialer) (*deployer.Cluster, error) {
	running, err := o.Pods.Running()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	var answers []answer
	for _, pod := range slices.Sorted(maps.Keys(running)) {
		a := answer{pod: pod, addr: running[pod]}
		if a.members, err = ask(ctx, d, a.addr); err != nil {
			return nil, fmt.Errorf("%w: asking the server in pod %s for its cluster: %w", ErrUnfit, pod, err)
		}
		for _, m := range a.members {
			if m.Self {
				a.id = m.ID
			}
		}
		answers = append(answers, a)
	}
	if err := one(answers); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	if err := reachable(o.Pods, answers); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	c, err := clusterOf(answers[0].members)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	for i, n := range c.Nodes {
		at := slices.IndexFunc(answers, func(a answer) bool { return a.id == n.ID })
		c.Nodes[i].Name, c.Nodes[i].Addr = answers[at].pod, answers[at].addr
	}
	c.Dialer, c.Announced, c.LookEvery = d, o.Pods.Announced, lookEvery
	return c, nil
}

// reachable learns which addresses the nodes announce, and wants each to be known: clients are
// sent there. They need not be the pods' own, but those of load balancers or machines.
func reachable(in Pods, answers []answer) error {
	for _, a := range answers {
		for _, m := range a.members {
			if m.Self {
				in.Announce(a.pod, m.Announces()...)
			}
		}
	}
	for _, a := range answers {
		for _, m := range a.members {
			for _, addr := range m.Announces() {
				if _, ok := in.Announced(addr); !ok {
					return fmt.Errorf("pod %s sends clients of node %s to %s, which is the address of none of the pods (%s)", a.pod, m.ID, addr, list(answers))
				}
			}
		}
	}
	return nil
}

// one wants all pods to be nodes of one cluster, and all of its nodes to be among them.
func one(answers []answer) error {
	pods := map[string]string{} // by the id of the node
	for _, a := range answers {
		if a.id == "" {
			return fmt.Errorf("the server in pod %s does not say which node it is", a.pod)
		}
		pods[a.id] = a.pod
	}
	first := answers[0]
	for _, m := range first.members {
		if pods[m.ID] == "" {
			return fmt.Errorf("node %s at %s belongs to the cluster of pod %s, and is in none of the pods (%s): a selector that takes all of its nodes is needed", m.ID, m.Addr, first.pod, list(answers))
		}
	}
	for _, a := range answers {
		if !slices.ContainsFunc(first.members, func(m deployer.Member) bool { return m.ID == a.id }) {
			return fmt.Errorf("pods %s and %s are nodes of two clusters: a selector that takes the pods of one is needed", first.pod, a.pod)
		}
	}
	return nil
}

func list(answers []answer) string {
	var names []string
	for _, a := range answers {
		names = append(names, a.pod)
	}
	return strings.Join(names, ", ")
}
