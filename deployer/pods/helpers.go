package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Helper is a kind of container that is put into pods that run already, beside
// their own: an ephemeral one. This package does not know its purpose.
type Helper string

// The helpers, by the names of their containers. Eyes has the rights of the pod it
// is in: it may look, dial, and send signals to the pod's processes. Hands may
// change the pod's network too (NET_ADMIN), and nothing else.
const (
	Eyes  Helper = "slotstorm-eyes"
	Hands Helper = "slotstorm-hands"
)

// HelperPlan says what runs in helpers.
type HelperPlan struct {
	Image string
	// Stay are the arguments of a program that does nothing until it is over;
	// Serve is the command that a session with it runs.
	Stay, Serve []string
}

// name is that of a helper's container in one run: in a deployment that is kept
// there may be those of earlier ones, and none is ever started again.
func (h Helper) name(run string) string { return string(h) + "-" + run }

// container is a helper's.
func (p HelperPlan) container(h Helper, run string) api.EphemeralContainer {
	no, yes := false, true
	root, nobody := int64(0), false
	rights := &api.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &api.Capabilities{Drop: []api.Capability{"ALL"}},
	}
	if h == Hands {
		// Only root's capabilities are in force from the start.
		rights.RunAsUser, rights.RunAsNonRoot = &root, &nobody
		rights.Capabilities.Add = []api.Capability{"NET_ADMIN"}
	}
	return api.EphemeralContainer{EphemeralContainerCommon: api.EphemeralContainerCommon{
		Name: h.name(run), Image: p.Image, ImagePullPolicy: api.PullIfNotPresent, Args: p.Stay, SecurityContext: rights,
	}}
}

// ensureHelper puts a helper into a pod unless it has it, and waits until it runs.
func ensureHelper(ctx context.Context, n *kube.Namespace, pod Pod, helper api.EphemeralContainer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, helperLimit, fmt.Errorf("not running after %v", helperLimit))
	defer cancel()
	pods, asked := n.Client.CoreV1().Pods(n.Name), false
	awaited := &container{what: "helper " + helper.Name, name: helper.Name}
	t := time.NewTicker(helperEvery)
	defer t.Stop()
	for {
		p, err := pods.Get(ctx, pod.Name, api.GetOptions{})
		switch {
		case err != nil:
			return fmt.Errorf("a helper for pod %s: %w", pod.Name, err)
		case string(p.UID) != pod.UID:
			return fmt.Errorf("a helper for pod %s: it is another one now", pod.Name)
		}
		running, err := awaited.runs(p.Name, p.Status.EphemeralContainerStatuses)
		if running || err != nil {
			return err
		}
		if !asked && !hasHelper(p, helper.Name) {
			// The uid in the patch keeps it from another pod of that name.
			patch, err := json.Marshal(map[string]any{
				"metadata": map[string]any{"uid": pod.UID},
				"spec":     map[string]any{"ephemeralContainers": []api.EphemeralContainer{helper}},
			})
			if err != nil {
				return fmt.Errorf("a helper for pod %s: %w", pod.Name, err)
			}
			if _, err := pods.Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, api.PatchOptions{FieldManager: kube.Manager}, "ephemeralcontainers"); err != nil {
				return fmt.Errorf("a helper for pod %s: %w", pod.Name, err)
			}
			asked = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("a helper for pod %s: %w", pod.Name, context.Cause(ctx))
		case <-t.C:
		}
	}
}

func hasHelper(p *api.Pod, name string) bool {
	for _, c := range p.Spec.EphemeralContainers {
		if c.Name == name {
			return true
		}
	}
	return false
}

// container is a container that is awaited.
type container struct {
	// what it is in words, and its name in the pod.
	what, name string
	// failed is when an attempt to start it was first seen to have failed.
	failed time.Time
}

// runs reports whether the container runs. One that does not any more, or cannot, is an
// error: Kubernetes starts an ephemeral container once. A start that it repeats gets as
// long as in the pods of a deployment.
func (c *container) runs(pod string, statuses []api.ContainerStatus) (bool, error) {
	for _, s := range statuses {
		if s.Name != c.name {
			continue
		}
		switch {
		case s.State.Running != nil:
			return true, nil
		case s.State.Terminated != nil:
			return false, fmt.Errorf("the %s of pod %s has ended with code %d (%s)", c.what, pod, s.State.Terminated.ExitCode, s.State.Terminated.Reason)
		case s.State.Waiting != nil:
			limit, fails := startLimits[s.State.Waiting.Reason]
			if !fails {
				continue // such as ContainerCreating, also between two attempts
			}
			if c.failed.IsZero() {
				c.failed = time.Now()
			}
			if time.Since(c.failed) >= limit {
				return false, fmt.Errorf("the %s of pod %s does not start: %s: %s", c.what, pod, s.State.Waiting.Reason, s.State.Waiting.Message)
			}
		}
	}
	return false, nil
}

// startLimits are how long the reasons for which a container does not start may last.
var startLimits = map[string]time.Duration{
	"ErrImagePull": while, "ImagePullBackOff": while, "ErrImageNeverPull": 0, "InvalidImageName": 0,
	"CreateContainerConfigError": while, "CreateContainerError": while,
}

// Helped is a pod with a helper that a run has left running in it.
type Helped struct {
	Pod string
	// Session runs the helper's program, and is connected to it.
	Session func(serve ...string) (io.ReadWriteCloser, error)
}

// Helpers lists the pods of a namespace in which a run has left a helper running.
func Helpers(ctx context.Context, c *kube.Cluster, namespace, runID string, h Helper) ([]Helped, error) {
	pods, err := c.Client.CoreV1().Pods(namespace).List(ctx, api.ListOptions{LabelSelector: kube.RunLabel})
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	name := h.name(kube.ShortID(runID))
	var list []Helped
	for _, p := range pods.Items {
		for _, s := range p.Status.EphemeralContainerStatuses {
			if s.Name == name && s.State.Running != nil {
				list = append(list, Helped{p.Name, func(serve ...string) (io.ReadWriteCloser, error) {
					return c.Session(namespace, p.Name, name, serve...)
				}})
			}
		}
	}
	return list, nil
}
