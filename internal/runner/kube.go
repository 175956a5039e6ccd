package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

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
func (r *run) generators(ctx context.Context, d *pods.Deployment, image string) (*remote.Fleet, func(), error) {
	identity, err := remote.NewIdentity()
	if err != nil {
		return nil, nil, err
	}
	r.show.message(fmt.Sprintf("starting %d generators", r.s.Workload.Generators))
	g, err := d.Generate(ctx, generatorPlan(r.s, image, identity.PEM()))
	if err != nil {
		return nil, nil, fmt.Errorf("starting the generators: %w", err)
	}
	return &remote.Fleet{
		Identity: identity, Place: g.Place,
		Dial: func(ctx context.Context, index int) (net.Conn, error) {
			conn, gone, err := g.Dial(ctx, index)
			if gone {
				err = fmt.Errorf("%w: %w", remote.ErrGone, err)
			}
			return conn, err
		},
	}, g.Close, nil
}

// generatorPlan says what generators run.
func generatorPlan(s *scenarios.Scenario, image string, secret []byte) pods.GeneratorPlan {
	return pods.GeneratorPlan{
		Count: s.Workload.Generators, Image: image, Secret: secret, Port: pods.GeneratorPort,
		Args: []string{"generate", "--listen", fmt.Sprintf(":%d", pods.GeneratorPort), "--identity", pods.SecretFile, "--patience", patience.String()},
		// What nobody waits for any more ends by itself.
		Patience: podLife(s),
	}
}

// podLife is how long what runs in pods for a run may live.
func podLife(s *scenarios.Scenario) time.Duration {
	return s.Workload.Warmup.Std() + s.Timeline.Length().Std() + kindLimit + 2*patience
}

// patience is how long a generator waits for a run that does not come back.
const patience = 2 * time.Minute

// deployPods deploys to a Kubernetes cluster, or takes up what was kept there.
func (r *run) deployPods(ctx context.Context) (_ *site, err error) {
	faults, err := podFaultsOf(r.s)
	if err != nil {
		return nil, err
	}
	g, d, err := r.grounded(ctx, faults)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.remove())
		}
	}()
	fleet, stop, err := r.generators(ctx, d, g.image)
	if err != nil {
		return nil, errors.Join(err, d.Remove(false))
	}
	engine, disarm, err := r.podEngine(ctx, d, faults)
	if err != nil {
		stop()
		return nil, errors.Join(err, d.Remove(false))
	}
	attentive := r.watchAbsence(g.Cluster)
	ns := d.Namespace()
	return &site{
		Cluster: d.Cluster, deployment: within{d, func() { attentive(); disarm(); stop() }, g.remove}, engine: engine, fleet: fleet, upgrader: d,
		environment: func(ctx context.Context) results.Environment {
			e := machine()
			e.Provider, e.Isolation = r.s.Cluster.Provider, "namespace "+ns+" of "+g.Context
			e.Kubernetes = d.Facts(ctx)
			return e
		},
	}, nil
}

// grounded deploys the nodes to the cluster that the scenario names. What was made
// of the cluster itself is the caller's to remove, unless it fails.
func (r *run) grounded(ctx context.Context, faults podFaults) (*ground, *pods.Deployment, error) {
	g, err := r.ground(ctx)
	if err != nil {
		return nil, nil, err
	}
	d, err := r.nodes(ctx, g, faults)
	if err != nil {
		return nil, nil, errors.Join(err, g.remove())
	}
	return g, d, nil
}

// nodes deploys the nodes into a namespace of the run's, or takes up those of the
// deployment that it is to use.
func (r *run) nodes(ctx context.Context, g *ground, faults podFaults) (*pods.Deployment, error) {
	k := r.s.Cluster.Kube
	o := pods.Options{Redis: r.s.Redis, StorageClass: k.StorageClass, PullSecret: k.ImagePullSecret, Inside: g.inside, Clock: r.clock, Emit: r.emit, Helpers: helpers(r.s, g.image)}
	if r.bundle != nil {
		o.Logs = r.bundle.Path("nodes")
	}
	begin := pods.Deploy
	if r.o.On != "" {
		if r.s.Timeline.Upgrade != nil {
			return nil, fmt.Errorf("deployment %s is kept as it is, and an upgrade would change it: leave out --on", r.o.On)
		}
		h, err := kept(ctx, g.Cluster, k.Namespace, r.o.On)
		if err != nil {
			return nil, err
		}
		if err := r.settled(g.Context, h.Namespace, h.Deployment); err != nil {
			return nil, err
		}
		if o.Namespace, err = g.Use(ctx, h, r.run.ID); err != nil {
			return nil, err
		}
		begin = pods.Attach
		r.show.message(fmt.Sprintf("using deployment %s in namespace %s of %s, Kubernetes %s", h.Deployment, h.Namespace, g.Context, g.Version))
	} else {
		err := r.settled(g.Context, k.Namespace, "")
		if err != nil {
			return nil, err
		}
		if o.Namespace, err = g.Take(ctx, kube.TakeOptions{RunID: r.run.ID, Prepared: k.Namespace, Deployment: r.o.keep, Enforce: faults.enforce()}); err != nil {
			return nil, err
		}
		r.show.message(fmt.Sprintf("deploying to namespace %s of %s, Kubernetes %s", o.Namespace.Name, g.Context, g.Version))
	}
	if err := r.try(ctx, o, faults); err != nil {
		return nil, errors.Join(err, o.Namespace.Release())
	}
	d, err := begin(ctx, o)
	if err != nil {
		return nil, errors.Join(err, o.Namespace.Release())
	}
	if r.o.On != "" {
		// What an earlier run has left would be taken for what this one wrote.
		if err := d.Empty(ctx); err != nil {
			return nil, errors.Join(err, d.Remove(false))
		}
	}
	return d, nil
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
