package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// inCluster is a site in pods of a Kubernetes cluster.
type inCluster struct {
	*pods.Deployment
	in     *cluster
	kind   string
	engine chaos.Engine
	fleet  *remote.Fleet
	// ends end what must not outlive the nodes, in order.
	ends []func()
}

func (c *inCluster) Engine() chaos.Engine { return c.engine }
func (c *inCluster) Upgrader() Upgrader   { return c.Deployment }
func (c *inCluster) Fleet() *remote.Fleet { return c.fleet }

// Seats are none: generators have pods of their own.
func (c *inCluster) Seats(int) (generators []dial.Dialer, probes dial.Dialer) { return nil, c.Dialer }

func (c *inCluster) Environment(ctx context.Context) results.Environment {
	e := thisMachine()
	e.Provider, e.Isolation = c.kind, "namespace "+c.Namespace()+" of "+c.in.Context
	e.Kubernetes = c.Facts(ctx)
	return e
}

// Remove removes everything in order.
func (c *inCluster) Remove(keepVolumes bool) error {
	for _, end := range c.ends {
		end()
	}
	return errors.Join(c.Deployment.Remove(keepVolumes), c.in.remove())
}

// inPods deploys to a Kubernetes cluster, or uses a kept deployment there.
func inPods(ctx context.Context, s *scenarios.Scenario, o Options) (_ Site, err error) {
	faults, err := podFaultsOf(s)
	if err != nil {
		return nil, err
	}
	in, d, err := grounded(ctx, s, o, faults)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, in.remove())
		}
	}()
	o.Recorder.Show(fmt.Sprintf("starting %d generators", s.Workload.Generators))
	fleet, stop, err := generators(ctx, s, d, in.image)
	if err != nil {
		return nil, errors.Join(err, d.Remove(false))
	}
	engine, disarm, err := podEngine(ctx, in, d, o, faults)
	if err != nil {
		stop()
		return nil, errors.Join(err, d.Remove(false))
	}
	attentive := watchAbsence(in.Cluster, o.Recorder, ofPods)
	return &inCluster{Deployment: d, in: in, kind: s.Cluster.Provider, engine: engine, fleet: fleet, ends: []func(){attentive, disarm, stop}}, nil
}

// grounded deploys the nodes to the cluster that the scenario names. What was made
// of the cluster itself is the caller's to remove, unless it fails.
func grounded(ctx context.Context, s *scenarios.Scenario, o Options, faults podFaults) (*cluster, *pods.Deployment, error) {
	in, err := connect(ctx, s, o)
	if err != nil {
		return nil, nil, err
	}
	d, err := nodes(ctx, s, o, in, faults)
	if err != nil {
		return nil, nil, errors.Join(err, in.remove())
	}
	return in, d, nil
}

// nodes deploys the nodes into a namespace of the run's, or takes up those of the
// deployment that it is to use.
func nodes(ctx context.Context, s *scenarios.Scenario, o Options, in *cluster, faults podFaults) (*pods.Deployment, error) {
	k := s.Cluster.Kube
	with := pods.Options{Redis: s.Redis, StorageClass: k.StorageClass, PullSecret: k.ImagePullSecret, Inside: in.inside, Clock: o.Recorder.Clock(), Emit: o.Recorder.Emit, Helpers: helpers(s, in.image), Logs: o.Logs}
	begin := pods.Deploy
	if o.On != "" {
		if s.Timeline.Upgrade != nil {
			return nil, fmt.Errorf("an upgrade would change deployment %s, which is kept as it is: leave out --on", o.On)
		}
		h, err := Find(ctx, in.Cluster, k.Namespace, o.On)
		if err != nil {
			return nil, err
		}
		if err := settled(o.Recorder, in.Context, h.Namespace, h.Deployment); err != nil {
			return nil, err
		}
		if with.Namespace, err = in.Use(ctx, h, o.Run); err != nil {
			return nil, err
		}
		begin = pods.Attach
		o.Recorder.Show(fmt.Sprintf("using deployment %s in namespace %s of %s, Kubernetes %s", h.Deployment, h.Namespace, in.Context, in.Version))
	} else {
		var err error
		if with.Reserved, err = reserve(ctx, s, in, nil); err != nil {
			return nil, err
		}
		if err := settled(o.Recorder, in.Context, k.Namespace, ""); err != nil {
			return nil, err
		}
		if with.Namespace, err = in.Take(ctx, kube.TakeOptions{RunID: o.Run, Prepared: k.Namespace, Deployment: o.keep, Enforce: faults.enforce()}); err != nil {
			return nil, err
		}
		o.Recorder.Show(fmt.Sprintf("deploying to namespace %s of %s, Kubernetes %s", with.Namespace.Name, in.Context, in.Version))
	}
	if err := try(ctx, with, faults, o.Recorder.Note); err != nil {
		return nil, errors.Join(err, with.Namespace.Release())
	}
	d, err := begin(ctx, with)
	if err != nil {
		return nil, errors.Join(err, with.Namespace.Release())
	}
	if o.On != "" {
		machine, err := reserve(ctx, s, in, d.RunsOn)
		if err == nil {
			d.Reserve(machine)
			// Keys of an earlier run must not pass for keys of this one.
			err = d.Empty(ctx, cmp.Or(s.Redis.CommandName("FLUSHALL"), s.Redis.CommandName("FLUSHDB")))
		}
		if err != nil {
			return nil, errors.Join(err, d.Remove(false))
		}
	}
	return d, nil
}

// settled notes in the journal where on Kubernetes the run takes place, before
// anything is made there.
func settled(r Recorder, name, namespace, deployment string) error {
	return r.Journal(results.JournalEntry{Offset: r.Clock().Now(), Step: "place", Why: "context " + name, Kubernetes: &results.KubernetesPlace{Context: name, Namespace: namespace, Deployment: deployment}})
}

// passage is the way of the load, the probes and the polls to the servers.
type passage int

const (
	// ofPods is from pods, ofThisMachine from here to the pods' addresses, byServer by way of
	// the API server.
	ofPods passage = iota
	ofThisMachine
	byServer
)

// away is the event of an absence of the API server, for a load on that way.
func (p passage) away(a kube.Absence, from, to results.Duration) results.Event {
	lost := fmt.Sprintf("the API server did not answer for %.1f s (%v); ", a.To.Sub(a.From).Seconds(), a.Why)
	e := results.Event{Offset: from, Kind: results.EventOutOfReach, Source: "kubernetes"}
	switch p {
	case ofPods:
		e.Message = lost + "the load, the probes and the polls come from pods and went on"
	case ofThisMachine:
		e.Message = lost + "the load, the probes and the polls reach the pods without it and went on"
	case byServer:
		e.Kind, e.Lasted = results.EventLoadAway, to-from
		e.Message = lost + "the load, the probes and the polls go by way of it, and could not reach the cluster"
	}
	return e
}

// watchAbsence notes when the API server was away, until the end is called.
func watchAbsence(c *kube.Cluster, r Recorder, way passage) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.WatchAbsence(ctx, kube.Watcher{
			Away: func(a kube.Absence) { r.Emit(way.away(a, r.Clock().At(a.From), r.Clock().At(a.To))) },
			Refused: func(err error) {
				r.Note(fmt.Sprintf("the API server refuses the credentials of this run, which may have expired: pods can no longer be killed or removed. Log in again, and remove what is left with 'slotstorm clean' (%v)", err))
			},
		})
	}()
	return func() { cancel(); <-done }
}
