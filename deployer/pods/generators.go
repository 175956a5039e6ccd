package pods

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/slotstorm/slotstorm/clusters/kube"
)

// Generators are pods beside the cluster that run another program, of which this
// package knows the arguments, a secret file and a port.
type Generators struct {
	pods      *pods
	namespace *kube.Namespace
	// inside means that this process reaches pods itself.
	inside bool
}

// Close stops following the pods; they go with the namespace.
func (g *Generators) Close() { g.pods.close() }

func (g *Generators) await(ctx context.Context, index int) (Pod, error) {
	return g.pods.awaitAny(ctx, "its pod", func(p Pod) bool { return p.Index == index && p.Ready })
}

// Dial reaches a generator. gone means that its pod has ended for good.
func (g *Generators) Dial(ctx context.Context, index int) (_ net.Conn, gone bool, _ error) {
	pod, ok := g.pods.find(func(p Pod) bool { return p.Index == index })
	if !ok || pod.Ended {
		return nil, true, fmt.Errorf("its pod has ended: %s", pod.Exit)
	}
	if g.inside {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(pod.IP, strconv.Itoa(generatorPort)))
		return conn, false, err
	}
	conn, err := g.namespace.Forward(ctx, g.namespace.Name, pod.Name, pod.UID, generatorPort)
	return conn, false, err
}

// Place is where a generator runs.
func (g *Generators) Place(index int) string {
	pod, ok := g.pods.find(func(p Pod) bool { return p.Index == index })
	if !ok {
		return "no pod"
	}
	return fmt.Sprintf("pod %s on %s", pod.Name, pod.Machine)
}
