package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

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
			if api.IsNotFound(err) || err == nil && ns.UID != n.uid {
				return true, nil
			}
			if err == nil {
				err = errors.New(ending(ns))
			}
			return false, err
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

// empty reports whether nothing of the run is left in a prepared namespace.
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

// Keep leaves the namespace, with all that is in it, to later runs, until a
// Holding of it is released.
func (n *Namespace) Keep(ctx context.Context) error {
	if err := n.patchLease(ctx, leasePatch{Metadata: leaseMeta{UID: n.lease, Annotations: map[string]string{keptAnnotation: "true"}}}); err != nil {
		return fmt.Errorf("namespace %s: keeping it: %w", n.Name, err)
	}
	n.Leave()
	n.forwards.drop(n.Name)
	return nil
}

// ending says that a namespace is being deleted, and what Kubernetes reports to be in the way;
// empty if it is not being deleted.
func ending(ns *api.Namespace) string {
	if ns.DeletionTimestamp == nil {
		return ""
	}
	text := fmt.Sprintf("the namespace has been in deletion since %s", ns.DeletionTimestamp.UTC().Format(time.RFC3339))
	for _, c := range ns.Status.Conditions {
		if c.Status == api.ConditionTrue {
			text += fmt.Sprintf("; %s: %s", c.Type, c.Message)
		}
	}
	return text
}
