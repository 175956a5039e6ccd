package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
)

// What slotstorm writes onto objects.
const (
	// Manager is the field manager of server-side apply.
	Manager = "slotstorm"
	// RunLabel holds the short id of the run that an object belongs to.
	RunLabel = "slotstorm.dev/run"
	// RunAnnotation is the whole id, on namespaces.
	RunAnnotation = "slotstorm.dev/run-id"
	// PreparedLabel, with the value "true", marks a namespace that an
	// administrator has set aside for slotstorm.
	PreparedLabel = "slotstorm.dev/prepared"
	// DeploymentLabel holds the name under which a deployment is kept.
	DeploymentLabel = "slotstorm.dev/deployment"

	// CordonAnnotation holds the short id of the run that has cordoned a machine.
	CordonAnnotation = "slotstorm.dev/cordoned-by"

	uidAnnotation  = "slotstorm.dev/namespace-uid"
	keptAnnotation = "slotstorm.dev/kept"
	madeAnnotation = "slotstorm.dev/made"
)

// Namespace is a namespace that belongs to one run.
type Namespace struct {
	*Cluster
	Name string
	// Run is the run's short id.
	Run string

	// deployed is the short id of the run that deployed what is here: this one, or
	// that which made the deployment that this one uses.
	deployed   string
	uid, lease types.UID
	// leaseName is the lease by which the run holds the namespace, or its use.
	leaseName string
	// made tells that the run made the namespace: it is deleted with all that is
	// in it. One that was prepared stays.
	made bool
	// enforce is the Pod Security Standard of one that is made.
	enforce string
	stop    context.CancelFunc
	done    chan struct{}
}

// TakeOptions say which namespace a run takes.
type TakeOptions struct {
	// RunID is the whole id of the run.
	RunID string
	// Prepared is a namespace that is there; empty makes one.
	Prepared string
	// Deployment is the name under which it is to be kept, once Keep says so.
	Deployment string
	// Enforce is the Pod Security Standard that a namespace that is made enforces;
	// empty is "restricted".
	Enforce string
}

// ShortID is the part of a run's id that tells runs apart: its time and its
// random end, in lower case.
func ShortID(runID string) string {
	parts := strings.Split(strings.ToLower(runID), "-")
	return strings.Join(parts[max(0, len(parts)-2):], "-")
}

// NamespaceOf is the name of the namespace that a run makes.
func NamespaceOf(runID string) string { return "slotstorm-" + ShortID(runID) }

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

// EnforceLabel is where a namespace says which Pod Security Standard its pods are
// held to.
const EnforceLabel = "pod-security.kubernetes.io/enforce"

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
// would. The uids that the API server gives are told as zeros.
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
		ns, err := c.Client.CoreV1().Namespaces().Get(ctx, n.Name, api.GetOptions{})
		if err == nil {
			err = prepared(ns)
		}
		if err != nil {
			return "", fmt.Errorf("namespace %s: %w", n.Name, err)
		}
	}
	n.Name = in
	if _, err := c.Client.CoordinationV1().Leases(in).Create(ctx, n.leaseObject(o.RunID, o.Deployment, ""), how); err != nil {
		return "", n.taken(ctx, err)
	}
	return in, nil
}

// nobody is the uid of an object that is not there.
const nobody types.UID = "00000000-0000-0000-0000-000000000000"

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

// UID is the namespace's.
func (n *Namespace) UID() string { return string(n.uid) }

// Labels are those of every object of the run.
func (n *Namespace) Labels() map[string]string {
	return map[string]string{RunLabel: n.Run, "app.kubernetes.io/managed-by": Manager}
}

// DeployedLabels are those of the objects of the deployment that the run works
// on: its own, or one that was kept.
func (n *Namespace) DeployedLabels() map[string]string {
	return map[string]string{RunLabel: n.deployed, "app.kubernetes.io/managed-by": Manager}
}

// Owner is the reference that every object of the run carries.
func (n *Namespace) Owner() *apply.OwnerReferenceApplyConfiguration {
	return apply.OwnerReference().WithAPIVersion("coordination.k8s.io/v1").WithKind("Lease").WithName(n.leaseName).WithUID(n.lease)
}

