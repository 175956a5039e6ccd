package runner

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/results"
)

// production is an API server on a loopback address, as through a tunnel, with a
// node of a cloud; writes counts the requests that would change something.
func production(t *testing.T, context string) (writes *atomic.Int32) {
	t.Helper()
	writes = new(atomic.Int32)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "selfsubject") {
			writes.Add(1)
		}
		var answer any
		switch r.URL.Path {
		case "/version":
			answer = map[string]string{"major": "1", "minor": "34", "gitVersion": "v1.34.3"}
		case "/api/v1/nodes":
			answer = api.NodeList{
				TypeMeta: api.TypeMeta{Kind: "NodeList", APIVersion: "v1"},
				Items:    []api.Node{{ObjectMeta: api.ObjectMeta{Name: "ip-10-0-0-1"}, Spec: api.NodeSpec{ProviderID: "aws:///i-1"}}},
			}
		case "/apis/coordination.k8s.io/v1/leases":
			answer = map[string]any{"kind": "LeaseList", "apiVersion": "coordination.k8s.io/v1", "items": []any{}}
		case "/api/v1/namespaces":
			answer = map[string]any{"kind": "NamespaceList", "apiVersion": "v1", "items": []any{}}
		default:
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	config := api.NewKubeconfig()
	config.Clusters["c"] = &api.KubeconfigCluster{
		Server: s.URL, CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
	}
	config.AuthInfos["u"] = &api.KubeconfigUser{Token: "t"}
	config.Contexts[context] = &api.KubeconfigContext{Cluster: "c", AuthInfo: "u"}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
	return writes
}

// foreignBundle is a run that somebody sent, whose journal names a context.
func foreignBundle(t *testing.T, context string) string {
	t.Helper()
	root := t.TempDir()
	w, err := results.Create(root, "sent-20261123T050000Z-ab12", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	scenario := strings.Replace(small, "cluster: {local: {isolation: none, restartDelay: 4s}}", "cluster: {provider: kube, kube: {generatorImage: x}}", 1) + threeCalmSeconds
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
		writes := production(t, context)
		_, err := Recover(t.Context(), foreignBundle(t, context), "")
		command := "slotstorm recover sent-20261123T050000Z-ab12 --context " + context
		if !errors.Is(err, ErrUnhealed) || !strings.Contains(err.Error(), "the run's journal names context") || !strings.HasSuffix(err.Error(), command) {
			t.Errorf("%s: %v, want the command %q", context, err, command)
		}
		found, err := Clean(t.Context(), CleanOptions{Where: Where{Provider: "kube", Context: context, Recorded: true, Note: func(string) {}}})
		if err == nil || !strings.Contains(err.Error(), "name it on the command line") {
			t.Errorf("clean: %+v %v", found, err)
		}
		if n := writes.Load(); n != 0 {
			t.Errorf("%s: %d requests would have changed something", context, n)
		}
		r, err := Recover(t.Context(), foreignBundle(t, context), context)
		if err != nil || !strings.Contains(r.Seen, "nothing of the run is left in "+context) {
			t.Errorf("named: %+v %v", r, err)
		}
	}
}
