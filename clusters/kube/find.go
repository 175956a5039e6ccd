package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Holding is a run's hold on a namespace, found in the cluster and proved: the
// lease names the uid of the namespace that it is in, and its label is that of the
// run which it names.
type Holding struct {
	Namespace string
	// RunID is the whole id of the run.
	RunID string
	// Deployment is the name under which the run's deployment is, or is to be,
	// kept; empty without one.
	Deployment string
	// Kept means that it was left to later runs. Use means that the run uses a
	// deployment that another one has made.
	Kept, Use bool
	// Made means that the run made the namespace.
	Made bool
	// Ending says that the namespace is being deleted, and what is in the way; else empty.
	Ending string

	uid, lease types.UID
	renewed    time.Time
}

// Stray is what looks as if it were slotstorm's, and is not proved to be.
type Stray struct {
	Namespace, Why string
	// RunID is the run that it may be of, in full or as ShortID; empty if nothing says so.
	RunID string
}

// Find finds what runs hold in a namespace, or with an empty name in all of them.
func (c *Cluster) Find(ctx context.Context, namespace string) ([]Holding, []Stray, error) {
	list, err := c.Client.CoordinationV1().Leases(namespace).List(ctx, api.ListOptions{LabelSelector: RunLabel})
	if api.IsForbidden(err) && namespace == "" {
		return nil, nil, fmt.Errorf("this user may not list the leases of all namespaces: name one with --namespace: %w", err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("looking for leases: %w", err)
	}
	var found []Holding
	var strays []Stray
	leased := map[string]bool{}
	for _, l := range list.Items {
		ns, err := c.Client.CoreV1().Namespaces().Get(ctx, l.Namespace, api.GetOptions{})
		if api.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("looking at namespace %s: %w", l.Namespace, err)
		}
		leased[l.Namespace] = true
		h, why := proved(&l, ns)
		if why != "" {
			strays = append(strays, Stray{Namespace: l.Namespace, Why: "lease " + l.Name + ": " + why, RunID: h.RunID})
			continue
		}
		found = append(found, h)
	}
	if namespace == "" {
		more, others, err := c.leaseless(ctx, leased)
		if err != nil {
			return nil, nil, err
		}
		found, strays = append(found, more...), append(strays, others...)
	}
	orphans, err := c.orphans(ctx, namespace, found)
	if err != nil {
		return nil, nil, err
	}
	strays = append(strays, orphans...)
	slices.SortFunc(found, func(a, b Holding) int {
		// A use goes before the deployment that it is of.
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), -strings.Compare(a.leaseName(), b.leaseName()))
	})
	return found, strays, nil
}

// proved is what a lease holds, or why it proves nothing.
func proved(l *api.Lease, ns *api.Namespace) (Holding, string) {
	h := Holding{
		Namespace: ns.Name, RunID: l.Annotations[RunAnnotation], Deployment: l.Labels[DeploymentLabel],
		Kept: l.Annotations[keptAnnotation] == "true", Use: l.Name == useName, Made: l.Annotations[madeAnnotation] == "true",
		Ending: ending(ns), uid: ns.UID, lease: l.UID, renewed: l.CreationTimestamp.Time,
	}
	if l.Spec.RenewTime != nil {
		h.renewed = l.Spec.RenewTime.Time
	}
	switch {
	case l.Name != leaseName && l.Name != useName:
		return Holding{}, "slotstorm makes none of this name"
	case l.Annotations[uidAnnotation] != string(ns.UID):
		return Holding{}, fmt.Sprintf("it is of a namespace with uid %q, and this one has %s", l.Annotations[uidAnnotation], ns.UID)
	case h.RunID == "" || ShortID(h.RunID) != l.Labels[RunLabel]:
		return h, fmt.Sprintf("its label names run %q, its annotation %q", l.Labels[RunLabel], h.RunID)
	case h.Made && ns.Annotations[RunAnnotation] != h.RunID:
		return h, fmt.Sprintf("it says that run %s made the namespace, which does not say so", h.RunID)
	}
	return h, ""
}

// leaseless are namespaces with a run's label and no lease: of runs that were
// killed between the two, and those that hang in their deletion, which takes the lease
// first. The API server notes who has set a label: that shows
// whether slotstorm made one.
func (c *Cluster) leaseless(ctx context.Context, leased map[string]bool) ([]Holding, []Stray, error) {
	list, err := c.Client.CoreV1().Namespaces().List(ctx, api.ListOptions{LabelSelector: RunLabel})
	if err != nil {
		if api.IsForbidden(err) {
			return nil, nil, nil
		}
		return nil, nil, fmt.Errorf("looking for namespaces: %w", err)
	}
	var found []Holding
	var strays []Stray
	for _, ns := range list.Items {
		run := ns.Annotations[RunAnnotation]
		ours := slices.ContainsFunc(ns.ManagedFields, func(m api.ManagedFieldsEntry) bool { return m.Manager == Manager })
		switch {
		case leased[ns.Name]:
		case ours && run != "" && ns.Labels[RunLabel] == ShortID(run):
			found = append(found, Holding{Namespace: ns.Name, RunID: run, Made: true, Ending: ending(&ns), uid: ns.UID, renewed: ns.CreationTimestamp.Time})
		default:
			strays = append(strays, Stray{Namespace: ns.Name, Why: "it has the label " + RunLabel + ", and no lease of slotstorm"})
		}
	}
	return found, strays, nil
}

