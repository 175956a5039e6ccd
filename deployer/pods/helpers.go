package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Helper is a kind of container that is put into pods that run already, beside
// their own: an ephemeral one. What it does there this package does not know.
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

// helperLimit is how long a helper may take to start.
const helperLimit = time.Minute

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

// Help has a helper in a pod of this deployment, and waits until it runs.
func (d *Deployment) Help(ctx context.Context, pod Pod, h Helper) error {
	if err := d.namespace.Check(ctx); err != nil {
		return err
	}
	return ensureHelper(ctx, d.namespace.Cluster, d.namespace.Name, pod.Name, pod.UID, d.options.Helpers.container(h, d.namespace.Run))
}

// ensureHelper puts a helper into a pod unless it has it, and waits until it runs.
func ensureHelper(ctx context.Context, c *kube.Cluster, namespace, pod, uid string, helper api.EphemeralContainer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, helperLimit, fmt.Errorf("not running after %v", helperLimit))
	defer cancel()
	pods, asked := c.Client.CoreV1().Pods(namespace), false
	t := time.NewTicker(helperEvery)
	defer t.Stop()
	for {
		p, err := pods.Get(ctx, pod, api.GetOptions{})
		switch {
		case err != nil:
			return fmt.Errorf("a helper for pod %s: %w", pod, err)
		case string(p.UID) != uid:
			return fmt.Errorf("a helper for pod %s: it is another one now", pod)
		}
		running, err := helperRuns(p, helper.Name)
		if running || err != nil {
			return err
		}
		if !asked && !hasHelper(p, helper.Name) {
			// The uid in the patch keeps it from another pod of that name.
			patch, err := json.Marshal(map[string]any{
				"metadata": map[string]any{"uid": uid},
				"spec":     map[string]any{"ephemeralContainers": []api.EphemeralContainer{helper}},
			})
			if err != nil {
				return fmt.Errorf("a helper for pod %s: %w", pod, err)
			}
			if _, err := pods.Patch(ctx, pod, types.StrategicMergePatchType, patch, api.PatchOptions{FieldManager: kube.Manager}, "ephemeralcontainers"); err != nil {
				return fmt.Errorf("a helper for pod %s: %w", pod, err)
			}
			asked = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("a helper for pod %s: %w", pod, context.Cause(ctx))
		case <-t.C:
		}
	}
}

// helperEvery is the distance of two looks at a helper that starts.
const helperEvery = 200 * time.Millisecond

func hasHelper(p *api.Pod, name string) bool {
	for _, c := range p.Spec.EphemeralContainers {
		if c.Name == name {
			return true
		}
	}
	return false
}

// helperRuns tells whether a helper runs. One that cannot, or does not any more,
// is an error: Kubernetes starts an ephemeral container once.
func helperRuns(p *api.Pod, name string) (bool, error) {
	return statusRuns(p.Name, "helper "+name, p.Status.EphemeralContainerStatuses, name)
}

func statusRuns(pod, what string, statuses []api.ContainerStatus, name string) (bool, error) {
	for _, s := range statuses {
		if s.Name != name {
			continue
		}
		switch {
		case s.State.Running != nil:
			return true, nil
		case s.State.Terminated != nil:
			return false, fmt.Errorf("the %s of pod %s has ended with code %d (%s)", what, pod, s.State.Terminated.ExitCode, s.State.Terminated.Reason)
		case s.State.Waiting != nil && broken[s.State.Waiting.Reason]:
			return false, fmt.Errorf("the %s of pod %s does not start: %s: %s", what, pod, s.State.Waiting.Reason, s.State.Waiting.Message)
		}
	}
	return false, nil
}

// broken are reasons to wait that no waiting mends.
var broken = map[string]bool{"ErrImagePull": true, "ImagePullBackOff": true, "ErrImageNeverPull": true, "InvalidImageName": true, "CreateContainerConfigError": true, "CreateContainerError": true}

// Session runs a helper's program in a pod, and is connected to it.
func (d *Deployment) Session(ctx context.Context, pod Pod, h Helper) (io.ReadWriteCloser, error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	return d.namespace.Session(d.namespace.Name, pod.Name, h.name(d.namespace.Run), d.options.Helpers.Serve...)
}

