package site

import (
	"context"
	"fmt"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
)

// Discover lists what a run can attach to in the cluster of a context, and gives the name of
// the context. An empty name is the current one, if it is that of a cluster for trials on this
// machine.
func Discover(ctx context.Context, named, namespace string) (string, []pods.Candidate, error) {
	in, err := kube.Connect(ctx, kube.Options{Context: named, Named: named != "", Vouch: kind.Serves})
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	list, err := pods.Discover(ctx, in, namespace)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %s: %w", ErrEnvironment, in.Context, err)
	}
	return in.Context, list, nil
}
