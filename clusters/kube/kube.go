// Package kube is the place where nodes run as pods of a Kubernetes cluster that
// is there already:
//
//	kubeconfig ─▶ Connect: context, safety, reachable ─▶ Cluster
//	Cluster ─▶ Take: a namespace for one run ─▶ Namespace ─▶ Release
//	Cluster ─▶ Forward, Exec: into a pod
//
// It knows nothing of Redis.
package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/internal/bounded"
)

// Connect connects to the cluster of a context, and asks it for its version. A
// context that the user did not name must be that of a cluster for trials on this
// machine. An error says what is wrong with the context, the address or the
// credentials.
func Connect(ctx context.Context, o Options) (*Cluster, error) {
	config, name, err := load(o)
	if err != nil {
		return nil, err
	}
	// One that others may live on is not even spoken to.
	sure, where := o.Named || o.Proved, loopback
	if !sure {
		if where, err = whereabouts(ctx, config); err != nil {
			return nil, &Unnamed{name, err}
		}
	}
	config.QPS, config.Burst = 50, 100
	config.UserAgent = "slotstorm"
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("context %q: %w", name, err)
	}
	c := &Cluster{Config: config, Client: client, Context: name}
	err = c.hello(ctx)
	switch {
	case sure && err != nil:
		return nil, fmt.Errorf("context %q: %w", name, err)
	case sure:
		return c, nil
	case err == nil:
		err = c.trial(ctx, where, o)
	}
	if err != nil {
		return nil, &Unnamed{name, err}
	}
	return c, nil
}

func load(o Options) (*rest.Config, string, error) {
	if o.Context == InCluster {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, "", fmt.Errorf("context %q: %w", InCluster, err)
		}
		return config, InCluster, nil
	}
	var raw api.Kubeconfig
	if o.Kubeconfig != nil {
		config, err := clientcmd.Load(o.Kubeconfig)
		if err != nil {
			return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
		}
		raw = *config
	} else {
		config, err := kubeconfig()
		if err != nil {
			return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
		}
		raw = *config
	}
	name := o.Context
	if name == "" {
		name = raw.CurrentContext
	}
	if name == "" {
		return nil, "", errors.New("the kubeconfig has no current context; name one: --context NAME")
	}
	if raw.Contexts[name] == nil {
		return nil, "", fmt.Errorf("the kubeconfig has no context %q%s", name, has(raw.Contexts))
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(raw, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("context %q: %w", name, err)
	}
	return config, name, nil
}

// Current is the current context of the kubeconfig; empty if it has none. It asks no cluster.
func Current() string {
	config, err := kubeconfig()
	if err != nil {
		return ""
	}
	return config.CurrentContext
}

// hello asks for the version and for something that needs credentials: the
// version is for everyone.
func (c *Cluster) hello(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	raw, err := c.Client.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return c.explain(err)
	}
	version, err := parseVersion(raw)
	if err != nil {
		return fmt.Errorf("%s is no Kubernetes API server: %w", c.Host(), err)
	}
	c.Version = version
	if err := c.authenticated(ctx); err != nil {
		return c.explain(err)
	}
	c.AssignsUsers = c.assignsUsers(ctx)
	return nil
}

// assignsUsers reports whether the API server has the API group of OpenShift's security
// context constraints, of which the usual one (restricted-v2) admits only users from the
// range of the namespace. Every authenticated user may look for API groups.
func (c *Cluster) assignsUsers(ctx context.Context) bool {
	return c.Client.Discovery().RESTClient().Get().AbsPath("/apis/security.openshift.io").Do(ctx).Error() == nil
}

// Host is the address of the API server, without a password that stands in it.
func (c *Cluster) Host() string {
	if u, err := url.Parse(c.Config.Host); err == nil && u.User != nil {
		return u.Redacted()
	}
	return c.Config.Host
}

// explain turns an error of the first requests into what a user can mend.
func (c *Cluster) explain(err error) error {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case api.IsUnauthorized(err):
		return fmt.Errorf("the API server at %s does not accept the credentials: they are wrong, or the token or certificate has expired; log in again: %w", c.Host(), err)
	case errors.As(err, &dns):
		return fmt.Errorf("the API server's name is not known: %w", err)
	case errors.As(err, &op), errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return fmt.Errorf("the API server at %s does not answer: is the cluster up, and is this its context? %w", c.Host(), err)
	}
	return fmt.Errorf("asking the API server at %s: %w", c.Host(), err)
}

// has lists the contexts of a kubeconfig in words.
func has(contexts map[string]*api.KubeconfigContext) string {
	if len(contexts) == 0 {
		return ""
	}
	return "; it has " + strings.Join(slices.Sorted(maps.Keys(contexts)), ", ")
}

// kubeconfig merges the files that KUBECONFIG names, or reads ~/.kube/config. The
// library that reads them has no bound, so that each file is checked before.
func kubeconfig() (*api.Kubeconfig, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	for _, file := range rules.GetLoadingPrecedence() {
		err := bounded.Bound{What: "a kubeconfig", Bytes: 16 << 20}.Check(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return rules.Load()
}

func parseVersion(raw []byte) (string, error) {
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return "", err
	}
	if v.GitVersion == "" {
		return "", errors.New("its answer holds no version")
	}
	return v.GitVersion, nil
}

// authenticated asks the API server who we are. Every user who is somebody may
// ask; a server too old for the question is one that lets us in or not later.
func (c *Cluster) authenticated(ctx context.Context) error {
	_, err := c.Client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &api.SelfSubjectReview{}, api.CreateOptions{})
	if api.IsNotFound(err) || api.IsForbidden(err) {
		return nil
	}
	return err
}
