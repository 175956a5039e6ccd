package pods

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

// made is a pod with some labels.
func made(name, namespace, labels string, env ...api.EnvVar) *api.Pod {
	p := &api.Pod{ObjectMeta: api.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{}}}
	for l := range strings.SplitSeq(labels, ",") {
		key, value, _ := strings.Cut(l, "=")
		p.Labels[key] = value
	}
	p.Spec.Containers = []api.Container{{Name: "server", Env: env}}
	return p
}

// Clusters of charts and operators are distinguished by their labels, and none consists of pods
// that are no nodes.
func TestDiscoverKnowsChartsAndOperators(t *testing.T) {
	t.Parallel()
	password := api.EnvVar{Name: "REDIS_PASSWORD", ValueFrom: &api.EnvVarSource{SecretKeyRef: &api.SecretKeySelector{LocalObjectReference: api.LocalObjectReference{Name: "shop-redis"}, Key: "redis-password"}}}
	secured := made("cart-leader-0", "ot", "redis_setup_type=cluster,app=cart-leader,role=leader", api.EnvVar{Name: "TLS_MODE", Value: "true"})
	secured.Spec.Volumes = []api.Volume{{Name: "tls-certs", VolumeSource: api.VolumeSource{Secret: &api.SecretVolumeSource{SecretName: "cart-tls"}}}}
	pods := []runtime.Object{
		made("shop-0", "a", "app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=shop", password),
		made("shop-1", "a", "app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=shop", password),
		made("bill-0", "a", "app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=bill"),
		secured,
		made("cart-follower-0", "ot", "redis_setup_type=cluster,app=cart-follower,role=follower"),
		made("single-0", "ot", "redis_setup_type=standalone,app=single,role=standalone"),
		made("valkey-0", "v", "valkey.io/cluster=mine,valkey.io/shard-index=0"),
		made("web-0", "a", "app.kubernetes.io/name=web,app.kubernetes.io/instance=shop"),
	}
	c := &kube.Cluster{Client: kubetest.NewClientset(pods...), Context: "kind-x"}
	list, err := Discover(t.Context(), c, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		namespace, selector string
		pods                int
	}{
		{"a", "app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=bill", 1},
		{"a", "app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=shop", 2},
		{"ot", "redis_setup_type=cluster,app in (cart-leader,cart-follower)", 2},
		{"v", "valkey.io/cluster=mine", 1},
	}
	if len(list) != len(want) {
		t.Fatalf("candidates %+v", list)
	}
	for i, w := range want {
		if is := list[i]; is.Attach.Namespace != w.namespace || is.Attach.Selector != w.selector || is.Pods != w.pods {
			t.Errorf("candidate %d is %+v, want %+v", i, is, w)
		}
	}
	if from := list[1].Attach.PasswordFrom; from == nil || from.Secret != "shop-redis" || from.Key != "redis-password" || list[0].Attach.PasswordFrom != nil {
		t.Errorf("the password is in %+v", from)
	}
	if ca := list[2].Attach.CAFrom; !list[2].TLS || ca == nil || ca.Secret != "cart-tls" || list[1].TLS {
		t.Errorf("TLS: %+v", list[2])
	}
	if list, err := Discover(t.Context(), c, "v"); err != nil || len(list) != 1 {
		t.Errorf("in one namespace: %+v %v", list, err)
	}
}

// The password of an exporter beside the server, and that of a user with a name, are not taken
// for the one of the cluster. Servers that require certificates of clients get one.
func TestDiscoverTakesNoPasswordOfOthers(t *testing.T) {
	t.Parallel()
	secret := func(name, of string) api.EnvVar {
		return api.EnvVar{Name: name, ValueFrom: &api.EnvVarSource{SecretKeyRef: &api.SecretKeySelector{LocalObjectReference: api.LocalObjectReference{Name: of}, Key: "password"}}}
	}
	exporter := made("mine-0", "v", "valkey.io/cluster=mine")
	exporter.Spec.Containers = append(exporter.Spec.Containers, api.Container{
		Name: "metrics-exporter", Ports: []api.ContainerPort{{ContainerPort: 9121}}, Env: []api.EnvVar{{Name: "REDIS_USER", Value: "_exporter"}, secret("REDIS_PASSWORD", "exporter")},
	})
	user := made("yours-0", "v", "valkey.io/cluster=yours", secret("VALKEY_PASSWORD", "app"), api.EnvVar{Name: "VALKEY_USERNAME", Value: "app"})
	mutual := made("zoo-0", "v", "app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=zoo",
		api.EnvVar{Name: "REDIS_TLS_ENABLED", Value: "yes"}, api.EnvVar{Name: "REDIS_TLS_AUTH_CLIENTS", Value: "yes"}, api.EnvVar{Name: "REDIS_TLS_CERT_FILE", Value: "/opt/bitnami/redis/certs/server.pem"})
	mutual.Spec.Volumes = []api.Volume{{Name: "redis-certificates", VolumeSource: api.VolumeSource{Secret: &api.SecretVolumeSource{SecretName: "zoo-tls"}}}}
	list, err := Discover(t.Context(), &kube.Cluster{Client: kubetest.NewClientset(exporter, user, mutual)}, "v")
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v %v", list, err)
	}
	zoo, mine, yours := list[0], list[1], list[2]
	if mine.Attach.PasswordFrom != nil || mine.UserPassword != nil {
		t.Errorf("the exporter's password: %+v", mine)
	}
	if yours.Attach.PasswordFrom != nil || yours.UserPassword == nil || yours.UserPassword.Secret != "app" {
		t.Errorf("the password of a user: %+v", yours)
	}
	if a := zoo.Attach; a.CertFrom == nil || a.CertFrom.Key != "server.pem" || a.KeyFrom == nil || a.KeyFrom.Key != "tls.key" || a.CAFrom == nil || a.CAFrom.Secret != "zoo-tls" {
		t.Errorf("certificates: %+v", a)
	}
}
