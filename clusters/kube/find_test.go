package kube

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// TestProof has a lease count only if it is of this very namespace and run.
func TestProof(t *testing.T) {
	const run = "kill-primary-20261123T050000Z-ab12"
	for name, c := range map[string]struct {
		change func(*api.Lease, *api.Namespace)
		why    string
	}{
		"ours": {func(*api.Lease, *api.Namespace) {}, ""},
		"prepared": {func(l *api.Lease, ns *api.Namespace) {
			delete(l.Annotations, madeAnnotation)
			ns.Annotations = nil
		}, ""},
		"another namespace": {func(_ *api.Lease, ns *api.Namespace) { ns.UID = "other" }, "it is of a namespace with uid"},
		"no uid":            {func(l *api.Lease, _ *api.Namespace) { delete(l.Annotations, uidAnnotation) }, "it is of a namespace with uid"},
		"another run":       {func(l *api.Lease, _ *api.Namespace) { l.Labels[RunLabel] = "20261123t050000z-ab13" }, "its label names run"},
		"no run": {func(l *api.Lease, _ *api.Namespace) {
			l.Annotations[RunAnnotation] = ""
			l.Labels[RunLabel] = ""
		}, "its label names run"},
		"not made":     {func(_ *api.Lease, ns *api.Namespace) { ns.Annotations = nil }, "which does not say so"},
		"another name": {func(l *api.Lease, _ *api.Namespace) { l.Name = "leader" }, "makes none of this name"},
	} {
		t.Run(name, func(t *testing.T) {
			n, objects := Planned(TakeOptions{RunID: run})
			ns, lease := objects[0].(*api.Namespace), objects[1].(*api.Lease)
			ns.UID = n.uid
			c.change(lease, ns)
			h, why := proved(lease, ns)
			if c.why == "" && why != "" || !strings.Contains(why, c.why) {
				t.Fatalf("%q, not %q", why, c.why)
			}
			if why == "" && (h.RunID != run || h.Use || h.Kept || h.Made == (name == "prepared")) {
				t.Errorf("%+v", h)
			}
		})
	}
}

// TestUseIsNotTheDeployment distinguishes the lease of a run on a kept deployment from that
// of the deployment itself, and puts it first: it must go first.
func TestUseIsNotTheDeployment(t *testing.T) {
	ns := &api.Namespace{ObjectMeta: api.ObjectMeta{Name: "slotstorm-lab", UID: "1"}}
	n := &Namespace{Name: ns.Name, Run: "20261123t050000z-ab12", leaseName: useName, uid: "1"}
	h, why := proved(n.leaseObject("x-20261123T050000Z-ab12", "", "2"), ns)
	if why != "" || !h.Use || h.Made || h.leaseName() != useName {
		t.Errorf("%+v %q", h, why)
	}
	if owners := n.leaseObject("x-20261123T050000Z-ab12", "", "2").OwnerReferences; len(owners) != 1 || owners[0].UID != "2" || owners[0].Name != leaseName {
		t.Errorf("owners %+v", owners)
	}
}
