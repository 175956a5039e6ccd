package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
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

	// CordonAnnotation holds the short id of the run that has cordoned a machine.
	CordonAnnotation = "slotstorm.dev/cordoned-by"

	uidAnnotation  = "slotstorm.dev/namespace-uid"
	keptAnnotation = "slotstorm.dev/kept"
	madeAnnotation = "slotstorm.dev/made"
)

// leaseName is the object by which a run holds its namespace. It owns all others:
// without it Kubernetes' garbage collector takes them away.
const leaseName = "slotstorm-run"

// The lease is renewed every third of its time; a run whose lease has run out is
// dead. It outlasts an API server that is away for a while.
const (
	leaseTime  = 60 * time.Second
	leaseEvery = 10 * time.Second
)

// Namespace is a namespace that belongs to one run.
type Namespace struct {
	*Cluster
	Name string
	// Run is the run's short id.
	Run string

	uid, lease types.UID
	// made tells that the run made the namespace: it is deleted with all that is
	// in it. One that was prepared stays.
	made bool
	stop context.CancelFunc
	done chan struct{}
}

// TakeOptions say which namespace a run takes.
type TakeOptions struct {
	// RunID is the whole id of the run.
	RunID string
	// Prepared is a namespace that is there; empty makes one.
	Prepared string
	// Keep leaves it to a later run: nobody renews its lease.
	Keep bool
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
	n := &Namespace{Cluster: c, Name: o.Prepared, Run: ShortID(o.RunID), made: o.Prepared == ""}
	var ns *corev1.Namespace
	if n.made {
		n.Name = NamespaceOf(o.RunID)
		ns, err = c.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name:        n.Name,
			Labels:      n.namespaceLabels(),
			Annotations: map[string]string{RunAnnotation: o.RunID},
		}}, metav1.CreateOptions{FieldManager: Manager})
		if apierrors.IsForbidden(err) {
			return nil, fmt.Errorf("this user may not make namespaces: have one prepared, and name it in cluster.kube.namespace: %w", err)
		}
	} else {
		ns, err = c.Client.CoreV1().Namespaces().Get(ctx, n.Name, metav1.GetOptions{})
		if err == nil {
			err = prepared(ns)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", n.Name, err)
	}
	n.uid = ns.UID
	if err := n.hold(ctx, o); err != nil {
		if n.made {
			err = errors.Join(err, n.Release())
		}
		return nil, err
	}
	if !o.Keep {
		n.renewing()
	}
	return n, nil
}

// namespaceLabels are those of a namespace that a run makes. It enforces the
// strictest of the Pod Security Standards: all that slotstorm runs meets it.
func (n *Namespace) namespaceLabels() map[string]string {
	return map[string]string{RunLabel: n.Run, "app.kubernetes.io/managed-by": Manager, "pod-security.kubernetes.io/enforce": "restricted"}
}

func prepared(ns *corev1.Namespace) error {
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

// hold makes the lease; who has it has the namespace.
func (n *Namespace) hold(ctx context.Context, o TakeOptions) error {
	now, seconds := metav1.NowMicro(), int32(leaseTime/time.Second)
	annotations := map[string]string{uidAnnotation: string(n.uid), RunAnnotation: o.RunID}
	if n.made {
		annotations[madeAnnotation] = "true"
	}
	if o.Keep {
		annotations[keptAnnotation] = "true"
	}
	leases := n.Client.CoordinationV1().Leases(n.Name)
	lease, err := leases.Create(ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: leaseName, Labels: map[string]string{RunLabel: n.Run}, Annotations: annotations},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &n.Run, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now},
	}, metav1.CreateOptions{FieldManager: Manager})
	if apierrors.IsAlreadyExists(err) {
		holder := "another run"
		if l, gerr := leases.Get(ctx, leaseName, metav1.GetOptions{}); gerr == nil {
			holder = "run " + l.Annotations[RunAnnotation]
		}
		return fmt.Errorf("namespace %s is held by %s; wait for its end, or 'slotstorm clean' if it was killed", n.Name, holder)
	}
	if err != nil {
		return fmt.Errorf("namespace %s: taking it: %w", n.Name, err)
	}
	n.lease = lease.UID
	return nil
}

// renewing keeps the lease alive. A renewal that fails (the API server is away)
// is tried again; only many in a row make others take the run for dead.
func (n *Namespace) renewing() {
	ctx, stop := context.WithCancel(context.Background())
	n.stop, n.done = stop, make(chan struct{})
	go func() {
		defer close(n.done)
		t := time.NewTicker(leaseEvery)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			patch := fmt.Appendf(nil, `{"metadata":{"uid":%q},"spec":{"renewTime":%q}}`, n.lease, time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"))
			_, _ = n.Client.CoordinationV1().Leases(n.Name).Patch(ctx, leaseName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
		}
	}()
}

// UID is the namespace's.
func (n *Namespace) UID() string { return string(n.uid) }

// Labels are those of every object of the run.
func (n *Namespace) Labels() map[string]string {
	return map[string]string{RunLabel: n.Run, "app.kubernetes.io/managed-by": Manager}
}

// Owner is the reference that every object of the run carries.
func (n *Namespace) Owner() *metaapply.OwnerReferenceApplyConfiguration {
	return metaapply.OwnerReference().WithAPIVersion("coordination.k8s.io/v1").WithKind("Lease").WithName(leaseName).WithUID(n.lease)
}

// Check tells whether the namespace is still the one that the run took: it is
// asked before everything that changes something there.
func (n *Namespace) Check(ctx context.Context) error {
	ns, err := n.Client.CoreV1().Namespaces().Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking at namespace %s: %w", n.Name, err)
	}
	if ns.UID != n.uid {
		return fmt.Errorf("namespace %s is another one now (uid %s, not %s): it is left alone", n.Name, ns.UID, n.uid)
	}
	return nil
}

// releaseLimit bounds Release, which works when the run's context has ended.
const releaseLimit = 3 * time.Minute

// Release deletes what the run made, and waits until it is gone.
func (n *Namespace) Release() error {
	if n.stop != nil {
		n.stop()
		<-n.done
	}
	n.forwards.drop(n.Name)
	ctx, cancel := context.WithTimeoutCause(context.Background(), releaseLimit, fmt.Errorf("not gone after %v", releaseLimit))
	defer cancel()
	if err := n.release(ctx); err != nil {
		return fmt.Errorf("removing what the run made in namespace %s: %w; 'slotstorm clean' tries again", n.Name, err)
	}
	return nil
}

func (n *Namespace) release(ctx context.Context) error {
	if err := n.Check(ctx); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	if n.made {
		err := n.Client.CoreV1().Namespaces().Delete(ctx, n.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(n.uid))})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return err
		}
		return until(ctx, func() (bool, error) {
			ns, err := n.Client.CoreV1().Namespaces().Get(ctx, n.Name, metav1.GetOptions{})
			return apierrors.IsNotFound(err) || err == nil && ns.UID != n.uid, err
		})
	}
	if n.lease == "" {
		return nil
	}
	err := n.Client.CoordinationV1().Leases(n.Name).Delete(ctx, leaseName, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(n.lease))})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return err
	}
	return until(ctx, func() (bool, error) { return n.empty(ctx) })
}

// empty tells whether nothing of the run is left in a prepared namespace.
func (n *Namespace) empty(ctx context.Context) (bool, error) {
	o := metav1.ListOptions{LabelSelector: RunLabel + "=" + n.Run, Limit: 1}
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