// orphans are pods and volume claims whose run has no lease any more. They go with the lease,
// but Kubernetes takes its time where a machine does not answer.
func (c *Cluster) orphans(ctx context.Context, namespace string, found []Holding) ([]Stray, error) {
	type of struct{ namespace, run string }
	var order []of
	left := map[of][]string{}
	note := func(kind string, o api.ObjectMeta) {
		k := of{o.Namespace, o.Labels[RunLabel]}
		if slices.ContainsFunc(found, func(h Holding) bool {
			return h.Namespace == k.namespace && (h.Made || ShortID(h.RunID) == k.run)
		}) {
			return
		}
		if left[k] == nil {
			order = append(order, k)
		}
		left[k] = append(left[k], kind+" "+o.Name)
	}
	labelled := api.ListOptions{LabelSelector: RunLabel}
	pods, err := c.Client.CoreV1().Pods(namespace).List(ctx, labelled)
	if err != nil {
		return nil, unlessForbidden("pods", err)
	}
	for _, p := range pods.Items {
		note("pod", p.ObjectMeta)
	}
	claims, err := c.Client.CoreV1().PersistentVolumeClaims(namespace).List(ctx, labelled)
	if err != nil {
		return nil, unlessForbidden("volume claims", err)
	}
	for _, p := range claims.Items {
		note("volume claim", p.ObjectMeta)
	}
	var strays []Stray
	for _, k := range order {
		strays = append(strays, Stray{Namespace: k.namespace, RunID: k.run, Why: fmt.Sprintf(
			"run %s has no lease any more, and Kubernetes has not removed %s yet: see 'kubectl get pods,pvc -n %s -l %s=%s'", k.run, some(left[k]), k.namespace, RunLabel, k.run)})
	}
	return strays, nil
}

// unlessForbidden is the error of listing objects; nil where this user may not list them.
func unlessForbidden(of string, err error) error {
	if api.IsForbidden(err) {
		return nil
	}
	return fmt.Errorf("looking for %s: %w", of, err)
}

// some names the first of a list, and counts the others.
func some(names []string) string {
	switch len(names) {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and 1 other object"
	}
	return fmt.Sprintf("%s and %d other objects", names[0], len(names)-1)
}

func (h Holding) leaseName() string {
	if h.Use {
		return useName
	}
	return leaseName
}

// Use holds the use of a kept deployment for a run, until Release.
func (c *Cluster) Use(ctx context.Context, h Holding, runID string) (*Namespace, error) {
	n := &Namespace{Cluster: c, Name: h.Namespace, Run: ShortID(runID), deployed: ShortID(h.RunID), leaseName: useName, uid: h.uid}
	if err := n.hold(ctx, n.leaseObject(runID, "", h.lease)); err != nil {
		return nil, err
	}
	return n, nil
}

// Of is the namespace as its holder has it, to be released in its place.
func (c *Cluster) Of(h Holding) *Namespace {
	run := ShortID(h.RunID)
	return &Namespace{Cluster: c, Name: h.Namespace, Run: run, deployed: run, leaseName: h.leaseName(), uid: h.uid, lease: h.lease, made: h.Made}
}

// sureLimit is how long a lease that has run out by this machine's clock is
// watched all the same: clocks differ, and a run that lives renews it by then.
const sureLimit = leaseEvery + leaseEvery/2

// Dead watches the leases of holdings, until each of them was renewed, or for so
// long that its run must have ended. It gives those of runs that have ended. Kept
// deployments are never among them.
func (c *Cluster) Dead(ctx context.Context, holdings []Holding) ([]Holding, error) {
	began := time.Now()
	var dead []Holding
	open := slices.DeleteFunc(slices.Clone(holdings), func(h Holding) bool { return h.Kept })
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for len(open) > 0 {
		var undecided []Holding
		for _, h := range open {
			alive, err := c.renewedSince(ctx, h)
			if err != nil {
				return nil, err
			}
			watched := time.Since(began)
			switch {
			case alive:
			case watched > leaseTime, watched > sureLimit && time.Since(h.renewed) > leaseTime:
				dead = append(dead, h)
			default:
				undecided = append(undecided, h)
			}
		}
		open = undecided
		if len(open) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-t.C:
		}
	}
	return dead, nil
}

// renewedSince reports whether the lease was renewed, replaced or removed.
func (c *Cluster) renewedSince(ctx context.Context, h Holding) (bool, error) {
	l, err := c.Client.CoordinationV1().Leases(h.Namespace).Get(ctx, h.leaseName(), api.GetOptions{})
	if api.IsNotFound(err) {
		return h.lease != "", nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at the lease in namespace %s: %w", h.Namespace, err)
	}
	return l.UID != h.lease || l.Spec.RenewTime != nil && !l.Spec.RenewTime.Time.Equal(h.renewed), nil
}
