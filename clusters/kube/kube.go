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
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/internal/bounded"
)

// Options of a connection.
type Options struct {
	// Kubeconfig is the text of a kubeconfig; nil reads the files that kubectl
	// reads.
	Kubeconfig []byte
	// Context is the context; empty is the current one.
	Context string
	// Named tells that the user named the context on the command line: only then
	// may it be one that others may be living on. A scenario, a kubeconfig's
	// current context and the journal of a run name none.
	Named bool
	// Proved says that the cluster is known to be one for trials on this machine:
	// the container engine has given its kubeconfig.
	Proved bool
	// Vouch, if not nil, reports whether the container engine of this machine runs
	// the cluster with this API server and certificate authority.
	Vouch func(ctx context.Context, server string, ca []byte) (bool, error)
}

// InCluster is the name of the context of a pod's own service account.
const InCluster = "in-cluster"

// Cluster is a Kubernetes cluster that answers.
type Cluster struct {
	Config  *rest.Config
	Client  kubernetes.Interface
	Context string
	// Version is that of the API server, such as "v1.34.3".
	Version string

	forwards forwards
}

// connectLimit bounds the first request to the API server.
const connectLimit = 10 * time.Second

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
	c.forwards.cluster = c
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
		var known []string
		for n := range raw.Contexts {
			known = append(known, n)
		}
		return nil, "", fmt.Errorf("the kubeconfig has no context %q%s", name, list("; it has ", known))
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(raw, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("context %q: %w", name, err)
	}
	return config, name, nil
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
		return fmt.Errorf("%s is no Kubernetes API server: %w", c.Config.Host, err)
	}
	c.Version = version
	if err := c.authenticated(ctx); err != nil {
		return c.explain(err)
	}
	return nil
}

// explain turns an error of the first requests into what a user can mend.
func (c *Cluster) explain(err error) error {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case api.IsUnauthorized(err):
		return fmt.Errorf("the API server at %s does not accept the credentials: they are wrong, or the token or certificate has expired; log in again: %w", c.Config.Host, err)
	case errors.As(err, &dns):
		return fmt.Errorf("the API server's name is not known: %w", err)
	case errors.As(err, &op), errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return fmt.Errorf("the API server at %s does not answer: is the cluster up, and is this its context? %w", c.Config.Host, err)
	}
	return fmt.Errorf("asking the API server at %s: %w", c.Config.Host, err)
}

func list(before string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	return before + strings.Join(sorted(words), ", ")
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
