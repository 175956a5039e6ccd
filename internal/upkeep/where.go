// Package upkeep looks after what outlives a run: it removes what killed runs left
// behind, undoes faults that they left active, and removes kept deployments.
package upkeep

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/internal/site"
)

// Where names the Kubernetes clusters to look in.
type Where struct {
	// Provider is "kind" for all kind clusters of this machine, or "kube" for that
	// of one context.
	Provider string
	// Context is the context of the kubeconfig, as it was named on the command
	// line; empty is the current one, if it is that of a kind, k3d or minikube
	// cluster.
	Context string
	// Recorded says that the context comes from the journal of a run, and not from
	// the command line.
	Recorded bool
	// Namespace is the only one to look in; empty is all of them.
	Namespace string
	// Note is called with a message for each cluster that did not answer.
	Note func(message string)
}

// options are those of the connection to the cluster of the context.
func (w Where) options() kube.Options {
	return kube.Options{Context: w.Context, Named: w.Context != "" && !w.Recorded, Vouch: kind.Serves}
}

// cluster is a cluster to look in. kind is nil if it is not one of kind's.
type cluster struct {
	*kube.Cluster
	kind *kind.Cluster
}

// clusters connects to the clusters, except the kind clusters in without. missed are
// those that did not answer, by name, each with a message that w.Note is called with.
func (w Where) clusters(ctx context.Context, without map[string]bool) (list []cluster, missed map[string]string, err error) {
	if w.Provider == "kube" {
		c, err := kube.Connect(ctx, w.options())
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", site.ErrEnvironment, err)
		}
		return []cluster{{Cluster: c}}, nil, nil
	}
	names, err := kind.Names(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", site.ErrEnvironment, err)
	}
	missed = map[string]string{}
	for _, name := range names {
		k, ok, err := kind.Find(ctx, name)
		if without[name] || err == nil && !ok {
			continue // the latter is gone meanwhile
		}
		var c *kube.Cluster
		if err == nil {
			c, err = site.ConnectKind(ctx, k)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, nil, context.Canceled
		}
		if err != nil {
			missed[name] = fmt.Sprintf("kind cluster %s is skipped: %v", name, err)
			w.Note(missed[name])
			continue
		}
		list = append(list, cluster{c, k})
	}
	return list, missed, nil
}
