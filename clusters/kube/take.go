package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// TakeOptions say which namespace a run takes.
type TakeOptions struct {
	// RunID is the whole id of the run.
	RunID string
	// Prepared is an existing namespace; empty makes one.
	Prepared string
	// Deployment is the name under which it is to be kept, once Keep says so.
	Deployment string
	// Enforce is the Pod Security Standard that a namespace that is made enforces;
	// empty is "restricted".
	Enforce string
}

// Take makes a namespace for a run, or takes one that was prepared. The run
// holds it until Release.
func (c *Cluster) Take(ctx context.Context, o TakeOptions) (_ *Namespace, err error) {
	n := c.namespace(o)
	var ns *api.Namespace
	if n.made {
		ns, err = c.Client.CoreV1().Namespaces().Create(ctx, n.object(o.RunID), api.CreateOptions{FieldManager: Manager})
		if api.IsForbidden(err) {
			return nil, fmt.Errorf("this user may not make namespaces: have one prepared, and name it in cluster.kube.namespace: %w", err)
		}
		if api.IsAlreadyExists(err) {
			if is, seen := c.Client.CoreV1().Namespaces().Get(ctx, n.Name, api.GetOptions{}); seen == nil && is.DeletionTimestamp != nil {
				return nil, fmt.Errorf("namespace %s: %s: wait until it is gone, or choose another --name", n.Name, ending(is))
			}
			return nil, fmt.Errorf("there is a namespace %s already: if it is a deployment of yours, 'slotstorm down %s' removes it; else choose another --name", n.Name, o.Deployment)
		}
	} else {
		ns, err = c.Client.CoreV1().Namespaces().Get(ctx, n.Name, api.GetOptions{})
		if err == nil {
			err = prepared(ns)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", n.Name, err)
	}
	n.uid = ns.UID
	if err := n.hold(ctx, n.leaseObject(o.RunID, o.Deployment, "")); err != nil {
		if n.made {
			err = errors.Join(err, n.Release())
		}
		return nil, err
	}
	return n, nil
}

// namespace is the one that a run is to take.
func (c *Cluster) namespace(o TakeOptions) *Namespace {
	run := ShortID(o.RunID)
	n := &Namespace{Cluster: c, Name: o.Prepared, Run: run, deployed: run, leaseName: leaseName, made: o.Prepared == "", enforce: cmp.Or(o.Enforce, "restricted")}
	switch {
	case !n.made:
	case o.Deployment != "":
		n.Name = "slotstorm-" + o.Deployment
	default:
		n.Name = NamespaceOf(o.RunID)
	}
	return n
}

// object is a namespace that a run makes. Unless a fault needs more, it enforces
// the strictest of the Pod Security Standards: all else that slotstorm runs meets it.
func (n *Namespace) object(runID string) *api.Namespace {
	return &api.Namespace{
		TypeMeta: api.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: api.ObjectMeta{
			Name:        n.Name,
			Labels:      map[string]string{RunLabel: n.Run, "app.kubernetes.io/managed-by": Manager, EnforceLabel: n.enforce},
			Annotations: map[string]string{RunAnnotation: runID},
		},
	}
}

// Planned is the namespace that a run would take, and the objects by which it
// would. Zeros stand for the uids that the API server will give.
func Planned(o TakeOptions) (*Namespace, []any) {
	var c *Cluster
	n := c.namespace(o)
	n.uid, n.lease = nobody, nobody
	lease := n.leaseObject(o.RunID, o.Deployment, "")
	lease.Spec.AcquireTime, lease.Spec.RenewTime = nil, nil
	if !n.made {
		return n, []any{lease}
	}
	return n, []any{n.object(o.RunID), lease}
}

// tryIn is where objects are tried whose namespace is not there yet: every cluster
// has it, and nothing is kept there.
const tryIn = "kube-public"

// Try asks the API server whether a run could take a namespace, and takes none. It
// gives the one to try other objects in.
func (c *Cluster) Try(ctx context.Context, o TakeOptions) (in string, err error) {
	n, _ := Planned(o)
	n.Cluster = c
	how := api.CreateOptions{FieldManager: Manager, DryRun: []string{api.DryRunAll}}
	in = n.Name
	if n.made {
		in = tryIn
		if _, err := c.Client.CoreV1().Namespaces().Create(ctx, n.object(o.RunID), how); err != nil {
			return "", fmt.Errorf("namespace %s: %w", n.Name, err)
		}
	} else {
		if err := c.Prepared(ctx, n.Name); err != nil {
			return "", err
		}
	}
	n.Name = in
	if _, err := c.Client.CoordinationV1().Leases(in).Create(ctx, n.leaseObject(o.RunID, o.Deployment, ""), how); err != nil {
		return "", n.taken(ctx, err)
	}
	return in, nil
}

// Prepared says why a run cannot take a namespace that was set aside for it.
func (c *Cluster) Prepared(ctx context.Context, name string) error {
	ns, err := c.Client.CoreV1().Namespaces().Get(ctx, name, api.GetOptions{})
	if err == nil {
		err = prepared(ns)
	}
	if err != nil {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	return nil
}

func prepared(ns *api.Namespace) error {
	switch {
	case ns.Name == "default" || strings.HasPrefix(ns.Name, "kube-"):
		return errors.New("slotstorm does not touch it")
	case ns.DeletionTimestamp != nil:
		return errors.New("it is being deleted")
	case ns.Labels[PreparedLabel] != "true":
		return fmt.Errorf("it is not set aside for slotstorm. If nothing else lives there: kubectl label namespace %s %s=true", ns.Name, PreparedLabel)
	}
	return nil
}
