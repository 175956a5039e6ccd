package kube

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
)

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

// Check fails unless the namespace is still the one that the run took. Call it
// before every change there.
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
	// made means that the run made the namespace: it is deleted with all that is
	// in it. One that was prepared stays.
	made bool
	// enforce is the Pod Security Standard of one that is made.
	enforce string
	stop    context.CancelFunc
	done    chan struct{}
}
