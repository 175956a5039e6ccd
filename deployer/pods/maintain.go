package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Maintenance of a cluster in service: cordon and drain a machine, roll a
// StatefulSet.

// RunsOn are the nodes of the cluster whose pods are on a machine now.
func (d *Deployment) RunsOn(machine string) []Pod {
	d.pods.mu.Lock()
	defer d.pods.mu.Unlock()
	var list []Pod
	for _, p := range d.pods.now {
		if p.Machine == machine {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Pod) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// CheckCordon checks that a machine takes pods now, and that this user may change
// that.
func (d *Deployment) CheckCordon(ctx context.Context, machine string) error {
	n, err := d.machine(ctx, machine)
	if err != nil {
		return err
	}
	if n.Spec.Unschedulable {
		return fmt.Errorf("machine %s is cordoned already: it is left to who did that", machine)
	}
	err = d.namespace.SetCordon(ctx, n, d.namespace.Run, true, api.DryRunAll)
	if api.IsForbidden(err) {
		return fmt.Errorf("this user may not cordon machines, which a Role of a namespace cannot allow: %w", err)
	}
	return err
}

// Cordon keeps new pods from a machine, until Uncordon. The cordon outlives
// this process: the machine is marked with the run, and Remove lifts it too.
func (d *Deployment) Cordon(ctx context.Context, machine string) error {
	n, err := d.machine(ctx, machine)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.cordoned = append(d.cordoned, machine)
	d.mu.Unlock()
	return d.namespace.SetCordon(ctx, n, d.namespace.Run, true)
}

// Cordoned reports whether a machine is still cordoned by this run. One that is gone takes no
// pods either: an autoscaler removes machines without pods.
func (d *Deployment) Cordoned(ctx context.Context, machine string) (bool, error) {
	n, err := d.machine(ctx, machine)
	if api.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return n.Spec.Unschedulable && n.Annotations[kube.CordonAnnotation] == d.namespace.Run, nil
}

// Uncordon lets a machine that this run has cordoned take pods again; it may be gone.
func (d *Deployment) Uncordon(ctx context.Context, machine string) error {
	n, err := d.machine(ctx, machine)
	if err != nil && !api.IsNotFound(err) {
		return err
	}
	if err == nil && n.Annotations[kube.CordonAnnotation] == d.namespace.Run {
		err = d.namespace.SetCordon(ctx, n, d.namespace.Run, false)
		if err != nil && !api.IsNotFound(err) {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cordoned = slices.DeleteFunc(d.cordoned, func(m string) bool { return m == machine })
	return nil
}

// uncordonLimit bounds what Remove does for machines.
const uncordonLimit = 30 * time.Second

// uncordonAll brings back what a drain that was cut short has left.
func (d *Deployment) uncordonAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), uncordonLimit)
	defer cancel()
	d.mu.Lock()
	left := slices.Clone(d.cordoned)
	d.mu.Unlock()
	var errs []error
	for _, machine := range left {
		if err := d.Uncordon(ctx, machine); err != nil {
			errs = append(errs, fmt.Errorf("machine %s may be left cordoned ('kubectl uncordon %s' ends that): %w", machine, machine, err))
		}
	}
	return errors.Join(errs...)
}

func (d *Deployment) machine(ctx context.Context, name string) (*api.Node, error) {
	n, err := d.namespace.Client.CoreV1().Nodes().Get(ctx, name, api.GetOptions{})
	if api.IsForbidden(err) {
		return nil, fmt.Errorf("this user may not look at machines, which a Role of a namespace cannot allow: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("looking at machine %s: %w", name, err)
	}
	return n, nil
}

// Evict asks for the eviction of a pod, if it is still that one. refused is what
// the PodDisruptionBudget says where it does not allow one now.
func (d *Deployment) Evict(ctx context.Context, p Pod) (refused string, _ error) {
	if err := d.namespace.Check(ctx); err != nil {
		return "", err
	}
	err := d.namespace.Client.PolicyV1().Evictions(d.namespace.Name).Evict(ctx, &api.Eviction{
		ObjectMeta:    api.ObjectMeta{Name: p.Name, Namespace: d.namespace.Name},
		DeleteOptions: &api.DeleteOptions{Preconditions: api.NewUIDPreconditions(p.UID)},
	})
	switch {
	case api.IsTooManyRequests(err):
		return why(err), nil
	case api.IsNotFound(err) || api.IsConflict(err):
		return "", nil // it has gone already
	case err != nil:
		return "", fmt.Errorf("evicting pod %s: %w", p.Name, err)
	}
	return "", nil
}

// why is the most that an API error says of its cause.
func why(err error) string {
	var status api.APIStatus
	if errors.As(err, &status) {
		if details := status.Status().Details; details != nil && len(details.Causes) > 0 {
			return details.Causes[0].Message
		}
	}
	return err.Error()
}

// Roll has the StatefulSet of a shard replace its pods one by one, as 'kubectl
// rollout restart' does: by a mark in their template. After an upgrade its controller
// leaves pods alone, which a roll ends.
func (d *Deployment) Roll(ctx context.Context, shard int) error {
	if err := d.namespace.Check(ctx); err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{
		"updateStrategy": map[string]any{"type": api.RollingUpdateStatefulSetStrategyType},
		"template": map[string]any{"metadata": map[string]any{
			"annotations": map[string]string{restartAnnotation: time.Now().UTC().Format(time.RFC3339Nano)},
		}},
	}})
	if err != nil {
		return err
	}
	_, err = d.namespace.Client.AppsV1().StatefulSets(d.namespace.Name).Patch(ctx, setName(shard), types.StrategicMergePatchType, patch, api.PatchOptions{FieldManager: kube.Manager})
	if err != nil {
		return fmt.Errorf("rolling StatefulSet %s: %w", setName(shard), err)
	}
	return nil
}

// restartAnnotation marks a pod template that was rolled.
const restartAnnotation = "slotstorm.dev/restarted-at"

// Signal sends a signal (KILL, TERM) to a node's redis-server, from within its
// container.
func (d *Deployment) Signal(ctx context.Context, node, signal string) error {
	n, ok := d.Node(node)
	if !ok {
		return notDone(fmt.Errorf("there is no node %q", node))
	}
	if err := d.namespace.Check(ctx); err != nil {
		return notDone(err)
	}
	pid, err := d.PID(ctx, n)
	if err != nil {
		return notDone(err)
	}
	_, err = d.namespace.Exec(ctx, d.namespace.Name, n.Name, Container, "sh", "-c", fmt.Sprintf("kill -s %s %d", shellWord(signal), pid))
	return err
}

// Awake reports whether a machine is ready, as Kubernetes sees it.
func (d *Deployment) Awake(ctx context.Context, machine string) (bool, error) {
	return d.namespace.Awake(ctx, machine)
}

// Strangers are pods on a machine that are neither of this run nor of Kubernetes itself.
func (d *Deployment) Strangers(ctx context.Context, machine string) ([]string, error) {
	return d.namespace.Strangers(ctx, machine, d.namespace.Name)
}
