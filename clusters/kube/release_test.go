package kube

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

// pod is one of a run, or with an empty run of somebody else.
func pod(t *testing.T, c *Cluster, namespace, name string, n *Namespace) {
	t.Helper()
	p := &api.Pod{ObjectMeta: api.ObjectMeta{Name: name}}
	if n != nil {
		p.Labels, p.OwnerReferences = n.Labels(), n.OwnerReferences()
	}
	if _, err := c.Client.CoreV1().Pods(namespace).Create(t.Context(), p, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func podNames(t *testing.T, c *Cluster, namespace string) string {
	t.Helper()
	list, err := c.Client.CoreV1().Pods(namespace).List(t.Context(), api.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range list.Items {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestReleaseRemovesANamespaceThatWasMade(t *testing.T) {
	c, _ := cluster(setAside("team"))
	n := take(t, c, TakeOptions{RunID: runID})
	pod(t, c, n.Name, "redis", n)
	pod(t, c, "team", "theirs", nil)
	if err := n.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client.CoreV1().Namespaces().Get(t.Context(), n.Name, api.GetOptions{}); !api.IsNotFound(err) {
		t.Errorf("the namespace is there: %v", err)
	}
	if left := podNames(t, c, ""); left != "theirs" {
		t.Errorf("pods left: %s", left)
	}
	if err := n.Release(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestReleaseLeavesWhatIsNotItsOwnInAPreparedNamespace(t *testing.T) {
	c, _ := cluster(setAside("team"))
	n := take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
	pod(t, c, "team", "redis", n)
	pod(t, c, "team", "theirs", nil)
	if err := n.Release(); err != nil {
		t.Fatal(err)
	}
	if left := podNames(t, c, "team"); left != "theirs" {
		t.Errorf("pods left: %s", left)
	}
	if _, err := c.Client.CoreV1().Namespaces().Get(t.Context(), "team", api.GetOptions{}); err != nil {
		t.Errorf("the namespace is gone: %v", err)
	}
	if _, err := c.Client.CoordinationV1().Leases("team").Get(t.Context(), leaseName, api.GetOptions{}); !api.IsNotFound(err) {
		t.Errorf("the lease is there: %v", err)
	}
}

// TestANamespaceMadeAnewIsLeftAlone has somebody else's namespace in the place of the
// run's.
func TestANamespaceMadeAnewIsLeftAlone(t *testing.T) {
	c, _ := cluster()
	n := take(t, c, TakeOptions{RunID: runID})
	namespaces := c.Client.CoreV1().Namespaces()
	if err := namespaces.Delete(t.Context(), n.Name, api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := namespaces.Create(t.Context(), &api.Namespace{ObjectMeta: api.ObjectMeta{Name: n.Name}}, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pod(t, c, n.Name, "theirs", nil)
	if err := n.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "it is left alone") {
		t.Errorf("the check: %v", err)
	}
	if err := n.Release(); !errors.Is(err, ErrLeft) || !strings.Contains(err.Error(), "slotstorm clean") {
		t.Errorf("the release: %v", err)
	}
	if left := podNames(t, c, n.Name); left != "theirs" {
		t.Errorf("pods left: %q", left)
	}
}

// TestAnotherRunsLeaseIsLeftAlone has somebody else's lease in the place of the run's.
func TestAnotherRunsLeaseIsLeftAlone(t *testing.T) {
	c, _ := cluster(setAside("team"))
	n := take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
	if err := c.Client.CoordinationV1().Leases("team").Delete(t.Context(), leaseName, api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	other := take(t, c, TakeOptions{RunID: otherID, Prepared: "team"})
	if err := n.Release(); err != nil {
		t.Errorf("%v", err)
	}
	if l := lease(t, c, "team", leaseName); l.UID != other.lease {
		t.Errorf("the lease is another one: %+v", l)
	}
}

// TestAReleaseThatIsNotDoneInTimeSaysSo bends time.
func TestAReleaseThatIsNotDoneInTimeSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, objects := cluster(setAside("team"))
		n := take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
		objects.Refuse("list", "pods", kubetest.Forbidden())
		err := n.Release()
		if !errors.Is(err, ErrLeft) || !api.IsForbidden(err) || !strings.Contains(err.Error(), "not gone after 3m0s") {
			t.Errorf("%v", err)
		}
	})
}

func TestADeploymentIsKeptAndUsedByLaterRuns(t *testing.T) {
	c, _ := cluster()
	n := take(t, c, TakeOptions{RunID: runID, Deployment: "lab"})
	pod(t, c, n.Name, "redis", n)
	if err := n.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, strays, err := c.Find(t.Context(), n.Name)
	if err != nil || len(strays) > 0 || len(found) != 1 || !found[0].Kept || found[0].Deployment != "lab" {
		t.Fatalf("%+v %+v %v", found, strays, err)
	}
	use, err := c.Use(t.Context(), found[0], otherID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Use(t.Context(), found[0], "third-20261123T070000Z-ef56"); err == nil || !strings.Contains(err.Error(), "held by run "+otherID) {
		t.Errorf("two runs use it: %v", err)
	}
	if use.Labels()[RunLabel] != ShortID(otherID) || use.DeployedLabels()[RunLabel] != ShortID(runID) {
		t.Errorf("labels %v, of the deployment %v", use.Labels(), use.DeployedLabels())
	}
	pod(t, c, n.Name, "generator", use)
	if err := use.Release(); err != nil {
		t.Fatal(err)
	}
	if left := podNames(t, c, n.Name); left != "redis" {
		t.Errorf("after the use there is %q", left)
	}
	if err := c.Of(found[0]).Release(); err != nil {
		t.Fatal(err)
	}
	if left := podNames(t, c, n.Name); left != "" {
		t.Errorf("after the deployment there is %q", left)
	}
}
