// Package kubetest is a Kubernetes API server for tests. Objects live in client-go's
// fake clientset, to which it adds the rules that slotstorm relies on: uids,
// preconditions, dry runs, and owners that take what they own with them. The streams
// into pods (exec, port-forward) are real ones, over HTTPS.
package kubetest

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Server is an API server.
type Server struct {
	// Objects are what it keeps.
	Objects *Clientset
	// Config leads to it.
	Config *rest.Config
	// AssignsUsers has it offer OpenShift's security context constraints.
	AssignsUsers bool
	Streams

	http   *httptest.Server
	remote *kubernetes.Clientset
	// requests counts what was asked over HTTP, writes what would have changed
	// something.
	requests, writes atomic.Int32
}

// New starts a server with some objects. It ends with the test.
func New(t testing.TB, objects ...runtime.Object) *Server {
	t.Helper()
	s := &Server{Objects: NewClientset(objects...)}
	s.http = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.http.CloseClientConnections() // those of streams too
		s.http.Close()
	})
	s.Config = &rest.Config{Host: s.http.URL, TLSClientConfig: rest.TLSClientConfig{CAData: s.Authority()}}
	s.remote = At(t, s.Config)
	return s
}

// At is a client of a server elsewhere, such as one that does not answer.
func At(t testing.TB, config *rest.Config) *kubernetes.Clientset {
	t.Helper()
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// WithNodes starts a server that has some nodes.
func WithNodes(t testing.TB, nodes ...api.Node) *Server {
	t.Helper()
	var objects []runtime.Object
	for _, n := range nodes {
		objects = append(objects, &n)
	}
	return New(t, objects...)
}

// Authority is the certificate to trust, in PEM.
func (s *Server) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
}

// URL is where it listens.
func (s *Server) URL() string { return s.http.URL }

// Requests counts the requests over HTTP.
func (s *Server) Requests() int { return int(s.requests.Load()) }

// Writes counts the requests over HTTP that would have changed something.
func (s *Server) Writes() int { return int(s.writes.Load()) }

// Entry is the server's entry in a kubeconfig.
func (s *Server) Entry() api.KubeconfigCluster {
	return api.KubeconfigCluster{Server: s.URL(), CertificateAuthorityData: s.Authority()}
}

// Kubeconfig is a kubeconfig with one context, which is the current one and leads to
// a cluster.
func Kubeconfig(t testing.TB, context string, cluster api.KubeconfigCluster) []byte {
	t.Helper()
	config := api.NewKubeconfig()
	config.Clusters["c"] = &cluster
	config.AuthInfos["u"] = &api.KubeconfigUser{Token: "t"}
	config.Contexts[context] = &api.KubeconfigContext{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = context
	raw, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// serve answers the requests that a new client makes, and opens streams.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	// api/v1/namespaces/NAMESPACE/pods/POD/exec
	if len(parts) == 7 && parts[4] == "pods" {
		switch parts[6] {
		case "exec":
			s.exec(w, r, parts[5])
			return
		case "portforward":
			s.forward(w, r, parts[5])
			return
		case "log":
			s.log(w, r, parts[5])
			return
		}
	}
	if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "selfsubject") {
		s.writes.Add(1)
	}
	answer, err := s.answer(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if answer == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // who asked may be gone
}

// answer is what a GET of some paths gives, a review of rights, and a patch of a node; nil for
// any other.
func (s *Server) answer(r *http.Request) (any, error) {
	ctx := r.Context()
	if name, ok := strings.CutPrefix(r.URL.Path, "/api/v1/nodes/"); ok && r.Method == http.MethodPatch {
		return s.patchNode(r, name)
	}
	switch filepath.Clean(r.URL.Path) {
	case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var review api.SelfSubjectAccessReview
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw, nil, &review); err != nil { // a client sends Protobuf
			return nil, err
		}
		answer, err := s.Objects.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &review, api.CreateOptions{})
		if answer != nil {
			answer.TypeMeta = api.TypeMeta{Kind: "SelfSubjectAccessReview", APIVersion: "authorization.k8s.io/v1"}
		}
		return answer, err
	case "/version":
		return map[string]string{"major": "1", "minor": "34", "gitVersion": "v1.34.3"}, nil
	case "/apis/security.openshift.io":
		if s.AssignsUsers {
			return map[string]string{"kind": "APIGroup", "apiVersion": "v1", "name": "security.openshift.io"}, nil
		}
	}
	return s.list(r)
}

// list is a list of all objects of a kind; nil for a kind that no test asks for.
func (s *Server) list(r *http.Request) (any, error) {
	ctx := r.Context()
	switch filepath.Clean(r.URL.Path) {
	case "/api/v1/nodes":
		list, err := s.Objects.CoreV1().Nodes().List(ctx, api.ListOptions{})
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "NodeList", APIVersion: "v1"}
		}
		return list, err
	case "/api/v1/namespaces":
		list, err := s.Objects.CoreV1().Namespaces().List(ctx, api.ListOptions{})
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "NamespaceList", APIVersion: "v1"}
		}
		return list, err
	case "/api/v1/pods":
		list, err := s.Objects.CoreV1().Pods("").List(ctx, selected(r))
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "PodList", APIVersion: "v1"}
		}
		return list, err
	case "/api/v1/persistentvolumeclaims":
		list, err := s.Objects.CoreV1().PersistentVolumeClaims("").List(ctx, selected(r))
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "PersistentVolumeClaimList", APIVersion: "v1"}
		}
		return list, err
	case "/api/v1/persistentvolumes":
		list, err := s.Objects.CoreV1().PersistentVolumes().List(ctx, api.ListOptions{})
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "PersistentVolumeList", APIVersion: "v1"}
		}
		return list, err
	case "/apis/storage.k8s.io/v1/storageclasses":
		list, err := s.Objects.StorageV1().StorageClasses().List(ctx, api.ListOptions{})
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "StorageClassList", APIVersion: "storage.k8s.io/v1"}
		}
		return list, err
	case "/apis/coordination.k8s.io/v1/leases":
		list, err := s.Objects.CoordinationV1().Leases("").List(ctx, api.ListOptions{})
		if list != nil {
			list.TypeMeta = api.TypeMeta{Kind: "LeaseList", APIVersion: "coordination.k8s.io/v1"}
		}
		return list, err
	}
	return nil, nil
}

// selected are the options of a list request.
func selected(r *http.Request) api.ListOptions {
	return api.ListOptions{LabelSelector: r.URL.Query().Get("labelSelector")}
}

func (s *Server) patchNode(r *http.Request, name string) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	n, err := s.Objects.CoreV1().Nodes().Patch(r.Context(), name, types.PatchType(r.Header.Get("Content-Type")), raw, api.PatchOptions{})
	if n != nil {
		n.TypeMeta = api.TypeMeta{Kind: "Node", APIVersion: "v1"}
	}
	return n, err
}
