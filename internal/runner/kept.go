package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// OnlyOne stands for the only deployment that there is.
const OnlyOne = "."

// Kept is a deployment that stays between runs.
type Kept struct {
	Name      string `json:"name"`
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	// Run is the id of what has made it.
	Run string `json:"run"`
	// KindCluster is the name of the kind cluster that was made with it, or
	// removed with it; empty if there is none.
	KindCluster string `json:"kindCluster,omitempty"`
	// Redis is the version that runs.
	Redis string `json:"redis,omitempty"`
}

// Up deploys what a scenario says, and leaves it to later runs under a name. Of
// the options Context, Observer and Stop count.
func Up(ctx context.Context, s *scenarios.Scenario, name string, o Options) (_ *Kept, err error) {
	if s.Cluster.Provider == "local" {
		return nil, fmt.Errorf("%w: on this machine a deployment ends with the process that has made it: say --cluster kind, or kube", ErrEnvironment)
	}
	o.keep = name
	clock := results.Clock{Start: time.Now()}
	r := &run{s: s, o: o, clock: clock, run: results.Run{ID: runID(s.Metadata.Name, clock.Start)}}
	ctx, cancel := r.deploying(ctx)
	defer cancel()
	k, err := r.up(ctx)
	if err != nil {
		return nil, deployError(ctx, err)
	}
	return k, nil
}

func (r *run) up(ctx context.Context) (_ *Kept, err error) {
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
	version, err := d.Version(ctx)
	if err == nil {
		err = d.Keep(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.Remove(false))
	}
	k := &Kept{Name: r.o.keep, Context: g.Context, Namespace: d.Namespace(), Run: r.run.ID, Redis: version}
	if g.made {
		k.KindCluster = r.s.Cluster.Kind.Name
	}
	return k, nil
}

// kept finds a deployment by its name.
func kept(ctx context.Context, c *kube.Cluster, namespace, name string) (kube.Holding, error) {
	list, err := deployments(ctx, c, namespace)
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
	return kube.Holding{}, whichOne(name, "in "+c.Context, names)
}

func deployments(ctx context.Context, c *kube.Cluster, namespace string) ([]kube.Holding, error) {
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

// ErrNoDeployment says that there is no deployment of a name, or that it takes a
// name to tell which one is meant.
var ErrNoDeployment = errors.New("no such deployment")

func whichOne(name, where string, names []string) error {
	switch {
	case len(names) == 0:
		return fmt.Errorf("%w: nothing is deployed %s; 'slotstorm up' deploys", ErrNoDeployment, where)
	case name == OnlyOne:
		return fmt.Errorf("%w: there are several %s, name one: %s", ErrNoDeployment, where, strings.Join(names, ", "))
	}
	return fmt.Errorf("%w: there is no deployment %q %s; there is %s", ErrNoDeployment, name, where, strings.Join(names, ", "))
}

// Down removes a kept deployment, and the kind cluster that was made with it unless
// others have moved in.
func Down(ctx context.Context, w Where, name string) (*Kept, error) {
	venues, err := w.venues(ctx, nil)
	if err != nil {
		return nil, err
	}
	type one struct {
		venue
		held kube.Holding
	}
	var fit []one
	var names []string
	for _, v := range venues {
		list, err := deployments(ctx, v.Cluster, w.Namespace)
		if err != nil {
			return nil, err
		}
		for _, h := range list {
			names = append(names, h.Deployment+" (in "+v.Context+")")
			if h.Deployment == name || name == OnlyOne {
				fit = append(fit, one{v, h})
			}
		}
	}
	if len(fit) != 1 {
		if len(fit) > 1 {
			name = OnlyOne
		}
		return nil, whichOne(name, "here", names)
	}
	f := fit[0]
	// Who has the use of it keeps others from it, also from taking it away.
	use, err := f.Use(ctx, f.held, runID("down", time.Now()))
	if err != nil {
		return nil, err
	}
	if err := f.Of(f.held).Release(); err != nil {
		return nil, errors.Join(err, use.Release())
	}
	use.Leave()
	k := &Kept{Name: f.held.Deployment, Context: f.Context, Namespace: f.held.Namespace, Run: f.held.RunID}
	mark, err := f.deserted(ctx)
	if err != nil || mark == nil {
		return k, err
	}
	k.KindCluster = f.kind.Name
	w.Note("deleting the kind cluster " + k.KindCluster + ", which was made with it")
	return k, errors.Join(f.kind.Delete(), mark.Remove())
}

// deserted gives the mark of a kind cluster that 'slotstorm up' has made, if
// nothing of slotstorm is left in it; else nil.
func (v venue) deserted(ctx context.Context) (*kind.Mark, error) {
	if v.kind == nil {
		return nil, nil
	}
	mark, err := v.kind.Mark(ctx)
	if err != nil || !mark.Up {
		return nil, err
	}
	left, _, err := v.Find(ctx, "")
	if err != nil || len(left) > 0 {
		return nil, err
	}
	return mark, nil
}
