package pods

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// trouble is something that keeps the cluster from coming up.
type trouble struct {
	about, why string
	// patience is how long it may last before it counts as the reason: some troubles
	// pass by themselves.
	patience time.Duration
}

// How long what may pass may last.
const (
	brief = 3 * time.Second
	while = 15 * time.Second
)

// obstacles finds what keeps the pods of a namespace from coming up.
type obstacles struct {
	namespace *kube.Namespace
	shards    int
}

// watch looks at what Kubernetes reports of pods, claims and sets, and passes the
// first trouble that does not pass to failed.
func (o *obstacles) watch(ctx context.Context, failed context.CancelCauseFunc, selector map[string]string) {
	t := time.NewTicker(retryEvery)
	defer t.Stop()
	since := map[trouble]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		seen := map[trouble]bool{}
		for _, tr := range o.now(ctx, selector) {
			seen[tr] = true
			if _, known := since[tr]; !known {
				since[tr] = time.Now()
			}
			if time.Since(since[tr]) >= tr.patience {
				failed(fmt.Errorf("%s: %s", tr.about, tr.why))
				return
			}
		}
		for tr := range since {
			if !seen[tr] {
				delete(since, tr)
			}
		}
	}
}

// now lists the present troubles, the one nearest to its cause first. It leaves out
// what the API server does not answer.
func (o *obstacles) now(ctx context.Context, of map[string]string) []trouble {
	selector := api.ListOptions{LabelSelector: labels.SelectorFromSet(of).String()}
	warnings := o.warnings(ctx)
	list := o.ofClaims(ctx, selector, warnings)
	// Once the StatefulSets are not what is awaited, their warnings are old.
	if of[nameLabel] == Name {
		for shard := range o.shards {
			list = append(list, warnings.of("StatefulSet", setName(shard), "makes no pod", brief, "FailedCreate")...)
		}
	}
	list = append(list, warnings.of("Job", generatorName+"-"+o.namespace.Run, "makes no pod", brief, "FailedCreate")...)
	pods, err := o.namespace.Client.CoreV1().Pods(o.namespace.Name).List(ctx, selector)
	if err != nil {
		return list
	}
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil { // else the next pod is awaited
			list = append(list, o.ofPod(ctx, &p, warnings)...)
		}
	}
	return list
}

// warnings are the newest warning of each object and reason.
type warnings map[warningKey]string

type warningKey struct{ kind, name, reason string }

// warnings reads the events of the namespace.
func (o *obstacles) warnings(ctx context.Context) warnings {
	newest := warnings{}
	events, err := o.namespace.Client.CoreV1().Events(o.namespace.Name).List(ctx, api.ListOptions{})
	if err != nil {
		return newest
	}
	for _, e := range events.Items {
		if e.Type == api.EventTypeWarning && !overtaken(&e) {
			newest[warningKey{e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason}] = e.Reason + ": " + e.Message
		}
	}
	return newest
}

// overtaken reports whether a controller warns only that somebody else changed an
// object before it did: it retries at once, and nothing is wrong. An event has no
// field for the cause of a failure: Kubernetes offers only this text. Source:
// OptimisticLockErrorMsg in k8s.io/apiserver/pkg/registry/generic/registry.
func overtaken(e *api.Event) bool {
	return strings.Contains(e.Message, "the object has been modified")
}

// of gives the trouble of an object that has a warning of one of some reasons; the
// first of them counts.
func (w warnings) of(kind, name, what string, patience time.Duration, reasons ...string) []trouble {
	for _, r := range reasons {
		if text := w[warningKey{kind, name, r}]; text != "" {
			return []trouble{{words[kind] + " " + name + " " + what, text, patience}}
		}
	}
	return nil
}

// words are what messages call the kinds of objects.
var words = map[string]string{"PersistentVolumeClaim": "volume claim", "Pod": "pod", "StatefulSet": "StatefulSet", "Job": "Job"}

// ofClaims are the troubles of volume claims.
func (o *obstacles) ofClaims(ctx context.Context, selector api.ListOptions, w warnings) []trouble {
	claims, err := o.namespace.Client.CoreV1().PersistentVolumeClaims(o.namespace.Name).List(ctx, selector)
	if err != nil {
		return nil
	}
	var list []trouble
	for _, c := range claims.Items {
		if c.Status.Phase != api.ClaimBound {
			list = append(list, w.of("PersistentVolumeClaim", c.Name, "is not bound", brief, "ProvisioningFailed", "FailedBinding")...)
		}
	}
	return list
}

// ofPod are the troubles of a pod: no node, a container that does not run or keeps
// ending, no volume.
func (o *obstacles) ofPod(ctx context.Context, p *api.Pod, w warnings) []trouble {
	var list []trouble
	for _, c := range p.Status.Conditions {
		if c.Type == api.PodScheduled && c.Status == api.ConditionFalse && c.Reason == api.PodReasonUnschedulable {
			list = append(list, trouble{"pod " + p.Name + " has no node to run on", c.Message, while})
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Waiting != nil {
			list = append(list, o.waiting(ctx, p.Name, c, c.State.Waiting)...)
		} else if end := c.State.Terminated; end != nil && end.ExitCode != 0 && p.Spec.RestartPolicy == api.RestartPolicyNever {
			list = append(list, trouble{"pod " + p.Name + " has ended", o.lastWords(ctx, p.Name, c, end), 0})
		} else if c.RestartCount >= 2 {
			list = append(list, trouble{"pod " + p.Name + " crashes", o.lastWords(ctx, p.Name, c, c.LastTerminationState.Terminated), 0})
		}
	}
	if p.Status.Phase == api.PodPending {
		list = append(list, w.of("Pod", p.Name, "lacks a volume", while, "FailedMount", "FailedAttachVolume")...)
	}
	return list
}

// waiting is why a container does not run, unless that will pass.
func (o *obstacles) waiting(ctx context.Context, pod string, c api.ContainerStatus, w *api.ContainerStateWaiting) []trouble {
	about := "pod " + pod + " does not start"
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
		// The two reasons alternate; the text of the first says more.
		why := w.Message
		if w.Reason == "ImagePullBackOff" {
			_, why, _ = strings.Cut(w.Message, "ErrImagePull: ")
		}
		if why == "" {
			why = w.Reason
		}
		return []trouble{{about, fmt.Sprintf("image %s cannot be pulled: %s", c.Image, why), brief}}
	case "CrashLoopBackOff":
		return []trouble{{"pod " + pod + " crashes", o.lastWords(ctx, pod, c, c.LastTerminationState.Terminated), 0}}
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return []trouble{{about, w.Reason + ": " + w.Message, while}}
	}
	return nil
}

// lastLines is how many lines of a crashed container's log are shown.
const lastLines = int64(4)

// lastWords are how a container ended and the last lines that it wrote.
func (o *obstacles) lastWords(ctx context.Context, pod string, c api.ContainerStatus, end *api.ContainerStateTerminated) string {
	lines := lastLines
	raw, err := o.namespace.Client.CoreV1().Pods(o.namespace.Name).GetLogs(pod, &api.PodLogOptions{Container: c.Name, Previous: c.State.Terminated == nil, TailLines: &lines}).DoRaw(ctx)
	said := strings.Join(strings.Split(strings.TrimSpace(string(raw)), "\n"), " | ")
	if err != nil {
		said = "its log cannot be read: " + err.Error()
	}
	if end == nil {
		return said
	}
	return fmt.Sprintf("exit code %d (%s): %s", end.ExitCode, end.Reason, said)
}
