package kube

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

func TestConnectLearnsTheVersionAndWhoAssignsUsers(t *testing.T) {
	s := kubetest.New(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, kubetest.Kubeconfig(t, "lab", s.Entry()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
	for _, openshift := range []bool{false, true} {
		s.AssignsUsers = openshift
		c, err := Connect(t.Context(), Options{Named: true})
		if err != nil || c.Version != "v1.34.3" || c.Context != "lab" || c.AssignsUsers != openshift {
			t.Errorf("%+v %v", c, err)
		}
	}
	if n := s.Writes(); n != 0 {
		t.Errorf("%d requests would have changed something", n)
	}
}

func TestAContextThatCannotBeUsedIsExplained(t *testing.T) {
	s := kubetest.New(t)
	text := kubetest.Kubeconfig(t, "lab", s.Entry())
	nameless := []byte(strings.Replace(string(text), "current-context: lab", "current-context: \"\"", 1))
	for name, tc := range map[string]struct {
		o    Options
		want string
	}{
		"an unknown context":  {Options{Kubeconfig: text, Context: "prod"}, `no context "prod"; it has lab`},
		"no current context":  {Options{Kubeconfig: nameless}, "--context NAME"},
		"an empty kubeconfig": {Options{Kubeconfig: []byte("{}"), Context: "prod"}, `no context "prod"`},
		"not a kubeconfig":    {Options{Kubeconfig: []byte("]")}, "reading the kubeconfig"},
		"not in a pod":        {Options{Context: InCluster}, `context "in-cluster"`},
	} {
		t.Run(name, func(t *testing.T) {
			tc.o.Named = true
			if _, err := Connect(t.Context(), tc.o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	t.Setenv("KUBECONFIG", "/dev/zero")
	if _, err := Connect(t.Context(), Options{Named: true}); err == nil || !strings.Contains(err.Error(), "reading the kubeconfig") {
		t.Errorf("a kubeconfig without an end: %v", err)
	}
}

func TestAServerThatDoesNotServeIsExplained(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, tc := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"another program": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }, "is no Kubernetes API server"},
		"no version":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }, "is no Kubernetes API server"},
		"refused":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "log in again"},
		"broken":          {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "asking the API server"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(tc.serve)
			defer s.Close()
			o := Options{Named: true, Kubeconfig: kubetest.Kubeconfig(t, "lab", api.KubeconfigCluster{Server: s.URL})}
			if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), `context "lab"`) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	for want, url := range map[string]string{"does not answer: is the cluster up": gone.URL, "name is not known": "https://api.production.invalid"} {
		o := Options{Named: true, Kubeconfig: kubetest.Kubeconfig(t, "lab", api.KubeconfigCluster{Server: url})}
		if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}
