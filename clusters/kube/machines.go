package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// machinesLimit bounds how long the nodes of a new cluster may take.
const machinesLimit = 3 * time.Minute

// AwaitMachines waits until every node of the cluster is ready to take pods: a
// new one joins before its network is there.
func (c *Cluster) AwaitMachines(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, machinesLimit, fmt.Errorf("not all ready after %v", machinesLimit))
	defer cancel()
	err := until(ctx, func() (bool, error) {
		list, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
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

func ready(n corev1.Node) error {
	why := "it has not said so yet"
	for _, c := range n.Status.Conditions {
		if c.Type != corev1.NodeReady {
			continue
		}
		if why = c.Message; c.Status == corev1.ConditionTrue {
			why = ""
		}
	}
	if why != "" {
		return fmt.Errorf("node %s is not ready: %s", n.Name, why)
	}
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeNotReady {
			return fmt.Errorf("node %s is ready, and still marked as not ready", n.Name)
		}
	}
	return nil
}
