package site

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/attached"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// theirPods is a site on pods that slotstorm did not deploy.
type theirPods struct {
	*theirs
	pods *pods.Theirs
	in   *kube.Cluster
	// namespace is that of the pods, objects what its owner had written there before.
	namespace string
	objects   kube.Contents
	note      func(string)
	// end ends what must not outlive the run.
	end func()
}

// Log is what the container of a node has written since the run began.
func (t *theirPods) Log(ctx context.Context, node string) (io.ReadCloser, error) {
	return t.pods.Log(ctx, node)
}

// Environment compares the objects of the owner as well.
func (t *theirPods) Environment(ctx context.Context) results.Environment {
	e := t.theirs.Environment(ctx)
	e.Isolation = "an existing cluster in namespace " + t.namespace + " of " + t.in.Context
	e.Kubernetes = t.pods.Facts()
	is, err := t.in.Contents(ctx, t.namespace)
	if err != nil {
		t.note("the objects of the owner are not compared: " + err.Error())
		return e
	}
	e.Kubernetes.Compared, e.Kubernetes.Changed = len(t.objects), t.objects.Changed(is)
	return e
}

// Remove removes the keys of the run, and ends the ways to the pods.
func (t *theirPods) Remove(keepVolumes bool) error {
	err := t.theirs.Remove(keepVolumes)
	t.end()
	t.pods.Close()
	return err
}

// onTheirPods takes up the cluster in the pods of the scenario.
func onTheirPods(ctx context.Context, s *scenarios.Scenario, o Options) (_ Site, _ *scenarios.Scenario, err error) {
	a := s.Cluster.Attach
	if err := settled(o.Recorder, o.Context, a.Namespace, ""); err != nil {
		return nil, nil, err
	}
	in, objects, found, err := lookAtTheirs(ctx, s, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			found.Close()
		}
	}()
	options := attachedOptions(s, o.Run, o.Recorder.Note)
	options.Pods = found
	t, own, err := taken(ctx, s, o, options)
	if err != nil {
		return nil, nil, err
	}
	way := byServer
	if direct(a, in.Context) {
		way = ofThisMachine
	}
	found.Record(t.Nodes, o.Logs, o.Recorder.Emit)
	t.engine.Pods = found
	return &theirPods{theirs: t, pods: found, in: in, namespace: a.Namespace, objects: objects, note: o.Recorder.Note, end: watchAbsence(in, o.Recorder, way)}, own, nil
}

// lookAtTheirs connects to the API server, reads what the owner has written there, and begins
// to follow the pods.
func lookAtTheirs(ctx context.Context, s *scenarios.Scenario, o Options) (*kube.Cluster, kube.Contents, *pods.Theirs, error) {
	ctx, cancel := quickly(ctx, deployLimit)
	defer cancel()
	a := s.Cluster.Attach
	// The command line names the context, in --i-own.
	in, err := kube.Connect(ctx, kube.Options{Context: o.Context, Named: true})
	if err != nil {
		return nil, nil, nil, err
	}
	var rights []kube.Right
	for _, n := range theirNeeds(s, o.Context) {
		rights = append(rights, n.rights()...)
	}
	if err := in.Check(ctx, a.Namespace, rights); err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %w; docs/your-cluster.md has a Role with all of them", ErrUnfit, err)
	}
	objects, err := in.Contents(ctx, a.Namespace)
	if err != nil {
		return nil, nil, nil, err
	}
	found, err := followTheirs(ctx, in, a, o.Recorder.Clock())
	return in, objects, found, err
}

func followTheirs(ctx context.Context, in *kube.Cluster, a scenarios.AttachedCluster, clock results.Clock) (*pods.Theirs, error) {
	found, err := pods.Follow(ctx, pods.TheirOptions{
		In: in, Namespace: a.Namespace, Selector: a.Selector, Container: a.Container, Port: a.Port, Direct: direct(a, in.Context), Clock: clock,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	return found, nil
}

// Theirs splits CONTEXT/NAMESPACE, by which a user says whose pods may be broken. The name of
// a context may have slashes of its own.
func Theirs(own string) (context, namespace string) {
	i := strings.LastIndex(own, "/")
	if i < 0 {
		return "", own
	}
	return own[:i], own[i+1:]
}

// Mine is what a user has to say to permit a run of s: with the context that was named, or
// else the current one.
func Mine(s *scenarios.Scenario, named string) string {
	a := s.Cluster.Attach
	if !a.Pods() {
		return a.Seeds[0]
	}
	if named == "" {
		named = kube.Current()
	}
	if named == "" {
		named = "CONTEXT"
	}
	return named + "/" + a.Namespace
}

// clearPods is Clear where the nodes are pods.
func clearPods(ctx context.Context, s *scenarios.Scenario, w Reached, o attached.Options, undo []deployer.Undo) (int, error) {
	in, err := kube.Connect(ctx, kube.Options{Context: w.Context, Named: w.Named, Vouch: kind.Serves})
	if err != nil {
		return 0, err
	}
	found, err := followTheirs(ctx, in, s.Cluster.Attach, results.Clock{Start: time.Now()})
	if err != nil {
		return 0, err
	}
	defer found.Close()
	o.Pods = found
	return attached.Clear(ctx, o, undo)
}

// Reached is the context of a run, from its journal, and whether the command line names it
// too.
type Reached struct {
	Context string
	Named   bool
}
