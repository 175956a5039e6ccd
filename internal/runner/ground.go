package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slotstorm/slotstorm/clusters/image"
	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// ground is a Kubernetes cluster to deploy to.
type ground struct {
	*kube.Cluster
	// image is what generators run.
	image string
	// inside tells that this process runs in the cluster itself.
	inside bool
	// made tells that it was made for this, and remove takes away what was.
	made   bool
	remove func() error
}

// ground connects to the Kubernetes cluster that the scenario names; one of kind
// that is not there is made.
func (r *run) ground(ctx context.Context) (*ground, error) {
	if r.s.Cluster.Provider == "kind" {
		return r.groundKind(ctx)
	}
	k := r.s.Cluster.Kube
	if k.GeneratorImage == "" {
		return nil, errNoGeneratorImage
	}
	o := connection(r.s, r.o)
	c, err := kube.Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	return &ground{Cluster: c, image: k.GeneratorImage, inside: o.Context == kube.InCluster, remove: func() error { return nil }}, nil
}

var errNoGeneratorImage = errors.New("cluster.kube.generatorImage: name an image of slotstorm that the nodes can pull; 'slotstorm image' writes one")

// connection says which context is meant.
func connection(s *scenarios.Scenario, o Options) kube.Options {
	if o.Context != "" {
		return kube.Options{Context: o.Context, Named: true}
	}
	return kube.Options{Context: s.Cluster.Kube.Context, Vouch: kind.Serves}
}

func (r *run) groundKind(ctx context.Context) (_ *ground, err error) {
	c, made, remove, err := r.kindCluster(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove())
		}
	}()
	connected, err := connectKind(ctx, c)
	if err != nil {
		return nil, err
	}
	// Images take their time to load: what cannot be is told before.
	if r.o.On != "" {
		if _, err := kept(ctx, connected, r.s.Cluster.Kube.Namespace, r.o.On); err != nil {
			return nil, err
		}
	} else if err := pods.CheckClass(ctx, connected, r.s.Redis, r.s.Cluster.Kube.StorageClass); err != nil {
		return nil, err
	}
	images := []string{r.s.Redis.Image}
	if u := r.s.Timeline.Upgrade; u != nil && u.To.Image != images[0] {
		images = append(images, u.To.Image)
	}
	for _, img := range images {
		if err := c.LoadDocker(ctx, img); err != nil {
			return nil, err
		}
	}
	img, err := image.Self()
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	if err := img.Archive(&archive); err != nil {
		return nil, err
	}
	if err := c.Load(ctx, img.Ref, archive.Bytes()); err != nil {
		return nil, err
	}
	if made {
		// kind waits for the control plane alone.
		if err := connected.AwaitMachines(ctx); err != nil {
			return nil, err
		}
	}
	return &ground{Cluster: connected, image: img.Ref, made: made, remove: remove}, nil
}

func connectKind(ctx context.Context, c *kind.Cluster) (*kube.Cluster, error) {
	config, err := c.Kubeconfig()
	if err != nil {
		return nil, err
	}
	return kube.Connect(ctx, kube.Options{Kubeconfig: config, Proved: true})
}

// kindCluster finds the kind cluster of the scenario's name. If it is not there,
// 'slotstorm up' makes it, to be kept; a run makes one for itself, which goes with
// its deployment.
func (r *run) kindCluster(ctx context.Context) (_ *kind.Cluster, made bool, remove func() error, err error) {
	k := r.s.Cluster.Kind
	c, ok, err := kind.Find(ctx, k.Name)
	if err != nil {
		return nil, false, nil, err
	}
	if ok {
		return c, false, func() error { return nil }, nil
	}
	if r.o.On != "" {
		return nil, false, nil, fmt.Errorf("%w: there is no kind cluster %s, and so nothing is deployed in it", ErrNoDeployment, k.Name)
	}
	if k.Image == "" {
		k.Image = os.Getenv(nodeImageEnv)
		if err := scenarios.CheckImage(k.Image); k.Image != "" && err != nil {
			return nil, false, nil, fmt.Errorf("%s: %w", nodeImageEnv, err)
		}
	}
	// The folder is also what tells, from outside of the cluster, whose it is, and
	// whether its maker lives.
	mark, err := kind.NewMark(r.run.ID, r.o.keep != "")
	if err != nil {
		return nil, false, nil, err
	}
	o := kind.Options{
		Name: k.Name, Nodes: k.Nodes, Image: k.Image, Config: k.Config, Mark: mark,
		Progress: func(message string) { r.note("kind: " + message) },
	}
	if r.o.keep == "" {
		// Nobody but this run wants its context.
		o.Name, o.Kubeconfig = k.Name+"-"+kube.ShortID(r.run.ID), filepath.Join(mark.Dir, "config")
	}
	r.show.message("creating a kind cluster")
	c, err = kind.Create(ctx, o)
	if err != nil {
		return nil, false, nil, errors.Join(err, mark.Remove())
	}
	return c, true, func() error { return errors.Join(c.Delete(), mark.Remove()) }, nil
}

// nodeImageEnv names the node image where the scenario does not.
const nodeImageEnv = "KIND_NODE_IMAGE"
