package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
)

// OnlyOne stands for the only deployment that exists.
const OnlyOne = "."

// Kept is a deployment that stays between runs.
type Kept struct {
	Name      string `json:"name"`
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	// Run is the id of the run or the 'slotstorm up' that made it.
	Run string `json:"run"`
	// KindCluster is the name of the kind cluster that was made with it, or
	// removed with it; empty if there is none.
	KindCluster string `json:"kindCluster,omitempty"`
	// Server is what its nodes run.
	Server results.Server `json:"server,omitzero"`
}

// Find finds a kept deployment by its name.
func Find(ctx context.Context, c *kube.Cluster, namespace, name string) (kube.Holding, error) {
	list, err := Deployments(ctx, c, namespace)
	if err != nil {
		return kube.Holding{}, err
	}
	var fit []kube.Holding
	var names []string
	for _, h := range list {
		names = append(names, h.Deployment)
		if h.Deployment == name || name == OnlyOne {
			fit = append(fit, h)
		}
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	return kube.Holding{}, Which(name, "in "+c.Context, names)
}

func Deployments(ctx context.Context, c *kube.Cluster, namespace string) ([]kube.Holding, error) {
	found, _, err := c.Find(ctx, namespace)
	if err != nil {
		return nil, err
	}
	var list []kube.Holding
	for _, h := range found {
		if h.Kept {
			list = append(list, h)
		}
	}
	return list, nil
}

// ErrDiffers says that a deployment is not the one that the scenario describes.
var ErrDiffers = pods.ErrDiffers

// ErrNoDeployment says that no deployment has the name, or that several exist and a
// name is needed.
var ErrNoDeployment = errors.New("no such deployment")

// Which says why a name does not stand for one deployment of these.
func Which(name, where string, names []string) error {
	switch {
	case len(names) == 0:
		return fmt.Errorf("%w: nothing is deployed %s; deploy with 'slotstorm up'", ErrNoDeployment, where)
	case name == OnlyOne:
		return fmt.Errorf("%w: several are deployed %s; name one: %s", ErrNoDeployment, where, strings.Join(names, ", "))
	}
	return fmt.Errorf("%w: deployment %q does not exist %s; these do: %s", ErrNoDeployment, name, where, strings.Join(names, ", "))
}
