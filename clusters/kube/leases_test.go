package kube

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

func TestFindCountsOnlyWhatIsProved(t *testing.T) {
	forged := &api.Lease{ObjectMeta: api.ObjectMeta{Name: leaseName, Namespace: "theirs", Labels: map[string]string{RunLabel: "x"}, Annotations: map[string]string{uidAnnotation: "another"}}}
	labelled := &api.Namespace{ObjectMeta: api.ObjectMeta{Name: "labelled", Labels: map[string]string{RunLabel: ShortID(runID)}, Annotations: map[string]string{RunAnnotation: runID}}}
	c, _ := cluster(&api.Namespace{ObjectMeta: api.ObjectMeta{Name: "theirs", UID: "1"}}, forged, labelled, setAside("team"))
	made := take(t, c, TakeOptions{RunID: runID})
	take(t, c, TakeOptions{RunID: otherID, Prepared: "team"})
	found, strays, err := c.Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, h := range found {
		held = append(held, h.Namespace+" by "+h.RunID)
	}
	if want := []string{made.Name + " by " + runID, "team by " + otherID}; !slices.Equal(held, want) {
		t.Errorf("held: %q, not %q", held, want)
	}
	var why []string
	for _, s := range strays {
		why = append(why, s.Namespace+": "+s.Why)
	}
	slices.Sort(why)
	if len(why) != 2 || !strings.Contains(why[0], "labelled: it has the label") || !strings.Contains(why[1], "theirs: lease slotstorm-run: it is of a namespace with uid") {
		t.Errorf("strays %q", why)
	}
	if found, _, err := c.Find(t.Context(), "team"); err != nil || len(found) != 1 || found[0].Made {
		t.Errorf("in team: %+v %v", found, err)
	}
}

// TestANamespaceOfAKilledRunIsFoundWithoutItsLease has a run that was killed between
// making the two: the API server has noted who made the namespace.
func TestANamespaceOfAKilledRunIsFoundWithoutItsLease(t *testing.T) {
	c, _ := cluster()
	n := take(t, c, TakeOptions{RunID: runID})
	if err := c.Client.CoordinationV1().Leases(n.Name).Delete(t.Context(), leaseName, api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	found, strays, err := c.Find(t.Context(), "")
	if err != nil || len(strays) > 0 || len(found) != 1 || found[0].RunID != runID || !found[0].Made {
		t.Fatalf("%+v %+v %v", found, strays, err)
	}
	if err := c.Of(found[0]).Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client.CoreV1().Namespaces().Get(t.Context(), n.Name, api.GetOptions{}); !api.IsNotFound(err) {
		t.Errorf("it is there: %v", err)
	}
}

func TestFindSaysWhatAUserMayNotSee(t *testing.T) {
	c, objects := cluster(setAside("team"))
	take(t, c, TakeOptions{RunID: runID, Prepared: "team"})
	refusal := objects.Refuse("list", "leases", kubetest.Forbidden())
	if _, _, err := c.Find(t.Context(), ""); !api.IsForbidden(err) || !strings.Contains(err.Error(), "--namespace") {
		t.Errorf("all leases: %v", err)
	}
	refusal.End()
	// Who may not list namespaces has made none.
	objects.Refuse("list", "namespaces", kubetest.Forbidden())
	if found, _, err := c.Find(t.Context(), ""); err != nil || len(found) != 1 {
		t.Errorf("all namespaces: %+v %v", found, err)
	}
	objects.Refuse("get", "namespaces", kubetest.Forbidden())
	if _, _, err := c.Find(t.Context(), "team"); !api.IsForbidden(err) || !strings.Contains(err.Error(), "looking at namespace team") {
		t.Errorf("one namespace: %v", err)
	}
}

// TestOnlyRunsThatEndedAreDead bends time: one run lives, one was killed, one has
// released its lease meanwhile, and one has kept its deployment.
func TestOnlyRunsThatEndedAreDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := cluster(setAside("alive"), setAside("dead"), setAside("gone"), setAside("kept"))
		for name, id := range map[string]string{"alive": "a-1-alive", "dead": "a-1-dead", "gone": "a-1-gone", "kept": "a-1-kept"} {
			n := take(t, c, TakeOptions{RunID: id, Prepared: name})
			switch name {
			case "dead":
				n.Leave()
			case "kept":
				if err := n.Keep(t.Context()); err != nil {
					t.Fatal(err)
				}
			case "gone":
				time.AfterFunc(leaseEvery/2, func() { _ = n.Release() })
			}
		}
		found, _, err := c.Find(t.Context(), "")
		if err != nil || len(found) != 4 {
			t.Fatalf("%+v %v", found, err)
		}
		began := time.Now()
		dead, err := c.Dead(t.Context(), found)
		if err != nil || len(dead) != 1 || dead[0].Namespace != "dead" {
			t.Errorf("%+v %v", dead, err)
		}
		if took := time.Since(began); took < leaseTime {
			t.Errorf("it was watched for %v; the lease runs for %v", took, leaseTime)
		}
		// By now the lease has run out by this machine's clock too: a living run would
		// have renewed it within sureLimit.
		began = time.Now()
		if dead, err := c.Dead(t.Context(), dead); err != nil || len(dead) != 1 {
			t.Errorf("a second look: %+v %v", dead, err)
		}
		if took := time.Since(began); took < sureLimit || took > sureLimit+2*time.Second {
			t.Errorf("a second look took %v, not %v", took, sureLimit)
		}
	})
}
