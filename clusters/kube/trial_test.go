package kube

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

func node(name, provider, boot string, labels map[string]string) api.Node {
	return api.Node{
		ObjectMeta: api.ObjectMeta{Name: name, Labels: labels}, Spec: api.NodeSpec{ProviderID: provider},
		Status: api.NodeStatus{NodeInfo: api.NodeSystemInfo{BootID: boot}},
	}
}

// trialCase is a cluster, and why it is not known to be one for trials.
type trialCase struct {
	name, context string
	nodes         []api.Node
	change        func(*Options, *api.KubeconfigCluster)
	why           string
	linux         bool // what it takes is known on Linux alone
}

// trialCases have contexts with all sorts of names; here is this machine's kernel.
func trialCases(here string) []trialCase {
	const elsewhere = "11111111-2222-3333-4444-555555555555"
	mini := map[string]string{"minikube.k8s.io/name": "minikube"}
	kindNode, foreignKind := node("x-control-plane", "kind://docker/x/x-control-plane", here, nil), node("x-control-plane", "kind://docker/x/x-control-plane", elsewhere, nil)
	return []trialCase{
		{name: "kind", context: "kind-x", nodes: []api.Node{kindNode}},
		{name: "kind by another name", context: "lab", nodes: []api.Node{kindNode}},
		{name: "k3d", context: "k3d-x", nodes: []api.Node{node("k3d-x-server-0", "k3s://k3d-x-server-0", here, nil), node("k3d-x-agent-0", "k3s://k3d-x-agent-0", here, nil)}},
		{name: "minikube", context: "minikube", nodes: []api.Node{node("minikube", "", here, mini)}},
		{name: "a tunnel to production", context: "kind-of-production", nodes: []api.Node{node("ip-10-0-0-1", "aws:///eu-west-1a/i-0123", elsewhere, nil)}, why: "node ip-10-0-0-1 was not made by any of them"},
		{name: "a server on this machine", context: "minikube", nodes: []api.Node{node("host", "k3s://host", here, nil)}, why: "node host was not made by any of them"},
		{name: "one node of another kind", context: "kind-x", nodes: []api.Node{kindNode, node("edge", "", here, nil)}, why: "node edge was not made by any of them"},
		{name: "no nodes", context: "kind-x", why: "it has no nodes"},
		{name: "kind of another machine", context: "kind-x", nodes: []api.Node{foreignKind}, why: "runs on the kernel of another machine", linux: true},
		{name: "the engine knows it", context: "kind-x", nodes: []api.Node{foreignKind}, change: func(o *Options, c *api.KubeconfigCluster) {
			o.Vouch = func(_ context.Context, server string, ca []byte) (bool, error) {
				return server == c.Server && string(ca) == string(c.CertificateAuthorityData), nil
			}
		}},
		{name: "the engine does not answer", context: "kind-x", nodes: []api.Node{foreignKind}, change: func(o *Options, _ *api.KubeconfigCluster) {
			o.Vouch = func(context.Context, string, []byte) (bool, error) { return false, errors.New("no Docker") }
		}, why: "the container engine of this one cannot be asked: no Docker", linux: true},
		{name: "named", context: "kind-of-production", nodes: []api.Node{node("ip", "aws:///i", elsewhere, nil)}, change: func(o *Options, _ *api.KubeconfigCluster) { o.Named = true }},
		{name: "through a proxy", context: "kind-x", nodes: []api.Node{kindNode}, change: func(_ *Options, c *api.KubeconfigCluster) { c.ProxyURL = "http://192.0.2.1:3128" }, why: "through a proxy"},
	}
}

// TestTheServerSaysWhetherAClusterIsForTrials connects to API servers whose contexts
// are called all sorts of names.
func TestTheServerSaysWhetherAClusterIsForTrials(t *testing.T) {
	here, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range trialCases(here) {
		t.Run(tc.name, func(t *testing.T) {
			if tc.linux && runtime.GOOS != "linux" {
				t.Log("containers run in a virtual machine here")
				return
			}
			cluster := kubetest.WithNodes(t, tc.nodes...).Entry()
			var o Options
			if tc.change != nil {
				tc.change(&o, &cluster)
			}
			o.Kubeconfig = kubetest.Kubeconfig(t, tc.context, cluster)
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
// of another machine: no connection is made, and no server gets the credentials.
func TestAnotherMachineIsNotSpokenTo(t *testing.T) {
	s := kubetest.WithNodes(t)
	for _, server := range []string{"https://192.0.2.1:6443", "https://[2001:db8::1]:6443", "https://api.production.invalid:6443"} {
		cluster := s.Entry()
		cluster.Server = server
		_, err := Connect(t.Context(), Options{Kubeconfig: kubetest.Kubeconfig(t, "kind-of-production", cluster)})
		var unnamed *Unnamed
		if !errors.As(err, &unnamed) {
			t.Errorf("%s: %v", server, err)
		}
	}
	if n := s.Requests(); n != 0 {
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
