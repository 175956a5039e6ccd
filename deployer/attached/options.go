package attached

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Options say which cluster, and how to talk to it.
type Options struct {
	Run   string
	Redis scenarios.Redis
	At    scenarios.AttachedCluster
	// Pods is the way to nodes that are pods; nil finds the nodes by the seeds.
	Pods Pods
	// Note takes what the user has to know and that is no error.
	Note func(message string)
	// Show takes how far a search for keys is, if it takes long; nil ignores it.
	Show func(message string)
	// Lost takes the error once another run has taken the cluster: this one has to end. Nil
	// ignores it.
	Lost func(error)
}

// Pods are the pods of a cluster, one for each node.
type Pods interface {
	// Running are the addresses of those that run, by the names of the pods, for Dial. An
	// error says which does not.
	Running() (map[string]string, error)
	// Dial opens a connection to a node, by its address in Running or one that it announces.
	Dial(ctx context.Context, addr string) (net.Conn, error)
	// Announce keeps the addresses that the server in a pod announces, for Dial and Announced.
	Announce(pod string, addrs ...string)
	// Announced names the pod that has, or had, an address.
	Announced(addr string) (name string, ok bool)
	// Secret reads an entry of a Secret beside the pods.
	Secret(ctx context.Context, name, key string) ([]byte, error)
}

// ErrUnfit marks a cluster that slotstorm does not act on as it is.
var ErrUnfit = errors.New("the cluster cannot be used as it is")

const (
	// answerLimit bounds a question to a node.
	answerLimit = 5 * time.Second
	// lookEvery is the distance of two looks at a cluster that is not whole.
	lookEvery = 500 * time.Millisecond
	// wholeLimit is how long a cluster may take to be whole: a running one is.
	wholeLimit = 10 * time.Second
	// healLimit is wholeLimit after a fault.
	healLimit = 2 * time.Minute
)
