package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/slotstorm/slotstorm/chaos/builtin"
	"github.com/slotstorm/slotstorm/clusters/image"
	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer"
	deploy "github.com/slotstorm/slotstorm/deployer/kube"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// deployKind deploys to the kind cluster of the scenario's name, or to one that
// is made for the run and deleted with the deployment.
func (r *run) deployKind(ctx context.Context) (_ *site, err error) {
	name := r.s.Cluster.Kind.Name
	c, ok, err := kind.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	remove := func() error { return nil }
	if !ok {
		dir, err := os.MkdirTemp("", "slotstorm-kubeconfig-")
		if err != nil {
			return nil, err
		}
		remove = func() error { return os.RemoveAll(dir) }
		k := r.s.Cluster.Kind
		if k.Image == "" {
			k.Image = os.Getenv(nodeImageEnv)
		}
		r.show.message("creating a kind cluster")
		c, err = kind.Create(ctx, kind.Options{
			Name: name + "-" + kube.ShortID(r.run.ID), Nodes: k.Nodes, Image: k.Image, Config: k.Config, Kubeconfig: filepath.Join(dir, "config"),
			Progress: func(message string) { r.note("kind: " + message) },
		})
		if err != nil {
			return nil, errors.Join(err, remove())
		}
		remove = func() error { return errors.Join(c.Delete(), os.RemoveAll(dir)) }
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove())
		}
	}()
	if err := c.LoadDocker(ctx, r.s.Redis.Image); err != nil {
		return nil, err
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
	r.generatorImage = img.Ref
	config, err := c.Kubeconfig()
	if err != nil {
		return nil, err
	}
	s, err := r.deployPods(ctx, kube.Options{Kubeconfig: config})
	if err != nil {
		return nil, err
	}
	s.deployment = within{s.deployment, nil, remove}
	return s, nil
}

// nodeImageEnv names the node image where the scenario does not.
const nodeImageEnv = "KIND_NODE_IMAGE"

// within is a deployment with what has to end before it, and go after it; either
// may be nil.
type within struct {
	deployment
	before func()
	after  func() error
}

// Remove removes all in order.
func (w within) Remove(keepVolumes bool) error {
	if w.before != nil {
		w.before()
	}
	err := w.deployment.Remove(keepVolumes)
	if w.after != nil {
		err = errors.Join(err, w.after())
	}
	return err
}

// generators starts the generators of the scenario in pods.
func (r *run) generators(ctx context.Context, d *deploy.Deployment) (*remote.Fleet, func(), error) {
	identity, err := remote.NewIdentity()
	if err != nil {
		return nil, nil, err
	}
	length := r.s.Workload.Warmup.Std() + r.s.Timeline.Length().Std()
	r.show.message(fmt.Sprintf("starting %d generators", r.s.Workload.Generators))
	g, err := d.Generate(ctx, deploy.GeneratorPlan{
		Count: r.s.Workload.Generators, Image: r.generatorImage, Secret: identity.PEM(), Port: deploy.GeneratorPort,
		Args: []string{"generate", "--listen", fmt.Sprintf(":%d", deploy.GeneratorPort), "--identity", deploy.SecretFile, "--patience", patience.String()},
		// What nobody waits for any more ends by itself.
		Patience: length + kindLimit + 2*patience,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("starting the generators: %w", err)
	}
	var secured *remote.TLS
	if ca := d.CA(); ca != nil {
		secured = &remote.TLS{CA: ca, ServerName: deployer.ServerName}
	}
	return &remote.Fleet{
		Identity: identity, TLS: secured, Place: g.Place,
		Dial: func(ctx context.Context, index int) (net.Conn, error) {
			conn, gone, err := g.Dial(ctx, index)
			if gone {
				err = fmt.Errorf("%w: %w", remote.ErrGone, err)
			}
			return conn, err
		},
	}, g.Close, nil
}

// patience is how long a generator waits for a run that does not come back.
const patience = 2 * time.Minute

// deployKube deploys to the cluster of a kubeconfig's context.
func (r *run) deployKube(ctx context.Context) (*site, error) {
	k := r.s.Cluster.Kube
	if k.GeneratorImage == "" {
		return nil, errors.New("cluster.kube.generatorImage: name an image of slotstorm that the nodes can pull; 'slotstorm image' writes one")
	}
	r.generatorImage = k.GeneratorImage
	o := kube.Options{Context: k.Context}
	if r.o.Context != "" {
		o.Context, o.Named = r.o.Context, true
	}
	return r.deployPods(ctx, o)
}

// deployPods deploys to a Kubernetes cluster that is there.
func (r *run) deployPods(ctx context.Context, o kube.Options) (*site, error) {
	c, err := kube.Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	k := r.s.Cluster.Kube
	ns, err := c.Take(ctx, kube.TakeOptions{RunID: r.run.ID, Prepared: k.Namespace})
	if err != nil {
		return nil, err
	}
	r.show.message(fmt.Sprintf("deploying to namespace %s of %s, Kubernetes %s", ns.Name, c.Context, c.Version))
	d, err := deploy.Deploy(ctx, deploy.Options{
		Namespace: ns, Redis: r.s.Redis, StorageClass: k.StorageClass, PullSecret: k.ImagePullSecret,
		Inside: o.Context == kube.InCluster, Logs: r.bundle.Path("nodes"), Clock: r.clock, Emit: r.emit,
	})
	if err != nil {
		return nil, errors.Join(err, ns.Release())
	}
	fleet, stop, err := r.generators(ctx, d)
	if err != nil {
		return nil, errors.Join(err, d.Remove(false))
	}
	attentive := r.watchAbsence(c)
	return &site{
		Cluster: d.Cluster, deployment: within{d, func() { attentive(); stop() }, nil}, engine: builtin.Kube{Cluster: d, Aim: r.aim(d.Cluster)}, fleet: fleet,
		environment: func(ctx context.Context) results.Environment {
			e := machine()
			e.Provider, e.Isolation = r.s.Cluster.Provider, "namespace "+ns.Name+" of "+c.Context
			e.Kubernetes = d.Facts(ctx)
			return e
		},
	}, nil
}

// watchAbsence notes when the API server was away, until the end is called.
func (r *run) watchAbsence(c *kube.Cluster) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.WatchAbsence(ctx, func(a kube.Absence) {
			r.emit(results.Event{
				Offset: r.clock.At(a.From), Kind: results.EventOutOfReach, Source: "kubernetes",
				Message: fmt.Sprintf("the API server did not answer for %.1f s (%v): the load, the probes and the polls come from pods and went on", a.To.Sub(a.From).Seconds(), a.Why),
			})
		})
	}()
	return func() { cancel(); <-done }
}
