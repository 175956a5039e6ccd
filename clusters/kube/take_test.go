package kube

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

const (
	runID   = "kill-primary-20261123T050000Z-ab12"
	otherID = "kill-primary-20261123T060000Z-cd34"
)

// cluster has some objects. Their server has no goroutines.
func cluster(objects ...runtime.Object) (*Cluster, *kubetest.Clientset) {
	c := kubetest.NewClientset(objects...)
	return &Cluster{Client: c, Context: "kind-x"}, c
}

// setAside is a namespace that an administrator has prepared.
func setAside(name string) *api.Namespace {
	return &api.Namespace{ObjectMeta: api.ObjectMeta{Name: name, UID: "prepared", Labels: map[string]string{PreparedLabel: "true"}}}
}

func take(t *testing.T, c *Cluster, o TakeOptions) *Namespace {
	t.Helper()
	n, err := c.Take(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Leave)
	return n
}

func lease(t *testing.T, c *Cluster, namespace, name string) *api.Lease {
	t.Helper()
	l, err := c.Client.CoordinationV1().Leases(namespace).Get(t.Context(), name, api.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTakeMakesANamespaceAndALeaseThatProvesIt(t *testing.T) {
	c, _ := cluster()
	n := take(t, c, TakeOptions{RunID: runID})
	ns, err := c.Client.CoreV1().Namespaces().Get(t.Context(), "slotstorm-20261123t050000z-ab12", api.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ns.Labels[RunLabel] != "20261123t050000z-ab12" || ns.Annotations[RunAnnotation] != runID || ns.Labels[EnforceLabel] != "restricted" {
		t.Errorf("labels %v, annotations %v", ns.Labels, ns.Annotations)
	}
	if n.UID() != string(ns.UID) || n.UID() == "" {
		t.Errorf("uid %q, not %q", n.UID(), ns.UID)
	}
	l := lease(t, c, ns.Name, leaseName)
	if h, why := proved(l, ns); why != "" || h.RunID != runID || !h.Made || h.Kept || h.Use {
		t.Errorf("the lease proves %+v: %s", h, why)
	}
	owner := n.OwnerReferences()[0]
	if owner.UID != l.UID || owner.Name != leaseName || *n.Owner().UID != l.UID {
		t.Errorf("owner %+v, lease %s", owner, l.UID)
	}
	if level, err := n.Enforces(t.Context()); err != nil || level != "restricted" {
		t.Errorf("it enforces %q: %v", level, err)
	}
}

func TestANamespaceIsTakenOnlyIfItMayBe(t *testing.T) {
	going := setAside("going")
	going.DeletionTimestamp = &api.Time{Time: time.Now()}
	mine := setAside("kube-mine")
	plain := &api.Namespace{ObjectMeta: api.ObjectMeta{Name: "plain"}}
	other := &api.Namespace{ObjectMeta: api.ObjectMeta{Name: "slotstorm-lab"}}
	c, _ := cluster(going, mine, plain, other, &api.Namespace{ObjectMeta: api.ObjectMeta{Name: "default", Labels: map[string]string{PreparedLabel: "true"}}})
	for name, tc := range map[string]struct {
		o    TakeOptions
		want string
	}{
		"not set aside":   {TakeOptions{RunID: runID, Prepared: "plain"}, "kubectl label namespace plain slotstorm.dev/prepared=true"},
		"being deleted":   {TakeOptions{RunID: runID, Prepared: "going"}, "being deleted"},
		"the default":     {TakeOptions{RunID: runID, Prepared: "default"}, "does not touch it"},
		"Kubernetes' own": {TakeOptions{RunID: runID, Prepared: "kube-mine"}, "does not touch it"},
		"missing":         {TakeOptions{RunID: runID, Prepared: "nowhere"}, "not found"},
		"in use":          {TakeOptions{RunID: runID, Deployment: "lab"}, "'slotstorm down lab'"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Take(t.Context(), tc.o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if _, err := c.Try(t.Context(), tc.o); err == nil {
				t.Error("a dry run takes it")
			}
		})
	}
	leases, err := c.Client.CoordinationV1().Leases("").List(t.Context(), api.ListOptions{})
	if err != nil || len(leases.Items) > 0 {
		t.Errorf("leases are left: %+v %v", leases, err)
	}
}

func TestAUserWhoMayNotMakeNamespacesLearnsWhatToDo(t *testing.T) {
	c, objects := cluster()
	objects.Refuse("create", "namespaces", kubetest.Forbidden())
	_, err := c.Take(t.Context(), TakeOptions{RunID: runID})
	if !api.IsForbidden(err) || !strings.Contains(err.Error(), "cluster.kube.namespace") {
		t.Errorf("%v", err)
	}
}

func TestTwoRunsCannotHoldOneNamespace(t *testing.T) {
	for name, tc := range map[string]struct{ deployment, want string }{
		"a run":        {"", "held by run " + runID},
		"a deployment": {"lab", "held by the deployment lab"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := cluster(setAside("team"))
			first := take(t, c, TakeOptions{RunID: runID, Prepared: "team", Deployment: tc.deployment})
			for _, try := range []func() error{
				func() error { _, err := c.Take(t.Context(), TakeOptions{RunID: otherID, Prepared: "team"}); return err },
				func() error { _, err := c.Try(t.Context(), TakeOptions{RunID: otherID, Prepared: "team"}); return err },
			} {
				if err := try(); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "slotstorm clean") {
					t.Errorf("%v, want %q", err, tc.want)
				}
			}
			if l := lease(t, c, "team", leaseName); l.UID != first.lease || l.Annotations[RunAnnotation] != runID {
				t.Errorf("the lease of the first is changed: %+v", l)
			}
		})
	}
}

func TestANamespaceWithoutALeaseIsNotLeftBehind(t *testing.T) {
	c, objects := cluster()
	objects.Refuse("create", "leases", kubetest.Forbidden())
	if _, err := c.Take(t.Context(), TakeOptions{RunID: runID}); !api.IsForbidden(err) {
		t.Errorf("%v", err)
	}
	list, err := c.Client.CoreV1().Namespaces().List(t.Context(), api.ListOptions{})
	if err != nil || len(list.Items) > 0 {
		t.Errorf("left: %+v %v", list, err)
	}
}

func TestADryRunKeepsNothing(t *testing.T) {
	c, _ := cluster(setAside("team"))
	for prepared, in := range map[string]string{"": "kube-public", "team": "team"} {
		if got, err := c.Try(t.Context(), TakeOptions{RunID: runID, Prepared: prepared}); err != nil || got != in {
			t.Errorf("objects are tried in %q, not %q: %v", got, in, err)
		}
	}
	namespaces, err := c.Client.CoreV1().Namespaces().List(t.Context(), api.ListOptions{})
	if err != nil || len(namespaces.Items) != 1 {
		t.Errorf("%+v %v", namespaces, err)
	}
	leases, err := c.Client.CoordinationV1().Leases("").List(t.Context(), api.ListOptions{})
	if err != nil || len(leases.Items) > 0 {
		t.Errorf("%+v %v", leases, err)
	}
}

// TestALeaseIsRenewedUntilItIsLeft bends time.
func TestALeaseIsRenewedUntilItIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, objects := cluster(setAside("team"))
		n := take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
		made := lease(t, c, "team", leaseName).Spec.RenewTime.Time
		for range 3 {
			time.Sleep(leaseEvery)
			synctest.Wait()
			if age := time.Since(lease(t, c, "team", leaseName).Spec.RenewTime.Time); age > leaseEvery/2 {
				t.Errorf("the lease was renewed %v ago", age)
			}
		}
		// The API server is away for a while.
		refusing := objects.Refuse("patch", "leases", errors.New("away"))
		time.Sleep(3 * leaseEvery)
		refusing.End()
		time.Sleep(leaseEvery)
		synctest.Wait()
		last := lease(t, c, "team", leaseName).Spec.RenewTime.Time
		if time.Since(last) > leaseEvery/2 || !last.After(made) {
			t.Errorf("it was not renewed again: %v", last)
		}
		n.Leave()
		time.Sleep(5 * leaseEvery)
		if is := lease(t, c, "team", leaseName).Spec.RenewTime.Time; !is.Equal(last) {
			t.Errorf("it is renewed after Leave: %v, not %v", is, last)
		}
	})
}

func TestARenewalLeavesTheLeaseOfAnotherRunAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := cluster(setAside("team"))
		take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
		leases := c.Client.CoordinationV1().Leases("team")
		if err := leases.Delete(t.Context(), leaseName, api.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		then := api.NowMicro()
		other := &api.Lease{ObjectMeta: api.ObjectMeta{Name: leaseName, Namespace: "team"}, Spec: api.LeaseSpec{RenewTime: &then}}
		if _, err := leases.Create(t.Context(), other, api.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * leaseEvery)
		if is := lease(t, c, "team", leaseName).Spec.RenewTime; !is.Time.Equal(then.Time) {
			t.Errorf("the other one was renewed: %v, not %v", is, then)
		}
	})
}