// OwnerReferences are Owner, for objects that are created.
func (n *Namespace) OwnerReferences() []api.OwnerReference {
	return []api.OwnerReference{{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Name: n.leaseName, UID: n.lease}}
}

// Enforces is the Pod Security Standard that the namespace holds its pods to;
// empty if it has none of its own.
func (n *Namespace) Enforces(ctx context.Context) (string, error) {
	ns, err := n.Client.CoreV1().Namespaces().Get(ctx, n.Name, api.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("looking at namespace %s: %w", n.Name, err)
	}
	return ns.Labels[EnforceLabel], nil
}

// Check tells whether the namespace is still the one that the run took: it is
// asked before everything that changes something there.
func (n *Namespace) Check(ctx context.Context) error {
	ns, err := n.Client.CoreV1().Namespaces().Get(ctx, n.Name, api.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking at namespace %s: %w", n.Name, err)
	}
	if ns.UID != n.uid {
		return fmt.Errorf("namespace %s is another one now (uid %s, not %s): it is left alone", n.Name, ns.UID, n.uid)
	}
	return nil
}

// ErrLeft says that not all that a run made could be removed.
var ErrLeft = errors.New("removing what the run made")

// releaseLimit bounds Release, which works when the run's context has ended.
const releaseLimit = 3 * time.Minute

// Release deletes what the run made, and waits until it is gone.
func (n *Namespace) Release() error {
	n.Leave()
	n.forwards.drop(n.Name)
	ctx, cancel := context.WithTimeoutCause(context.Background(), releaseLimit, fmt.Errorf("not gone after %v", releaseLimit))
	defer cancel()
	if err := n.release(ctx); err != nil {
		return fmt.Errorf("%w in namespace %s: %w; 'slotstorm clean' tries again", ErrLeft, n.Name, err)
	}
	return nil
}

func (n *Namespace) release(ctx context.Context) error {
	if err := n.Check(ctx); err != nil {
		if api.IsNotFound(err) {
			return nil
		}
		return err
	}
	if n.made {
		err := n.Client.CoreV1().Namespaces().Delete(ctx, n.Name, api.DeleteOptions{Preconditions: api.NewUIDPreconditions(string(n.uid))})
		if err != nil && !api.IsNotFound(err) && !api.IsConflict(err) {
			return err
		}
		return until(ctx, func() (bool, error) {
			ns, err := n.Client.CoreV1().Namespaces().Get(ctx, n.Name, api.GetOptions{})
			return api.IsNotFound(err) || err == nil && ns.UID != n.uid, err
		})
	}
	if n.lease == "" {
		return nil
	}
	err := n.Client.CoordinationV1().Leases(n.Name).Delete(ctx, n.leaseName, api.DeleteOptions{Preconditions: api.NewUIDPreconditions(string(n.lease))})
	if err != nil && !api.IsNotFound(err) && !api.IsConflict(err) {
		return err
	}
	return until(ctx, func() (bool, error) { return n.empty(ctx) })
}

// empty tells whether nothing of the run is left in a prepared namespace.
func (n *Namespace) empty(ctx context.Context) (bool, error) {
	o := api.ListOptions{LabelSelector: RunLabel + "=" + n.Run, Limit: 1}
	pods, err := n.Client.CoreV1().Pods(n.Name).List(ctx, o)
	if err != nil || len(pods.Items) > 0 {
		return false, err
	}
	claims, err := n.Client.CoreV1().PersistentVolumeClaims(n.Name).List(ctx, o)
	if err != nil || len(claims.Items) > 0 {
		return false, err
	}
	sets, err := n.Client.AppsV1().StatefulSets(n.Name).List(ctx, o)
	if err != nil || len(sets.Items) > 0 {
		return false, err
	}
	jobs, err := n.Client.BatchV1().Jobs(n.Name).List(ctx, o)
	return err == nil && len(jobs.Items) == 0, err
}

// untilEvery is the distance of two looks at a condition that nothing announces.
const untilEvery = 250 * time.Millisecond

// until looks until f is true or ctx ends. An error of f is told only then: the
// API server may be away for a while.
func until(ctx context.Context, f func() (bool, error)) error {
	t := time.NewTicker(untilEvery)
	defer t.Stop()
	for {
		ok, err := f()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-t.C:
		}
	}
}
