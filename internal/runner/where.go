package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
)

// Where says in which Kubernetes clusters to look for what slotstorm has made.
type Where struct {
	// Provider is "kind" for all kind clusters of this machine, or "kube" for that
	// of one context.
	Provider string
	// Context is the context of the kubeconfig, as it was named on the command
	// line; empty is the current one, if it is that of a kind, k3d or minikube
	// cluster.
	Context string
	// Recorded says that the context comes from the journal of a run: nobody has
	// named it on the command line.
	Recorded bool
	// Namespace is the only one to look in; empty is all of them.
	Namespace string
	// Note is told what could not be looked at.
	Note func(message string)
}

// options are those of the connection to the cluster of the context.
func (w Where) options() kube.Options {
	return kube.Options{Context: w.Context, Named: w.Context != "" && !w.Recorded, Vouch: kind.Serves}
}

// venue is a cluster to look in. kind is nil if it is not one of kind's.
type venue struct {
	*kube.Cluster
	kind *kind.Cluster
}

// venues connects to the clusters, but not to kind clusters that are without. One
// that does not answer is told, and left out.
func (w Where) venues(ctx context.Context, without map[string]bool) ([]venue, error) {
	if w.Provider == "kube" {
		c, err := kube.Connect(ctx, w.options())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
		}
		return []venue{{Cluster: c}}, nil
	}
	names, err := kind.Names(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	var list []venue
	for _, name := range names {
		k, ok, err := kind.Find(ctx, name)
		if without[name] || err == nil && !ok {
			continue // the latter is gone meanwhile
		}
		var c *kube.Cluster
		if err == nil {
			c, err = connectKind(ctx, k)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, context.Canceled
		}
		if err != nil {
			w.Note(fmt.Sprintf("kind cluster %s is left out: %v", name, err))
			continue
		}
		list = append(list, venue{c, k})
	}
	return list, nil
}
