package upkeep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/results"
)

// production is an API server on a loopback address, as through a tunnel, with a
// node of a cloud.
func production(t *testing.T, context string) *kubetest.Server {
	t.Helper()
	s := kubetest.New(t, &api.Node{ObjectMeta: api.ObjectMeta{Name: "ip-10-0-0-1"}, Spec: api.NodeSpec{ProviderID: "aws:///i-1"}})
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, kubetest.Kubeconfig(t, context, s.Entry()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
	return s
}

// foreignBundle is a run of another user, whose journal names a context.
func foreignBundle(t *testing.T, context string) string {
	t.Helper()
	root := t.TempDir()
	w, err := results.Create(root, "sent-20261123T050000Z-ab12", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	const scenario = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: small}
cluster: {provider: kube, kube: {generatorImage: x}}
redis: {auth: {enabled: false}}
workload: {rate: 200}
timeline: {phases: [{name: calm, duration: 3s}]}
`
	if err := results.WriteFile(w.Path(results.ScenarioFile), []byte(scenario)); err != nil {
		t.Fatal(err)
	}
	if err := w.Journal(results.JournalEntry{Step: "place", Why: "context " + context, Kubernetes: &results.KubernetesPlace{Context: context}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Dir()
}

// TestARecordedContextIsNotNamedByTheUser recovers from a bundle that names a
// context of the user's own kubeconfig, which is called as if it were kind's.
func TestARecordedContextIsNotNamedByTheUser(t *testing.T) {
	for _, context := range []string{"production", "kind-of-production"} {
		server := production(t, context)
		_, err := Recover(t.Context(), foreignBundle(t, context), RecoverOptions{})
		command := "slotstorm recover sent-20261123T050000Z-ab12 --context " + context
		if !errors.Is(err, ErrUnhealed) || !strings.Contains(err.Error(), "the run's journal names context") || !strings.HasSuffix(err.Error(), command) {
			t.Errorf("%s: %v, want the command %q", context, err, command)
		}
		found, err := Clean(t.Context(), CleanOptions{Where: Where{Provider: "kube", Context: context, Recorded: true, Note: func(string) {}}})
		if err == nil || !strings.Contains(err.Error(), "name it on the command line") {
			t.Errorf("clean: %+v %v", found, err)
		}
		if n := server.Writes(); n != 0 {
			t.Errorf("%s: %d requests would have changed something", context, n)
		}
		r, err := Recover(t.Context(), foreignBundle(t, context), RecoverOptions{Context: context})
		if err != nil || !strings.Contains(r.Seen, "nothing of the run is left in "+context) {
			t.Errorf("named: %+v %v", r, err)
		}
	}
}
