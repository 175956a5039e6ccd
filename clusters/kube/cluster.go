package kube

import (
	"context"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Options of a connection.
type Options struct {
	// Kubeconfig is the text of a kubeconfig; nil reads the files that kubectl
	// reads.
	Kubeconfig []byte
	// Context is the context; empty is the current one.
	Context string
	// Named means that the user named the context on the command line: only then
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

// Cluster is a Kubernetes cluster that answers.
type Cluster struct {
	Config  *rest.Config
	Client  kubernetes.Interface
	Context string
	// Version is that of the API server, such as "v1.34.3".
	Version string
	// AssignsUsers means that the cluster chooses the users of pods and refuses others, as
	// OpenShift does.
	AssignsUsers bool

	forwards forwards
}

// InCluster is the name of the context of a pod's own service account.
const InCluster = "in-cluster"

// connectLimit bounds the first request to the API server.
const connectLimit = 10 * time.Second
