package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// A run holds its namespace by a lease, which owns all other objects: without it
// Kubernetes' garbage collector takes them away. A run on a deployment that was
// kept holds its use by a second one, which the first owns, and which owns what
// that run makes.
const (
	leaseName = "slotstorm-run"
	useName   = "slotstorm-use"
)

// A lease is renewed every leaseEvery; a run whose lease has run out is dead. It
// outlasts an API server that is away for a while.
const (
	leaseTime  = 60 * time.Second
	leaseEvery = 10 * time.Second
)

// leaseObject is the lease, as it is made. owner is the lease of the deployment
// whose use it holds, if it does.
func (n *Namespace) leaseObject(runID, deployment string, owner types.UID) *api.Lease {
	now, seconds := api.NowMicro(), int32(leaseTime/time.Second)
	l := &api.Lease{
		TypeMeta: api.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
		ObjectMeta: api.ObjectMeta{
			Name: n.leaseName, Namespace: n.Name,
			Labels:      map[string]string{RunLabel: n.Run},
			Annotations: map[string]string{uidAnnotation: string(n.uid), RunAnnotation: runID},
		},
		Spec: api.LeaseSpec{HolderIdentity: &n.Run, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now},
	}
	if deployment != "" {
		l.Labels[DeploymentLabel] = deployment
	}
	if n.made {
		l.Annotations[madeAnnotation] = "true"
	}
	if owner != "" {
		l.OwnerReferences = []api.OwnerReference{{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Name: leaseName, UID: owner}}
	}
	return l
}

// hold makes the lease, and renews it until Leave; who has it has the namespace,
// or the use of what is in it.
func (n *Namespace) hold(ctx context.Context, lease *api.Lease) error {
	lease, err := n.Client.CoordinationV1().Leases(n.Name).Create(ctx, lease, api.CreateOptions{FieldManager: Manager})
	if err != nil {
		return n.taken(ctx, err)
	}
	n.lease = lease.UID
	n.renewing()
	return nil
}

// taken explains why the lease could not be made.
func (n *Namespace) taken(ctx context.Context, err error) error {
	if !api.IsAlreadyExists(err) {
		return fmt.Errorf("namespace %s: taking it: %w", n.Name, err)
	}
	holder := "another run"
	if l, gerr := n.Client.CoordinationV1().Leases(n.Name).Get(ctx, n.leaseName, api.GetOptions{}); gerr == nil {
		holder = "run " + l.Annotations[RunAnnotation]
		if name := l.Labels[DeploymentLabel]; name != "" {
			holder = "the deployment " + name
		}
	}
	return fmt.Errorf("namespace %s is held by %s; wait for its end, or 'slotstorm clean' if it was killed", n.Name, holder)
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
			now := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
			_ = n.patchLease(ctx, leasePatch{Metadata: leaseMeta{UID: n.lease}, Spec: &leaseSpec{now}})
		}
	}()
}

// leasePatch is a change of a lease; the uid keeps it from another one of that name.
type leasePatch struct {
	Metadata leaseMeta  `json:"metadata"`
	Spec     *leaseSpec `json:"spec,omitempty"`
}

type leaseMeta struct {
	UID         types.UID         `json:"uid"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type leaseSpec struct {
	RenewTime string `json:"renewTime"`
}

func (n *Namespace) patchLease(ctx context.Context, change leasePatch) error {
	patch, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = n.Client.CoordinationV1().Leases(n.Name).Patch(ctx, n.leaseName, types.MergePatchType, patch, api.PatchOptions{FieldManager: Manager})
	return err
}

// Leave ends the renewing of the lease, for whoever knows that it is gone.
func (n *Namespace) Leave() {
	if n.stop != nil {
		n.stop()
		<-n.done
		n.stop = nil
	}
}