// SessionInside runs a helper's program in the container of redis-server itself,
// with a share of what that may use, and is connected to it. pid is a process of
// the helper in the same pod: the program's file is reached through it.
func (d *Deployment) SessionInside(ctx context.Context, pod Pod, pid int) (io.ReadWriteCloser, error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	command := append([]string{fmt.Sprintf("/proc/%d/exe", pid)}, d.options.Helpers.Serve[1:]...)
	return d.namespace.Session(d.namespace.Name, pod.Name, Container, command...)
}

// GeneratorPod is the pod of a generator now.
func (d *Deployment) GeneratorPod(index int) (Pod, error) {
	if d.generators == nil {
		return Pod{}, errors.New("there are no generators yet")
	}
	pod, ok := d.generators.pods.find(func(p Pod) bool { return p.Index == index })
	if !ok || pod.Ended {
		return Pod{}, fmt.Errorf("generator %d has no pod that runs", index)
	}
	return pod, nil
}

// trialPod is the name of the pod that a trial runs in.
const trialPod = "slotstorm-check"

// Trial runs a helper in a pod of its own, before anything else is there, so that
// what it may and can do here is known. It gives a session with it; release
// removes the pod.
func Trial(ctx context.Context, o Options, h Helper) (session io.ReadWriteCloser, release func() error, err error) {
	n := o.Namespace
	if err := n.Check(ctx); err != nil {
		return nil, nil, err
	}
	spec, err := o.trial(h)
	if err != nil {
		return nil, nil, err
	}
	pods := n.Client.CoreV1().Pods(n.Name)
	made, err := pods.Create(ctx, spec, api.CreateOptions{FieldManager: kube.Manager})
	if err != nil {
		return nil, nil, fmt.Errorf("a pod to try in: %w", err)
	}
	release = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), helperLimit)
		defer cancel()
		now := int64(0)
		err := pods.Delete(ctx, trialPod, api.DeleteOptions{GracePeriodSeconds: &now, Preconditions: api.NewUIDPreconditions(string(made.UID))})
		if err != nil && !api.IsNotFound(err) {
			return fmt.Errorf("removing the pod that was tried in: %w", err)
		}
		return nil
	}
	if err := awaitTrial(ctx, n); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	session, err = n.Session(n.Name, trialPod, Container, o.Helpers.Serve...)
	if err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return session, release, nil
}

func (o Options) trial(h Helper) (*api.Pod, error) {
	var c api.Container
	raw, err := json.Marshal(o.Helpers.container(h, "").EphemeralContainerCommon)
	if err == nil {
		// The two types are alike, field by field.
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		return nil, fmt.Errorf("a pod to try in: %w", err)
	}
	c.Name = Container
	no, yes, anybody, at := false, true, int64(generatorUser), int64(0)
	pod := &api.Pod{
		ObjectMeta: api.ObjectMeta{Name: trialPod, Labels: o.Namespace.Labels(), OwnerReferences: o.Namespace.OwnerReferences()},
		Spec: api.PodSpec{
			Containers: []api.Container{c}, RestartPolicy: api.RestartPolicyNever, AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
			TerminationGracePeriodSeconds: &at,
			SecurityContext: &api.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &anybody, RunAsGroup: &anybody,
				SeccompProfile: &api.SeccompProfile{Type: api.SeccompProfileTypeRuntimeDefault},
			},
		},
	}
	if o.PullSecret != "" {
		pod.Spec.ImagePullSecrets = []api.LocalObjectReference{{Name: o.PullSecret}}
	}
	return pod, nil
}

// awaitTrial waits until the pod of a trial runs.
func awaitTrial(ctx context.Context, n *kube.Namespace) error {
	ctx, cancel := context.WithTimeoutCause(ctx, helperLimit, fmt.Errorf("not running after %v", helperLimit))
	defer cancel()
	t := time.NewTicker(helperEvery)
	defer t.Stop()
	for {
		p, err := n.Client.CoreV1().Pods(n.Name).Get(ctx, trialPod, api.GetOptions{})
		if err != nil {
			return fmt.Errorf("a pod to try in: %w", err)
		}
		running, err := statusRuns(p.Name, "container "+Container, p.Status.ContainerStatuses, Container)
		if running || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("a pod to try in: %w", context.Cause(ctx))
		case <-t.C:
		}
	}
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
