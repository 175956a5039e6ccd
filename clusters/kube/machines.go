package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// machinesLimit bounds how long the nodes of a new cluster may take.
const machinesLimit = 3 * time.Minute

// AwaitMachines waits until every node of the cluster is ready to take pods: a
// new one joins before its network works.
func (c *Cluster) AwaitMachines(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, machinesLimit, fmt.Errorf("not all ready after %v", machinesLimit))
	defer cancel()
	err := until(ctx, func() (bool, error) {
		list, err := c.Client.CoreV1().Nodes().List(ctx, api.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, n := range list.Items {
			if err := ready(n); err != nil {
				return false, err
			}
		}
		return len(list.Items) > 0, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the nodes of the Kubernetes cluster: %w", err)
	}
	return nil
}

// controlPlaneTaint is what kubeadm and kind keep pods from the control plane by.
const controlPlaneTaint = "node-role.kubernetes.io/control-plane"

// Workers are the names of the machines that take pods which tolerate nothing, as a
// scheduler will see them once all machines are ready.
func (c *Cluster) Workers(ctx context.Context) ([]string, error) {
	list, err := c.Client.CoreV1().Nodes().List(ctx, api.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the nodes of the Kubernetes cluster: %w", err)
	}
	names := []string{}
	for _, n := range list.Items {
		if !slices.ContainsFunc(n.Spec.Taints, func(t api.Taint) bool { return t.Key == controlPlaneTaint && t.Effect != api.PreferNoSchedule }) {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

// SetCordon keeps new pods from a machine for a run, or lets them in again, and notes
// on it whose cordon it is. With metav1.DryRunAll it only asks whether that may be.
func (c *Cluster) SetCordon(ctx context.Context, n *api.Node, run string, on bool, dry ...string) error {
	var whose any // nil takes the annotation away
	if on {
		whose = run
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": n.UID, "annotations": map[string]any{CordonAnnotation: whose}},
		"spec":     map[string]any{"unschedulable": on},
	})
	if err != nil {
		return err
	}
	if _, err := c.Client.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, patch, api.PatchOptions{FieldManager: Manager, DryRun: dry}); err != nil {
		return fmt.Errorf("changing machine %s: %w", n.Name, err)
	}
	return nil
}

// Uncordon lets machines take pods again that a run has cordoned and left so. Who may
// not look at machines has cordoned none.
func (c *Cluster) Uncordon(ctx context.Context, run string) error {
	list, err := c.Client.CoreV1().Nodes().List(ctx, api.ListOptions{})
	if api.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for machines that run %s has cordoned: %w", run, err)
	}
	var errs []error
	for _, n := range list.Items {
		if n.Annotations[CordonAnnotation] == run {
			errs = append(errs, c.SetCordon(ctx, &n, run, false))
		}
	}
	return errors.Join(errs...)
}

// Cordon is a machine that a run has cordoned.
type Cordon struct {
	Machine string
	// Run is the run's short id.
	Run string
}

// LostCordons are those of runs without any lease: a run lifts its cordons before it gives
// its lease up. Who may not see all machines and all leases gets none.
func (c *Cluster) LostCordons(ctx context.Context) ([]Cordon, error) {
	nodes, err := c.Client.CoreV1().Nodes().List(ctx, api.ListOptions{})
	if api.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for machines that runs have cordoned: %w", err)
	}
	leases, err := c.Client.CoordinationV1().Leases("").List(ctx, api.ListOptions{LabelSelector: RunLabel})
	if api.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for leases: %w", err)
	}
	var list []Cordon
	for _, n := range nodes.Items {
		run := n.Annotations[CordonAnnotation]
		holds := slices.ContainsFunc(leases.Items, func(l api.Lease) bool { return l.Labels[RunLabel] == run })
		if run != "" && n.Spec.Unschedulable && !holds {
			list = append(list, Cordon{Machine: n.Name, Run: run})
		}
	}
	return list, nil
}

func ready(n api.Node) error {
	why := "it has not said so yet"
	for _, c := range n.Status.Conditions {
		if c.Type != api.NodeReady {
			continue
		}
		if why = c.Message; c.Status == api.ConditionTrue {
			why = ""
		}
	}
	if why != "" {
		return fmt.Errorf("node %s is not ready: %s", n.Name, why)
	}
	for _, t := range n.Spec.Taints {
		if t.Key == api.TaintNodeNotReady {
			return fmt.Errorf("node %s is ready, and still marked as not ready", n.Name)
		}
	}
	return nil
}

// Awake reports whether a machine is ready, as Kubernetes sees it.
func (c *Cluster) Awake(ctx context.Context, name string) (bool, error) {
	n, err := c.Client.CoreV1().Nodes().Get(ctx, name, api.GetOptions{})
	if err != nil {
		return false, fmt.Errorf("looking at machine %s: %w", name, err)
	}
	return ready(*n) == nil, nil
}

// systemNamespaces are those whose pods belong to the cluster itself.
var systemNamespaces = []string{"kube-system", "local-path-storage"}

// Strangers are pods on a machine that are neither of a namespace, nor of the cluster itself,
// nor on every machine: NAMESPACE/NAME.
func (c *Cluster) Strangers(ctx context.Context, machine, namespace string) ([]string, error) {
	list, err := c.Client.CoreV1().Pods("").List(ctx, api.ListOptions{FieldSelector: "spec.nodeName=" + machine})
	if err != nil {
		return nil, fmt.Errorf("looking for pods on machine %s: %w", machine, err)
	}
	var names []string
	for _, p := range list.Items {
		ended := p.Status.Phase == api.PodFailed || p.Status.Phase == api.PodSucceeded
		everywhere := slices.ContainsFunc(p.OwnerReferences, func(o api.OwnerReference) bool { return o.Kind == "DaemonSet" })
		if p.Spec.NodeName == machine && p.Namespace != namespace && !ended && !everywhere && !slices.Contains(systemNamespaces, p.Namespace) {
			names = append(names, p.Namespace+"/"+p.Name)
		}
	}
	return names, nil
}
