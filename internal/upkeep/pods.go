package upkeep

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/chaos/chaosmesh"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/internal/site"
)

// mendPods looks, through the agents that a run has left in its pods, whether rules
// of its faults are still in force there, and takes out those that are. It says
// what it found; an empty text means that the run left no pods.
func mendPods(ctx context.Context, c *kube.Cluster, namespace, runID string) (string, error) {
	found, _, err := c.Find(ctx, namespace)
	if err != nil {
		return "", err
	}
	asked := 0
	var mended []string
	for _, h := range found {
		if h.RunID != runID {
			continue
		}
		mesh, err := chaosmesh.New(c.Of(h))
		if err != nil {
			return "", err
		}
		left, err := mesh.Leftovers(ctx)
		if err != nil {
			return "", err
		}
		for _, name := range left {
			mended = append(mended, name+" of Chaos Mesh")
		}
		pods, err := pods.Helpers(ctx, c, h.Namespace, runID, pods.Hands)
		if err != nil {
			return "", err
		}
		for _, p := range pods {
			names, err := mendPod(ctx, p)
			if err != nil {
				return "", fmt.Errorf("pod %s: %w", p.Pod, err)
			}
			asked++
			for _, name := range names {
				mended = append(mended, name+" in "+p.Pod)
			}
		}
	}
	switch {
	case asked == 0 && len(mended) == 0:
		return "", nil
	case len(mended) == 0:
		return fmt.Sprintf("the network of %d pods was whole: no rule was active in any of them", asked), nil
	}
	return fmt.Sprintf("the rules of %s were still active, and are removed; %d pods were checked", strings.Join(mended, ", "), asked), nil
}

// mendPod removes the rules in a pod, and gives their names.
func mendPod(ctx context.Context, p pods.Helped) (names []string, err error) {
	stream, err := p.Session(site.ServeCommand()...)
	if err != nil {
		return nil, err
	}
	conn, err := agent.NewConn(ctx, stream)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if names, err = conn.Cuts(ctx); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := conn.Mend(ctx, name); err != nil {
			return nil, err
		}
	}
	left, err := conn.Cuts(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("rules are still active: %s", strings.Join(left, ", "))
	}
	return names, err
}
