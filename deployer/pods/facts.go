package pods

import (
	"context"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/results"
)

// Facts describes the place as far as this user may see it.
func (d *Deployment) Facts(ctx context.Context) *results.Kubernetes {
	ns := d.namespace
	k := &results.Kubernetes{Context: ns.Context, Version: ns.Version, Namespace: ns.Name, NamespaceUID: ns.UID(), Pods: d.pods.seen()}
	if nodes, err := ns.Client.CoreV1().Nodes().List(ctx, api.ListOptions{}); err == nil {
		for _, n := range nodes.Items {
			i := n.Status.NodeInfo
			k.Nodes = append(k.Nodes, results.Machine{
				Name: n.Name, Version: i.KubeletVersion, Runtime: i.ContainerRuntimeVersion, OS: i.OSImage, Kernel: i.KernelVersion,
				CPUs: n.Status.Capacity.Cpu().Value(), MemoryBytes: n.Status.Capacity.Memory().Value(),
			})
		}
	}
	plan := Plan{Labels: ns.DeployedLabels()}
	if claims, err := ns.Client.CoreV1().PersistentVolumeClaims(ns.Name).List(ctx, api.ListOptions{LabelSelector: labels.SelectorFromSet(plan.labels()).String()}); err == nil {
		for _, c := range claims.Items {
			v := results.Volume{Claim: c.Name, UID: string(c.UID), Volume: c.Spec.VolumeName, Capacity: c.Status.Capacity.Storage().String()}
			if c.Spec.StorageClassName != nil {
				v.Class = *c.Spec.StorageClassName
			}
			k.Volumes = append(k.Volumes, v)
		}
	}
	return k
}
