package pods

import (
	"context"
	"fmt"
	"slices"
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
	// brief is for what the same attempt cannot cure.
	brief = 3 * time.Second
	// while is for what Kubernetes tries again with growing delays: it takes in the
	// third attempt to pull an image, the second one of a controller, and the look of a
	// cluster autoscaler at pods without a node (every 10 s by default).
	while = 45 * time.Second
	// attaching is for volumes on their way to a machine: drivers answer with errors
	// until a disk is free and attached.
	attaching = 2 * time.Minute
	// growing is for a pod that a new machine is made for. The limit of the whole
	// deployment ends it.
	growing = time.Hour
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
	since := map[string]time.Time{} // a text may change with each attempt
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		seen := map[string]bool{}
		for _, tr := range o.now(ctx, selector) {
			seen[tr.about] = true
			if _, known := since[tr.about]; !known {
				since[tr.about] = time.Now()
			}
			if time.Since(since[tr.about]) >= tr.patience {
				failed(fmt.Errorf("%s: %s", tr.about, tr.why))
				return
			}
		}
		for about := range since {
			if !seen[about] {
				delete(since, about)
			}
		}
	}
}

// now lists the present troubles, the one nearest to its cause first. It leaves out
// what the API server does not answer.
func (o *obstacles) now(ctx context.Context, of map[string]string) []trouble {
	selector := api.ListOptions{LabelSelector: labels.SelectorFromSet(of).String()}
	warnings, grows := o.events(ctx)
	list := o.ofClaims(ctx, selector, warnings)
	// Once the StatefulSets are not what is awaited, their warnings are old.
	if of[nameLabel] == Name {
		for shard := range o.shards {
			list = append(list, warnings.of("StatefulSet", setName(shard), "makes no pod", while, "FailedCreate")...)
		}
	}
	list = append(list, warnings.of("Job", generatorName+"-"+o.namespace.Run, "makes no pod", while, "FailedCreate")...)
	pods, err := o.namespace.Client.CoreV1().Pods(o.namespace.Name).List(ctx, selector)
	if err != nil {
		return list
	}
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil { // else the next pod is awaited
			list = append(list, o.ofPod(ctx, &p, warnings)...)
			list = append(list, unscheduled(&p, grows[p.Name])...)
		}
	}
	return list
}

// warnings are the newest warning of each object and reason.
type warnings map[warningKey]string

type warningKey struct{ kind, name, reason string }

// events reads the events of the namespace: the warnings, and the pods that a machine
// is made for.
func (o *obstacles) events(ctx context.Context) (newest warnings, grows map[string]bool) {
	newest, grows = warnings{}, map[string]bool{}
	events, err := o.namespace.Client.CoreV1().Events(o.namespace.Name).List(ctx, api.ListOptions{})
	if err != nil {
		return newest, grows
	}
	for _, e := range events.Items {
		switch {
		case e.Type == api.EventTypeWarning && !overtaken(&e):
			newest[warningKey{e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason}] = e.Reason + ": " + e.Message
		case e.InvolvedObject.Kind == "Pod" && slices.Contains(scaleUps, e.Reason):
			grows[e.InvolvedObject.Name] = true
		}
	}
	return newest, grows
}

// scaleUps are the reasons of the events with which an autoscaler announces a machine for
// a pod: those of the cluster autoscaler and of Karpenter.
var scaleUps = []string{"TriggeredScaleUp", "Nominated"}

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
			list = append(list, w.of("PersistentVolumeClaim", c.Name, "is not bound", while, "ProvisioningFailed", "FailedBinding")...)
		}
	}
	return list
}

// unscheduled is the trouble of a pod that fits on no machine. If an autoscaler makes one,
// it may take minutes.
func unscheduled(p *api.Pod, grows bool) []trouble {
	patience := while
	if grows {
		patience = growing
	}
	for _, c := range p.Status.Conditions {
		if c.Type == api.PodScheduled && c.Status == api.ConditionFalse && c.Reason == api.PodReasonUnschedulable {
			return []trouble{{"pod " + p.Name + " has no node to run on", c.Message, patience}}
		}
	}
	return nil
}

// ofPod are the troubles of a pod: a container that does not run or keeps ending, no
// volume.
func (o *obstacles) ofPod(ctx context.Context, p *api.Pod, w warnings) []trouble {
	var list []trouble
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
		list = append(list, w.of("Pod", p.Name, "lacks a volume", attaching, "FailedMount", "FailedAttachVolume")...)
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
		patience := while
		if w.Reason == "InvalidImageName" || w.Reason == "ErrImageNeverPull" {
			patience = brief
		}
		return []trouble{{about, fmt.Sprintf("image %s cannot be pulled: %s", c.Image, why), patience}}
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
