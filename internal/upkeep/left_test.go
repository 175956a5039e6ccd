package upkeep

import (
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
