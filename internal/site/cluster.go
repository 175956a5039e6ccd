package site

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

// ErrLeft says that not all that was made for a run could be removed.
var ErrLeft = kube.ErrLeft

// cluster is a Kubernetes cluster to deploy to.
type cluster struct {
	*kube.Cluster
	// kind is the kind cluster that it is; nil if it is none.
	kind *kind.Cluster
	// image is that of the generators.
	image string
	// inside says that this process runs in the cluster itself.
	inside bool
	// made says that the cluster was made for this site. remove removes it then.
	made   bool
	remove func() error
}

// connect connects to the Kubernetes cluster that the scenario names; a kind
// cluster that does not exist is made.
func connect(ctx context.Context, s *scenarios.Scenario, o Options) (*cluster, error) {
	if s.Cluster.Provider == "kind" {
		return connectKind(ctx, s, o)
	}
	k := s.Cluster.Kube
	if k.GeneratorImage == "" {
		return nil, errNoGeneratorImage
	}
	by := connection(s, o.Context)
	c, err := kube.Connect(ctx, by)
	if err != nil {
		return nil, err
	}
	return &cluster{Cluster: c, image: k.GeneratorImage, inside: by.Context == kube.InCluster, remove: func() error { return nil }}, nil
}

var errNoGeneratorImage = errors.New("cluster.kube.generatorImage: name an image of slotstorm that the nodes can pull; write one with 'slotstorm image'")

// connection says which context is meant.
func connection(s *scenarios.Scenario, named string) kube.Options {
	if named != "" {
		return kube.Options{Context: named, Named: true}
	}
	return kube.Options{Context: s.Cluster.Kube.Context, Vouch: kind.Serves}
}

func connectKind(ctx context.Context, s *scenarios.Scenario, o Options) (_ *cluster, err error) {
	own, err := packed(s)
	if err != nil {
		return nil, err
	}
	c, made, remove, err := kindCluster(ctx, s, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove())
		}
	}()
	if err := breakable(ctx, s, c); err != nil {
		return nil, err
	}
	connected, err := ConnectKind(ctx, c)
	if err != nil {
		return nil, err
	}
	// Loading images takes long: errors that can be found now come first.
	if o.On != "" {
		if _, err := Find(ctx, connected, s.Cluster.Kube.Namespace, o.On); err != nil {
			return nil, err
		}
	} else if err := pods.CheckClass(ctx, connected, s.Redis, s.Cluster.Kube.StorageClass); err != nil {
		return nil, err
	}
	into := &cluster{Cluster: connected, kind: c, made: made, remove: remove}
	if err := into.load(ctx, s, own, o.Recorder.Note); err != nil {
		return nil, err
	}
	if made {
		// kind waits for the control plane alone.
		if err := connected.AwaitMachines(ctx); err != nil {
			return nil, err
		}
	}
	return into, nil
}

// load loads the images of the scenario into the kind cluster: those of its servers,
// and that of the generators, which is this program's own if it is not nil.
func (c *cluster) load(ctx context.Context, s *scenarios.Scenario, own *image.Image, note func(string)) error {
	c.image = s.Cluster.Kube.GeneratorImage
	images := []string{s.Redis.Image}
	if u := s.Timeline.Upgrade; u != nil && u.To.Image != images[0] {
		images = append(images, u.To.Image)
	}
	if own == nil {
		images = append(images, c.image)
	}
	into, err := c.Workers(ctx)
	if err != nil {
		return err
	}
	for _, img := range images {
		note("loading image " + img)
		if err := c.kind.LoadDocker(ctx, img, into); err != nil {
			return err
		}
	}
	if own == nil {
		return nil
	}
	c.image = own.Ref
	var archive bytes.Buffer
	if err := own.Archive(&archive); err != nil {
		return err
	}
	note("loading image " + c.image)
	return c.kind.Load(ctx, c.image, into, archive.Bytes())
}

// packed is this program as the image of the generators; nil if the scenario names one.
func packed(s *scenarios.Scenario) (*image.Image, error) {
	if s.Cluster.Kube.GeneratorImage != "" {
		return nil, nil
	}
	img, err := image.Self()
	if err != nil {
		return nil, fmt.Errorf("%w; or name an image of slotstorm in cluster.kube.generatorImage", err)
	}
	return img, nil
}

// ConnectKind connects to a kind cluster.
func ConnectKind(ctx context.Context, c *kind.Cluster) (*kube.Cluster, error) {
	config, err := c.Kubeconfig()
	if err != nil {
		return nil, err
	}
	return kube.Connect(ctx, kube.Options{Kubeconfig: config, Proved: true})
}

// kindCluster finds the kind cluster of the scenario's name. If it is not there,
// 'slotstorm up' makes it, to be kept; a run makes one for itself, which goes with
// its deployment.
func kindCluster(ctx context.Context, s *scenarios.Scenario, o Options) (_ *kind.Cluster, made bool, remove func() error, err error) {
	k := s.Cluster.Kind
	c, ok, err := kind.Find(ctx, k.Name)
	if err != nil {
		return nil, false, nil, err
	}
	if ok {
		return c, false, func() error { return nil }, nil
	}
	if o.On != "" {
		return nil, false, nil, fmt.Errorf("%w: kind cluster %s does not exist; 'slotstorm up' makes it with a deployment", ErrNoDeployment, k.Name)
	}
	if k.Image == "" {
		k.Image = os.Getenv(nodeImageEnv)
		if err := scenarios.CheckImage(k.Image); k.Image != "" && err != nil {
			return nil, false, nil, fmt.Errorf("%s: %w", nodeImageEnv, err)
		}
	}
	// From outside of the cluster, the folder shows who made it and whether that
	// process lives.
	mark, err := kind.NewMark(o.Run, o.keep != "")
	if err != nil {
		return nil, false, nil, err
	}
	with := kind.Options{
		Name: k.Name, Nodes: k.Nodes, Image: k.Image, Config: k.Config, Mark: mark,
		Progress: func(message string) { o.Recorder.Note("kind: " + message) },
	}
	if o.keep == "" {
		// No other process needs its context.
		with.Name, with.Kubeconfig = k.Name+"-"+kube.ShortID(o.Run), filepath.Join(mark.Dir, "config")
	}
	o.Recorder.Show("creating a kind cluster")
	c, err = kind.Create(ctx, with)
	if err != nil {
		// With the mark 'slotstorm clean' finds a cluster that could not be deleted.
		if _, exists, look := kind.Find(context.WithoutCancel(ctx), with.Name); exists || look != nil {
			return nil, false, nil, fmt.Errorf("%w: %w", ErrLeft, errors.Join(err, look))
		}
		return nil, false, nil, errors.Join(err, mark.Remove())
	}
	return c, true, func() error {
		if err := c.Delete(mark); err != nil {
			return fmt.Errorf("%w: %w; 'slotstorm clean' tries again", ErrLeft, err)
		}
		return nil
	}, nil
}

// nodeImageEnv names the node image where the scenario does not.
const nodeImageEnv = "KIND_NODE_IMAGE"

// breakable is an error if faults are to break machines that slotstorm did not make.
func breakable(ctx context.Context, s *scenarios.Scenario, c *kind.Cluster) error {
	if !s.BreaksMachines() {
		return nil
	}
	if err := c.Own(ctx); err != nil {
		return fmt.Errorf("faults break machines only of clusters that slotstorm made: %w; name another one in cluster.kind.name, and the run makes it", err)
	}
	return nil
}
