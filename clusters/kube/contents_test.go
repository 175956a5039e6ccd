package kube

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Objects are compared by the fields that an owner writes, and not by their status.
func TestContentsAreWhatAnOwnerWrites(t *testing.T) {
	set := &api.StatefulSet{ObjectMeta: api.ObjectMeta{Name: "redis", Namespace: "shop"}}
	gone := &api.ConfigMap{ObjectMeta: api.ObjectMeta{Name: "old", Namespace: "shop"}}
	c, _ := cluster(set, gone)
	contents := func() Contents {
		t.Helper()
		is, err := c.Contents(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	was := contents()
	set.Status.ReadyReplicas, set.Generation = 3, 7
	if _, err := c.Client.AppsV1().StatefulSets("shop").UpdateStatus(t.Context(), set, api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if changed := was.Changed(contents()); len(changed) > 0 {
		t.Errorf("a status is no content: %v", changed)
	}
	set.Spec.Template.Annotations = map[string]string{"restarted": "now"}
	if _, err := c.Client.AppsV1().StatefulSets("shop").Update(t.Context(), set, api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Client.CoreV1().ConfigMaps("shop").Delete(t.Context(), "old", api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	made := &api.ConfigMap{ObjectMeta: api.ObjectMeta{Name: "new", Namespace: "shop"}}
	if _, err := c.Client.CoreV1().ConfigMaps("shop").Create(t.Context(), made, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"ConfigMap/old is gone", "StatefulSet/redis has another content", "ConfigMap/new is new"}
	if changed := was.Changed(contents()); !slices.Equal(changed, want) {
		t.Errorf("changed: %q, want %q", changed, want)
	}
}
