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
