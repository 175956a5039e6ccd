package kube

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// apiServer answers as an API server with some nodes does. asked counts requests.
func apiServer(t *testing.T, nodes ...v1.Node) (s *httptest.Server, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	s = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var answer any
		switch r.URL.Path {
		case "/version":
			answer = map[string]string{"major": "1", "minor": "34", "gitVersion": "v1.34.3"}
		case "/api/v1/nodes":
			answer = v1.NodeList{TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"}, Items: nodes}
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
	return s, asked
}

// leadsTo is a kubeconfig that has one context, which leads to a server.
func leadsTo(t *testing.T, name string, cluster api.Cluster) []byte {
	t.Helper()
	config := api.NewConfig()
	config.Clusters["c"] = &cluster
	config.AuthInfos["u"] = &api.AuthInfo{Token: "t"}
	config.Contexts[name] = &api.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = name
	raw, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func certificate(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

func node(name, provider, boot string, labels map[string]string) v1.Node {
	return v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: v1.NodeSpec{ProviderID: provider},
		Status: v1.NodeStatus{NodeInfo: v1.NodeSystemInfo{BootID: boot}},
	}
}

// TestTheServerSaysWhetherAClusterIsForTrials connects to API servers whose contexts
// are called all sorts of names.
func TestTheServerSaysWhetherAClusterIsForTrials(t *testing.T) {
	here, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	const elsewhere = "11111111-2222-3333-4444-555555555555"
	mini := map[string]string{"minikube.k8s.io/name": "minikube"}
	kindNode, foreignKind := node("x-control-plane", "kind://docker/x/x-control-plane", here, nil), node("x-control-plane", "kind://docker/x/x-control-plane", elsewhere, nil)
	for _, tc := range []struct {
		name, context string
		nodes         []v1.Node
		change        func(*Options, *api.Cluster)
		why           string
		linux         bool // what it takes is known on Linux alone
	}{
		{name: "kind", context: "kind-x", nodes: []v1.Node{kindNode}},
		{name: "kind by another name", context: "lab", nodes: []v1.Node{kindNode}},
		{name: "k3d", context: "k3d-x", nodes: []v1.Node{node("k3d-x-server-0", "k3s://k3d-x-server-0", here, nil), node("k3d-x-agent-0", "k3s://k3d-x-agent-0", here, nil)}},
		{name: "minikube", context: "minikube", nodes: []v1.Node{node("minikube", "", here, mini)}},
		{name: "a tunnel to production", context: "kind-of-production", nodes: []v1.Node{node("ip-10-0-0-1", "aws:///eu-west-1a/i-0123", elsewhere, nil)}, why: "node ip-10-0-0-1 was not made by any of them"},
		{name: "a server on this machine", context: "minikube", nodes: []v1.Node{node("host", "k3s://host", here, nil)}, why: "node host was not made by any of them"},
		{name: "one node of another kind", context: "kind-x", nodes: []v1.Node{kindNode, node("edge", "", here, nil)}, why: "node edge was not made by any of them"},
		{name: "no nodes", context: "kind-x", why: "it has no nodes"},
		{name: "kind of another machine", context: "kind-x", nodes: []v1.Node{foreignKind}, why: "runs on the kernel of another machine", linux: true},
		{name: "the engine knows it", context: "kind-x", nodes: []v1.Node{foreignKind}, change: func(o *Options, c *api.Cluster) {
			o.Vouch = func(_ context.Context, server string, ca []byte) (bool, error) {
				return server == c.Server && string(ca) == string(c.CertificateAuthorityData), nil
			}
		}},
		{name: "the engine does not answer", context: "kind-x", nodes: []v1.Node{foreignKind}, change: func(o *Options, _ *api.Cluster) {
			o.Vouch = func(context.Context, string, []byte) (bool, error) { return false, errors.New("no Docker") }
		}, why: "the container engine of this one cannot be asked: no Docker", linux: true},
		{name: "named", context: "kind-of-production", nodes: []v1.Node{node("ip", "aws:///i", elsewhere, nil)}, change: func(o *Options, _ *api.Cluster) { o.Named = true }},
		{name: "through a proxy", context: "kind-x", nodes: []v1.Node{kindNode}, change: func(_ *Options, c *api.Cluster) { c.ProxyURL = "http://192.0.2.1:3128" }, why: "through a proxy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.linux && runtime.GOOS != "linux" {
				t.Log("containers run in a virtual machine here")
				return
			}
			s, _ := apiServer(t, tc.nodes...)
			cluster := api.Cluster{Server: s.URL, CertificateAuthorityData: certificate(s)}
			var o Options
			if tc.change != nil {
				tc.change(&o, &cluster)
			}
			o.Kubeconfig = leadsTo(t, tc.context, cluster)
			_, err := Connect(t.Context(), o)
			if tc.why == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var unnamed *Unnamed
			if !errors.As(err, &unnamed) || !strings.Contains(err.Error(), tc.why) || !strings.Contains(err.Error(), "--context "+tc.context) {
				t.Errorf("%v, want %q", err, tc.why)
			}
		})
	}
}

// TestAnotherMachineIsNotSpokenTo has a context with a harmless name and the address
// of another machine: no connection is made, and nobody gets the credentials.
func TestAnotherMachineIsNotSpokenTo(t *testing.T) {
	s, asked := apiServer(t)
	for _, server := range []string{"https://192.0.2.1:6443", "https://[2001:db8::1]:6443", "https://api.production.invalid:6443"} {
		cluster := api.Cluster{Server: server, CertificateAuthorityData: certificate(s)}
		_, err := Connect(t.Context(), Options{Kubeconfig: leadsTo(t, "kind-of-production", cluster)})
		var unnamed *Unnamed
		if !errors.As(err, &unnamed) {
			t.Errorf("%s: %v", server, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestWhereAnAPIServerIs(t *testing.T) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"https://127.0.0.1:6443", "https://localhost:6443", "https://[::1]:6443", "https://0.0.0.0:6443", "127.0.0.1:6443"}
	for _, a := range addrs {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && ip.To4() != nil {
			hosts = append(hosts, "https://"+net.JoinHostPort(ip.String(), "6443"))
		}
	}
	for _, host := range hosts {
		if where, err := whereabouts(t.Context(), &rest.Config{Host: host}); err != nil || where != loopback {
			t.Errorf("%s: %v %v", host, where, err)
		}
	}
}

// TestABridgeWithADeviceIsNotThisMachinesOwn goes by folders as sysfs has them.
func TestABridgeWithADeviceIsNotThisMachinesOwn(t *testing.T) {
	for name, tc := range map[string]struct {
		paths []string
		want  bool
	}{
		"a card":                 {[]string{"device"}, false},
		"a bridge of containers": {[]string{"bridge", "brif/veth1"}, true},
		"a bridge with a card":   {[]string{"bridge", "brif/veth1", "brif/eth0/device"}, false},
	} {
		sys := t.TempDir()
		for _, p := range tc.paths {
			if err := os.MkdirAll(filepath.Join(sys, p), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if got := inner(sys); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
