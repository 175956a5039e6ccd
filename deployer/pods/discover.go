package pods

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Candidate is what looks like a Redis Cluster that a chart or an operator deployed.
type Candidate struct {
	// Maker is the chart or the operator that its labels are known from.
	Maker string `json:"maker"`
	// Pods is the number of its pods.
	Pods int `json:"pods"`
	// Attach is the section of a scenario that names it.
	Attach scenarios.AttachedCluster `json:"attach"`
	// TLS says that its containers use TLS: then a scenario needs redis.tls.
	TLS bool `json:"tls"`
	// UserPassword is the password of a user with a name, whose rights may not suffice.
	UserPassword *scenarios.SecretEntry `json:"userPassword,omitempty"`
}

// maker is a chart or an operator, and the labels that it gives to the pods of a cluster.
type maker struct {
	name string
	// selector takes the pods of all of its clusters.
	selector string
	// one is the selector of the cluster that a pod belongs to, by its labels.
	one func(labels map[string]string) string
}

// makers are those that are known. Sources: the templates of Bitnami's charts redis-cluster
// and valkey-cluster (standard labels of its library chart), internal/k8sutils/labels.go of
// OT-CONTAINER-KIT/redis-operator, internal/controller/utils.go of valkey-io/valkey-operator.
// The operator of spotahome deploys Sentinel, and no Redis Cluster.
func makers() []maker {
	by := func(keys ...string) func(map[string]string) string {
		return func(labels map[string]string) string {
			var list []string
			for _, k := range keys {
				list = append(list, k+"="+labels[k])
			}
			return strings.Join(list, ",")
		}
	}
	return []maker{
		{"a chart of Bitnami's", "app.kubernetes.io/name in (redis-cluster,valkey-cluster),app.kubernetes.io/instance", by("app.kubernetes.io/name", "app.kubernetes.io/instance")},
		{"the redis-operator of OT-CONTAINER-KIT", "redis_setup_type=cluster,app", func(labels map[string]string) string {
			name := strings.TrimSuffix(strings.TrimSuffix(labels["app"], "-leader"), "-follower")
			return fmt.Sprintf("redis_setup_type=cluster,app in (%s-leader,%s-follower)", name, name)
		}},
		{"the valkey-operator", "valkey.io/cluster", by("valkey.io/cluster")},
	}
}

// Discover lists the candidates of a namespace, or with an empty name of all of them. It only
// reads, and no Secret.
func Discover(ctx context.Context, in *kube.Cluster, namespace string) ([]Candidate, error) {
	var list []Candidate
	for _, m := range makers() {
		pods, err := in.Client.CoreV1().Pods(namespace).List(ctx, api.ListOptions{LabelSelector: m.selector})
		if api.IsForbidden(err) && namespace == "" {
			return nil, fmt.Errorf("this user may not list the pods of all namespaces: name one with --namespace: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("listing pods: %w", err)
		}
		for _, p := range pods.Items {
			one := m.one(p.Labels)
			at := slices.IndexFunc(list, func(c Candidate) bool { return c.Attach.Namespace == p.Namespace && c.Attach.Selector == one })
			if at < 0 {
				at = len(list)
				list = append(list, Candidate{Maker: m.name, Attach: scenarios.AttachedCluster{Namespace: p.Namespace, Selector: one}})
			}
			list[at].add(&p)
		}
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Attach.Namespace, b.Attach.Namespace), cmp.Compare(a.Attach.Selector, b.Attach.Selector))
	})
	return list, nil
}

// serverOf is the container of a pod that runs the server; nil if that is not known.
func serverOf(p *api.Pod) *api.Container {
	name := followed{port: port}.containerOf(p)
	for i, c := range p.Spec.Containers {
		if c.Name == name {
			return &p.Spec.Containers[i]
		}
	}
	return nil
}

// add counts a pod. Where the password is, and whether the cluster uses TLS, stand in the
// environment of the server's container. Another one beside it, such as an exporter, may log in
// as a user of its own.
func (c *Candidate) add(p *api.Pod) {
	c.Pods++
	server := serverOf(p)
	if server == nil {
		return
	}
	env := map[string]string{}
	var password *scenarios.SecretEntry
	named := false
	for _, e := range server.Env {
		env[e.Name] = e.Value
		switch from := e.ValueFrom; {
		case slices.Contains([]string{"REDIS_PASSWORD", "REDISCLI_AUTH", "VALKEY_PASSWORD", "VALKEYCLI_AUTH"}, e.Name) && from != nil && from.SecretKeyRef != nil:
			password = &scenarios.SecretEntry{Secret: from.SecretKeyRef.Name, Key: from.SecretKeyRef.Key}
		case slices.Contains([]string{"REDIS_TLS_ENABLED", "VALKEY_TLS_ENABLED", "TLS_MODE"}, e.Name):
			c.TLS = c.TLS || e.Value == "yes" || e.Value == "true"
		case slices.Contains([]string{"REDIS_USER", "REDIS_USERNAME", "VALKEY_USER", "VALKEY_USERNAME"}, e.Name):
			named = named || from != nil || e.Value != "" && e.Value != "default"
		}
	}
	switch {
	case password == nil:
	case named:
		c.UserPassword = password
	default:
		c.Attach.PasswordFrom = password
	}
	if c.TLS {
		c.certificates(p, env)
	}
}

// certificates names the Secret with the authority, and with the certificate of a client where
// the servers require one.
func (c *Candidate) certificates(p *api.Pod, env map[string]string) {
	entry := func(secret, fallback string, from ...string) *scenarios.SecretEntry {
		for _, name := range from {
			if file := env[name]; file != "" {
				return &scenarios.SecretEntry{Secret: secret, Key: path.Base(file)}
			}
		}
		return &scenarios.SecretEntry{Secret: secret, Key: fallback}
	}
	for _, v := range p.Spec.Volumes {
		if v.Secret == nil || !slices.Contains([]string{"redis-certificates", "valkey-certificates", "tls-certs"}, v.Name) {
			continue
		}
		secret := v.Secret.SecretName
		c.Attach.CAFrom = entry(secret, "ca.crt", "REDIS_TLS_CA_FILE", "VALKEY_TLS_CA_FILE")
		if env["REDIS_TLS_AUTH_CLIENTS"] == "yes" || env["VALKEY_TLS_AUTH_CLIENTS"] == "yes" {
			c.Attach.CertFrom = entry(secret, "tls.crt", "REDIS_TLS_CERT_FILE", "VALKEY_TLS_CERT_FILE")
			c.Attach.KeyFrom = entry(secret, "tls.key", "REDIS_TLS_KEY_FILE", "VALKEY_TLS_KEY_FILE")
		}
	}
}
