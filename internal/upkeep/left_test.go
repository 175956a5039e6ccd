package upkeep

import (
	"errors"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// A run that was killed in a drain, and whose namespace somebody else has removed, has left a
// cordon.
func TestACordonIsLiftedWithoutANamespace(t *testing.T) {
	server := production(t, "production")
	const run = "20261123t050000z-ab12"
	cordoned := func() *api.Node {
		n, err := server.Objects.CoreV1().Nodes().Get(t.Context(), "ip-10-0-0-1", api.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := (&kube.Cluster{Client: server.Client()}).SetCordon(t.Context(), cordoned(), run, true); err != nil {
		t.Fatal(err)
	}
	r, err := Recover(t.Context(), foreignBundle(t, "production"), RecoverOptions{Context: "production"})
	if err != nil || len(r.Removed) != 1 || r.Removed[0] != "cordon ip-10-0-0-1" {
		t.Errorf("%+v %v", r, err)
	}
	if n := cordoned(); n.Spec.Unschedulable || n.Annotations[kube.CordonAnnotation] != "" {
		t.Errorf("%+v", n)
	}
}

// Pods whose lease is gone are not yet removed: recover must not say that nothing is left.
func TestPodsThatOutliveTheirLeaseAreNotNothing(t *testing.T) {
	server := production(t, "production")
	const run = "20261123t050000z-ab12"
	pod := &api.Pod{ObjectMeta: api.ObjectMeta{Name: "redis-0", Namespace: "team", Labels: map[string]string{kube.RunLabel: run}}}
	if _, err := server.Objects.CoreV1().Pods("team").Create(t.Context(), pod, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := Recover(t.Context(), foreignBundle(t, "production"), RecoverOptions{Context: "production"})
	if !errors.Is(err, ErrUnhealed) || !strings.Contains(err.Error(), "pod redis-0") {
		t.Errorf("%+v %v", r, err)
	}
}
