package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// trialPod is the name of the pod that a trial runs in.
const trialPod = "slotstorm-check"

// Trial runs a helper in a pod of its own, before anything else exists, so that
// its rights here are known. It gives a session with it; release
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
	c.Name, c.Resources = Container, briefNeeds()
	no, at := false, int64(0)
	pod := &api.Pod{
		ObjectMeta: api.ObjectMeta{Name: trialPod, Labels: o.Namespace.Labels(), OwnerReferences: o.Namespace.OwnerReferences()},
		Spec: api.PodSpec{
			Containers: []api.Container{c}, RestartPolicy: api.RestartPolicyNever, AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
			TerminationGracePeriodSeconds: &at,
			SecurityContext:               unprivileged(generatorUser, assignsUsers(o.Namespace)),
		},
	}
	if o.PullSecret != "" {
		pod.Spec.ImagePullSecrets = []api.LocalObjectReference{{Name: o.PullSecret}}
	}
	return pod, nil
}

// briefNeeds are the resources of a container that does little for a short time. A ResourceQuota
// refuses a pod that does not state them.
func briefNeeds() api.ResourceRequirements {
	return api.ResourceRequirements{
		Requests: api.ResourceList{api.ResourceCPU: resource.MustParse("10m"), api.ResourceMemory: resource.MustParse("128Mi")},
		Limits:   api.ResourceList{api.ResourceCPU: resource.MustParse("500m"), api.ResourceMemory: resource.MustParse("128Mi")},
	}
}

// awaitTrial waits until the pod of a trial runs.
func awaitTrial(ctx context.Context, n *kube.Namespace) error {
	ctx, cancel := context.WithTimeoutCause(ctx, helperLimit, fmt.Errorf("not running after %v", helperLimit))
	defer cancel()
	awaited := &container{what: "container " + Container, name: Container}
	t := time.NewTicker(helperEvery)
	defer t.Stop()
	for {
		p, err := n.Client.CoreV1().Pods(n.Name).Get(ctx, trialPod, api.GetOptions{})
		if err != nil {
			return fmt.Errorf("a pod to try in: %w", err)
		}
		running, err := awaited.runs(p.Name, p.Status.ContainerStatuses)
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
