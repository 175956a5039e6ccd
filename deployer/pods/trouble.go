package pods

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// trouble is something that keeps the cluster from coming up.
type trouble struct {
	about, why string
	// patience is how long it may last before it is taken for the reason: some
	// pass by themselves.
	patience time.Duration
}

// How long what may pass may last.
const (
	brief = 3 * time.Second
	while = 15 * time.Second
)

// outdated is what a controller says that was overtaken by another: it tries again.
const outdated = "the object has been modified"

// watchTrouble looks at what Kubernetes tells of pods, claims and sets, and gives
// the first that does not pass to failed.
func (d *Deployment) watchTrouble(ctx context.Context, failed context.CancelCauseFunc, selector map[string]string) {
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
		for _, tr := range d.troubles(ctx, selector) {
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

// troubles lists what is in the way now, what is nearest to its cause first. An
// API server that does not answer tells nothing.
func (d *Deployment) troubles(ctx context.Context, of map[string]string) []trouble {
	ns := d.namespace
	selector := api.ListOptions{LabelSelector: labels.SelectorFromSet(of).String()}
	var list []trouble
	warnings := map[string]string{} // kind/name → newest warning
	if events, err := ns.Client.CoreV1().Events(ns.Name).List(ctx, api.ListOptions{}); err == nil {
		for _, e := range events.Items {
			if e.Type == api.EventTypeWarning && !strings.Contains(e.Message, outdated) {
				warnings[e.InvolvedObject.Kind+"/"+e.InvolvedObject.Name+"/"+e.Reason] = e.Reason + ": " + e.Message
			}
		}
	}
	warning := func(kind, name string, reasons ...string) string {
		for _, r := range reasons {
			if w := warnings[kind+"/"+name+"/"+r]; w != "" {
				return w
			}
		}
		return ""
	}
	if claims, err := ns.Client.CoreV1().PersistentVolumeClaims(ns.Name).List(ctx, selector); err == nil {
		for _, c := range claims.Items {
			if w := warning("PersistentVolumeClaim", c.Name, "ProvisioningFailed", "FailedBinding"); c.Status.Phase != api.ClaimBound && w != "" {
				list = append(list, trouble{"volume claim " + c.Name + " is not bound", w, brief})
			}
		}
	}
	for shard := range d.Shards {
		if of[nameLabel] != Name {
			break // the sets are not what is awaited, and what became of them is long ago
		}
		if w := warning("StatefulSet", setName(shard), "FailedCreate"); w != "" {
			list = append(list, trouble{"StatefulSet " + setName(shard) + " makes no pod", w, brief})
		}
	}
	if job := generatorName + "-" + ns.Run; warning("Job", job, "FailedCreate") != "" {
		list = append(list, trouble{"Job " + job + " makes no pod", warning("Job", job, "FailedCreate"), brief})
	}
	pods, err := ns.Client.CoreV1().Pods(ns.Name).List(ctx, selector)
	if err != nil {
		return list
	}
	for _, p := range pods.Items {
		if p.DeletionTimestamp != nil {
			continue // it is the next one that is awaited
		}
		for _, c := range p.Status.Conditions {
			if c.Type == api.PodScheduled && c.Status == api.ConditionFalse && c.Reason == api.PodReasonUnschedulable {
				list = append(list, trouble{"pod " + p.Name + " has no node to run on", c.Message, while})
			}
		}
		for _, c := range p.Status.ContainerStatuses {
			if w := c.State.Waiting; w != nil {
				list = append(list, d.waiting(ctx, p.Name, c, w)...)
			} else if end := c.State.Terminated; end != nil && end.ExitCode != 0 && p.Spec.RestartPolicy == api.RestartPolicyNever {
				list = append(list, trouble{"pod " + p.Name + " has ended", d.lastWords(ctx, p.Name, c, end), 0})
			} else if c.RestartCount >= 2 {
				list = append(list, trouble{"pod " + p.Name + " crashes", d.lastWords(ctx, p.Name, c, c.LastTerminationState.Terminated), 0})
			}
		}
		if w := warning("Pod", p.Name, "FailedMount", "FailedAttachVolume"); w != "" && p.Status.Phase == api.PodPending {
			list = append(list, trouble{"pod " + p.Name + " lacks a volume", w, while})
		}
	}
	return list
}

// waiting tells why a container does not run.
func (d *Deployment) waiting(ctx context.Context, pod string, c api.ContainerStatus, w *api.ContainerStateWaiting) []trouble {
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
		return []trouble{{"pod " + pod + " crashes", d.lastWords(ctx, pod, c, c.LastTerminationState.Terminated), 0}}
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return []trouble{{about, w.Reason + ": " + w.Message, while}}
	}
	return nil
}

// lastLines is how many lines of a crashed container's log are shown.
const lastLines = int64(4)

// lastWords are how a container ended and the last lines that it wrote.
func (d *Deployment) lastWords(ctx context.Context, pod string, c api.ContainerStatus, end *api.ContainerStateTerminated) string {
	lines := lastLines
	raw, err := d.namespace.Client.CoreV1().Pods(d.namespace.Name).GetLogs(pod, &api.PodLogOptions{Container: c.Name, Previous: c.State.Terminated == nil, TailLines: &lines}).DoRaw(ctx)
	said := strings.Join(strings.Split(strings.TrimSpace(string(raw)), "\n"), " | ")
	if err != nil {
		said = "its log cannot be read: " + err.Error()
	}
	if end == nil {
		return said
	}
	return fmt.Sprintf("exit code %d (%s): %s", end.ExitCode, end.Reason, said)
}
