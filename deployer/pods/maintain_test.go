package pods

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/internal/dial"
)

func machines(t *testing.T, s *kubetest.Server, names ...string) func(name string) *api.Node {
	t.Helper()
	for _, name := range names {
		if _, err := s.Objects.CoreV1().Nodes().Create(t.Context(), &api.Node{ObjectMeta: api.ObjectMeta{Name: name}}, api.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) *api.Node {
		t.Helper()
		n, err := s.Objects.CoreV1().Nodes().Get(t.Context(), name, api.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func TestAMachineIsCordonedForTheRunAlone(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	machine := machines(t, s, "one", "two")
	if err := d.CheckCordon(t.Context(), "one"); err != nil || machine("one").Spec.Unschedulable {
		t.Errorf("a check changes the machine: %v", err)
	}
	if err := d.Cordon(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	if on, err := d.Cordoned(t.Context(), "one"); !on || err != nil || machine("one").Annotations[kube.CordonAnnotation] != d.Place().Run {
		t.Errorf("%v %v %+v", on, err, machine("one"))
	}
	if err := d.CheckCordon(t.Context(), "one"); err == nil || !strings.Contains(err.Error(), "cordoned already") {
		t.Errorf("%v", err)
	}
	// Another's cordon is not taken back.
	if err := d.Place().SetCordon(t.Context(), machine("two"), "another", true); err != nil {
		t.Fatal(err)
	}
	if err := d.Uncordon(t.Context(), "two"); err != nil || !machine("two").Spec.Unschedulable {
		t.Errorf("another's: %v %+v", err, machine("two"))
	}
	// What a drain that was cut short has left is brought back in the end.
	refusal := s.Objects.Refuse("patch", "nodes", kubetest.Forbidden())
	if err := d.uncordonAll(); !api.IsForbidden(err) || !strings.Contains(err.Error(), "'kubectl uncordon one'") {
		t.Errorf("%v", err)
	}
	if err := d.CheckCordon(t.Context(), "one"); err == nil {
		t.Error("no error")
	}
	refusal.End()
	if err := d.uncordonAll(); err != nil || machine("one").Spec.Unschedulable {
		t.Errorf("%v %+v", err, machine("one"))
	}
	if on, err := d.Cordoned(t.Context(), "one"); on || err != nil {
		t.Errorf("%v %v", on, err)
	}
}

func TestAUserWhoMayNotTouchMachinesLearnsWhy(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	machines(t, s, "one")
	for verb, want := range map[string]string{"get": "may not look at machines", "patch": "may not cordon machines"} {
		refusal := s.Objects.Refuse(verb, "nodes", kubetest.Forbidden())
		if err := d.CheckCordon(t.Context(), "one"); !api.IsForbidden(err) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Role of a namespace") {
			t.Errorf("%v, want %q", err, want)
		}
		refusal.End()
	}
	if err := d.Cordon(t.Context(), "nowhere"); !api.IsNotFound(err) || !strings.Contains(err.Error(), "machine nowhere") {
		t.Errorf("%v", err)
	}
}

func TestAnEvictionIsRefusedByItsBudget(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	pod := running(t, d, s, "shard-0-0")
	for name, tc := range map[string]struct {
		err     error
		refused string
		fails   bool
	}{
		"it is allowed":    {nil, "", false},
		"the budget":       {api.NewTooManyRequests("Cannot evict pod", "The disruption budget redis needs 1 healthy pods and has 1 currently"), "The disruption budget redis needs 1 healthy pods and has 1 currently", false},
		"it has gone":      {api.NewNotFound("pods", "shard-0-0"), "", false},
		"it may not":       {kubetest.Forbidden(), "", true},
		"the server fails": {errors.New("away"), "", true},
	} {
		refusal := s.Objects.Refuse("create", "pods/eviction", tc.err)
		refused, err := d.Evict(t.Context(), pod)
		refusal.End()
		if refused != tc.refused || (err != nil) != tc.fails || err != nil && !strings.Contains(err.Error(), "evicting pod shard-0-0") {
			t.Errorf("%s: %q %v", name, refused, err)
		}
	}
}

func TestARollMarksTheTemplate(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	sets := s.Objects.AppsV1().StatefulSets(d.Namespace())
	if err := d.Roll(t.Context(), 0); !api.IsNotFound(err) || !strings.Contains(err.Error(), "rolling StatefulSet shard-0") {
		t.Errorf("%v", err)
	}
	if err := New(planOf(d.options, dial.Security{}, nil)).apply(t.Context(), d.Place().Cluster, d.Namespace(), api.ApplyOptions{FieldManager: kube.Manager}); err != nil {
		t.Fatal(err)
	}
	var marks []string
	for range 2 {
		if err := d.Roll(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		set, err := sets.Get(t.Context(), "shard-0", api.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		marks = append(marks, set.Spec.Template.Annotations[restartAnnotation])
		if set.Spec.Template.Spec.Containers[0].Image != "redis:7.0" {
			t.Errorf("the template is changed: %+v", set.Spec.Template)
		}
	}
	if marks[0] == "" || marks[0] == marks[1] {
		t.Errorf("marks %q", marks)
	}
}

// TestAnImageIsSetOnceItsControllerKnows bends time: the controller takes a while to
// notice.
func TestAnImageIsSetOnceItsControllerKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := &api.StatefulSet{ObjectMeta: api.ObjectMeta{Name: "shard-0", Generation: 2}}
		set.Spec.Template.Spec.Containers = []api.Container{{Name: Container, Image: "redis:7.0"}, {Name: "sidecar", Image: "sidecar:1"}}
		c := kubetest.NewClientset()
		n, err := (&kube.Cluster{Client: c}).Take(t.Context(), kube.TakeOptions{RunID: testRun})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Leave()
		sets := c.AppsV1().StatefulSets(n.Name)
		if _, err := sets.Create(t.Context(), set, api.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, func() {
			is, err := sets.Get(t.Context(), "shard-0", api.GetOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			is.Status.ObservedGeneration = 2
			if _, err := sets.UpdateStatus(t.Context(), is, api.UpdateOptions{}); err != nil {
				t.Error(err)
			}
		})
		d := newDeployment(Options{Namespace: n, Redis: redisWith("")})
		began := time.Now()
		if err := d.setImage(t.Context(), 0, "redis:8.0"); err != nil || time.Since(began) < 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		is, err := sets.Get(t.Context(), "shard-0", api.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		images := is.Spec.Template.Spec.Containers
		if images[0].Image != "redis:8.0" || images[1].Image != "sidecar:1" || is.Spec.UpdateStrategy.Type != api.OnDeleteStatefulSetStrategyType {
			t.Errorf("%+v", is.Spec)
		}
	})
}

// After an upgrade the controller of StatefulSets leaves pods alone, until a roll.
func TestARollAfterAnUpgradeReplacesPods(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	sets := s.Objects.AppsV1().StatefulSets(d.Namespace())
	if err := New(planOf(d.options, dial.Security{}, nil)).apply(t.Context(), d.Place().Cluster, d.Namespace(), api.ApplyOptions{FieldManager: kube.Manager}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.setImage(t.Context(), 0, "redis:8.0"); err != nil {
			t.Fatal(err)
		}
		if set, err := sets.Get(t.Context(), "shard-0", api.GetOptions{}); err != nil || set.Spec.UpdateStrategy.Type != api.OnDeleteStatefulSetStrategyType {
			t.Fatalf("%v %+v", err, set.Spec.UpdateStrategy)
		}
		if err := d.Roll(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if set, err := sets.Get(t.Context(), "shard-0", api.GetOptions{}); err != nil || set.Spec.UpdateStrategy.Type != "RollingUpdate" {
			t.Errorf("%v %+v", err, set.Spec.UpdateStrategy)
		}
	}
}
