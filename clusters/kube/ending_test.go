package kube

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

// hung has the namespace of a run hang in its deletion, which has taken its lease.
func hung(t *testing.T, c *Cluster, n *Namespace) {
	t.Helper()
	n.Leave()
	if err := c.Client.CoordinationV1().Leases(n.Name).Delete(t.Context(), leaseName, api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	spaces := c.Client.CoreV1().Namespaces()
	ns, err := spaces.Get(t.Context(), n.Name, api.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	now := api.Time{Time: time.Now()}
	ns.DeletionTimestamp = &now
	ns.Status.Conditions = []api.NamespaceCondition{
		{Type: "NamespaceDeletionDiscoveryFailure", Status: api.ConditionFalse, Message: "all is discovered"},
		{Type: "NamespaceContentRemaining", Status: api.ConditionTrue, Message: "1 pod is left"},
	}
	if _, err := spaces.Update(t.Context(), ns, api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestANamespaceThatHangsInItsDeletionIsLeft bends time.
func TestANamespaceThatHangsInItsDeletionIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, objects := cluster()
		n := take(t, c, TakeOptions{RunID: runID})
		hung(t, c, n)
		found, strays, err := c.Find(t.Context(), "")
		const why = "NamespaceContentRemaining: 1 pod is left"
		if err != nil || len(strays) > 0 || len(found) != 1 || found[0].RunID != runID || !strings.HasSuffix(found[0].Ending, why) || strings.Contains(found[0].Ending, "discovered") {
			t.Fatalf("%+v %+v %v", found, strays, err)
		}
		dead, err := c.Dead(t.Context(), found)
		if err != nil || len(dead) != 1 {
			t.Errorf("%+v %v", dead, err)
		}
		objects.Refuse("delete", "namespaces", nil) // its deletion goes on
		if err := c.Of(found[0]).Release(); !errors.Is(err, ErrLeft) || !strings.Contains(err.Error(), why) {
			t.Errorf("%v", err)
		}
		if _, err := c.Take(t.Context(), TakeOptions{RunID: runID}); err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "slotstorm down") {
			t.Errorf("taken again: %v", err)
		}
	})
}

// A machine is uncordoned for a run without a lease alone.
func TestCordonsOfRunsWithoutALease(t *testing.T) {
	c, _ := cluster(machine("lost", ""), machine("held", ""), machine("free", ""), machine("theirs", ""))
	n := take(t, c, TakeOptions{RunID: runID})
	for name, run := range map[string]string{"lost": ShortID(otherID), "held": n.Run, "theirs": ""} {
		m, err := c.Client.CoreV1().Nodes().Get(t.Context(), name, api.GetOptions{})
		if err == nil {
			err = c.SetCordon(t.Context(), m, run, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	lost, err := c.LostCordons(t.Context())
	if err != nil || len(lost) != 1 || lost[0] != (Cordon{Machine: "lost", Run: ShortID(otherID)}) {
		t.Errorf("%+v %v", lost, err)
	}
}

// Pods and claims that Kubernetes has not removed yet, of a run whose lease is gone, are
// reported; those of a run that has a lease, and of others, are not.
func TestPodsThatOutliveTheirLeaseAreReported(t *testing.T) {
	c, objects := cluster(setAside("team"))
	n := take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
	pod(t, c, "team", "theirs", nil)
	claim := &api.PersistentVolumeClaim{ObjectMeta: api.ObjectMeta{Name: "data-redis-0", Labels: n.Labels()}}
	if _, err := c.Client.CoreV1().PersistentVolumeClaims("team").Create(t.Context(), claim, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{"", "team"} {
		if found, strays, err := c.Find(t.Context(), namespace); err != nil || len(found) != 1 || len(strays) != 0 {
			t.Errorf("with its lease: %+v %+v %v", found, strays, err)
		}
	}
	n.Leave()
	if err := c.Client.CoordinationV1().Leases("team").Delete(t.Context(), leaseName, api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	pod(t, c, "team", "redis-0", n) // on a machine that does not answer
	for _, namespace := range []string{"", "team"} {
		found, strays, err := c.Find(t.Context(), namespace)
		if err != nil || len(found) != 0 || len(strays) != 1 || strays[0].RunID != ShortID(runID) ||
			!strings.Contains(strays[0].Why, "pod redis-0 and 1 other object yet") {
			t.Errorf("without its lease: %+v %+v %v", found, strays, err)
		}
	}
	objects.Refuse("list", "pods", kubetest.Forbidden())
	if _, strays, err := c.Find(t.Context(), ""); err != nil || len(strays) != 0 {
		t.Errorf("a user who may not list pods: %+v %v", strays, err)
	}
}
