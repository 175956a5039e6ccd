package upkeep

import (
	"context"
	"errors"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
)

// Down removes a kept deployment, and the kind cluster that was made with it unless
// it holds other deployments or runs.
func Down(ctx context.Context, w Where, name string) (*site.Kept, error) {
	clusters, _, err := w.clusters(ctx, nil)
	if err != nil {
		return nil, err
	}
	type one struct {
		cluster
		held kube.Holding
	}
	var fit []one
	var names []string
	for _, c := range clusters {
		list, err := site.Deployments(ctx, c.Cluster, w.Namespace)
		if err != nil {
			return nil, err
		}
		for _, h := range list {
			names = append(names, h.Deployment+" (in "+c.Context+")")
			if h.Deployment == name || name == site.OnlyOne {
				fit = append(fit, one{c, h})
			}
		}
	}
	if len(fit) != 1 {
		if len(fit) > 1 {
			name = site.OnlyOne
		}
		return nil, site.Which(name, "here", names)
	}
	f := fit[0]
	// The use of a deployment keeps others from using and from removing it.
	use, err := f.Use(ctx, f.held, results.NewID("down", time.Now()))
	if err != nil {
		return nil, err
	}
	if err := f.Of(f.held).Release(); err != nil {
		return nil, errors.Join(err, use.Release())
	}
	use.Leave()
	k := &site.Kept{Name: f.held.Deployment, Context: f.Context, Namespace: f.held.Namespace, Run: f.held.RunID}
	mark, err := f.deserted(ctx)
	if err != nil || mark == nil {
		return k, err
	}
	k.KindCluster = f.kind.Name
	w.Note("deleting the kind cluster " + k.KindCluster + ", which was made with it")
	return k, f.kind.Delete(mark)
}

// deserted gives the mark of a kind cluster that 'slotstorm up' has made, if
// nothing of slotstorm is left in it; else nil.
func (c cluster) deserted(ctx context.Context) (*kind.Mark, error) {
	if c.kind == nil {
		return nil, nil
	}
	mark, err := c.kind.Mark(ctx)
	if err != nil || !mark.Up {
		return nil, err
	}
	left, _, err := c.Find(ctx, "")
	if err != nil || len(left) > 0 {
		return nil, err
	}
	return mark, nil
}
