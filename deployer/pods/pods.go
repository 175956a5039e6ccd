package pods

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/results"
)

// Pod is a node's pod at one moment.
type Pod struct {
	Name, UID, IP string
	// Container is the name of the one that is the node; empty if the pod has several and
	// none is named.
	Container string
	// Machine is where it runs.
	Machine string
	// Restarts counts its container's restarts; ContainerID is the one of now.
	Restarts    int
	ContainerID string
	Running     bool
	Ready       bool
	// Index is that in an Indexed Job; -1 elsewhere.
	Index int
	// Ended means that it has ended for good.
	Ended bool
	// Going means that it is being deleted.
	Going bool
	// Exit says how its container ended last; empty if it has not. OOMKilled means that it
	// was for its memory.
	Exit      string
	OOMKilled bool
	// Limit is that of its container's memory, in bytes; 0 is none.
	Limit int64
	// Keeper is the controller that owns it.
	Keeper Keeper
	// Mounts are the paths of its container at which a volume is mounted, with whether what
	// lies there outlives the pod.
	Mounts map[string]bool
}

// Keeper is what owns a pod as its controller; without one Kind is empty.
type Keeper struct {
	Kind, Group, Name string
	// Revision is the one of the pod's template, of a StatefulSet.
	Revision string
	// Generated means that the API server has chosen the end of the pod's name.
	Generated bool
}

// keeperOf is the controller that owns a pod.
func keeperOf(pod *api.Pod) Keeper {
	for _, o := range pod.OwnerReferences {
		if o.Controller != nil && *o.Controller {
			group, _, _ := strings.Cut(o.APIVersion, "/")
			return Keeper{Kind: o.Kind, Group: group, Name: o.Name, Revision: pod.Labels[api.ControllerRevisionHashLabelKey], Generated: pod.GenerateName != ""}
		}
	}
	return Keeper{}
}

// Outlives reports whether the pod that follows has a file of the pod's container again:
// whether it is on a volume that is kept.
func (p Pod) Outlives(file string) bool {
	for at := path.Clean(file); ; at = path.Dir(at) {
		if kept, mounted := p.Mounts[at]; mounted || at == "/" || at == "." {
			return kept
		}
	}
}

// mountsOf are the mounts of a container.
func mountsOf(pod *api.Pod, c api.Container) map[string]bool {
	kept := map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		// An inline volume of a CSI driver is as short-lived as the pod.
		kept[v.Name] = v.EmptyDir == nil && v.Ephemeral == nil && v.CSI == nil && v.ConfigMap == nil && v.Secret == nil && v.Projected == nil && v.DownwardAPI == nil && v.Image == nil
	}
	mounts := map[string]bool{}
	for _, m := range c.VolumeMounts {
		mounts[path.Clean(m.MountPath)] = kept[m.Name]
	}
	return mounts
}

// followed says which pods are followed, and which container of each is the node.
type followed struct {
	in                  *kube.Cluster
	namespace, selector string
	// container is empty where pods differ: then it is the one that containerOf chooses, by
	// port where nothing else says which.
	container string
	port      int
}

// pods follows the pods of a cluster by a watch, which outlives an API server
// that is away for a while.
type pods struct {
	of followed

	mu      sync.Mutex
	diary   diary
	now     map[string]Pod
	ips     map[string]string // every IP that was ever seen → node name
	history []results.Pod
	changed chan struct{} // closed and replaced at every change

	stop context.CancelFunc
	done func()
}

// diary is where the pods of nodes note what happens to them: those in shard.
type diary struct {
	clock results.Clock
	emit  results.Emit
	shard map[string]int // node name → shard
}

// labelled are the pods of a namespace with some labels.
func labelled(n *kube.Namespace, with map[string]string) followed {
	return followed{in: n.Cluster, namespace: n.Name, selector: labels.SelectorFromSet(with).String(), container: Container}
}

// watchPods follows pods until close.
func watchPods(ctx context.Context, of followed, diary diary) (*pods, error) {
	p := &pods{of: of, diary: diary, now: map[string]Pod{}, ips: map[string]string{}, changed: make(chan struct{})}
	factory := informers.NewSharedInformerFactoryWithOptions(of.in.Client, 0, informers.WithNamespace(of.namespace),
		informers.WithTweakListOptions(func(o *api.ListOptions) { o.LabelSelector = of.selector }))
	informer := factory.Core().V1().Pods().Informer()
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { p.see(o) },
		UpdateFunc: func(_, o any) { p.see(o) },
		DeleteFunc: func(o any) {
			if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = gone.Obj
			}
			p.lose(o)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watching pods: %w", err)
	}
	watching, stop := context.WithCancel(context.Background())
	p.stop, p.done = stop, factory.Shutdown
	factory.Start(watching.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		p.close()
		return nil, fmt.Errorf("watching pods: %w", context.Cause(ctx))
	}
	return p, nil
}

func (p *pods) close() {
	p.stop()
	p.done()
}

// see takes a pod as it is now.
func (p *pods) see(o any) {
	pod, ok := o.(*api.Pod)
	if !ok {
		return
	}
	is := podOf(pod, p.of.containerOf(pod))
	p.mu.Lock()
	was := p.now[is.Name]
	fresh := was.UID != is.UID
	p.now[is.Name] = is
	if is.IP != "" {
		p.ips[is.IP] = is.Name
	}
	if fresh {
		h := results.Pod{Name: is.Name, UID: is.UID, From: p.diary.clock.Now()}
		if pod.CreationTimestamp.Time.Before(p.diary.clock.Start) {
			h.Restarts = is.Restarts // those before the run are not its own
		}
		p.history = append(p.history, h)
	}
	p.note(pod, is)
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	switch {
	case fresh && is.Machine == "":
	case fresh || was.Machine == "" && is.Machine != "":
		p.event(is.Name, results.EventNodeStart, fmt.Sprintf("pod %s on %s", is.UID, is.Machine))
	case is.Restarts > was.Restarts:
		p.event(is.Name, results.EventNodeExit, "container "+is.Exit)
		p.event(is.Name, results.EventNodeStart, fmt.Sprintf("container again, restart %d of pod %s", is.Restarts, is.UID))
	case is.Going && !was.Going:
		p.event(is.Name, results.EventNote, "pod "+is.UID+" is asked to stop")
	}
	if is.Ready && (!was.Ready || fresh) {
		p.event(is.Name, results.EventNodeReady, "ip "+is.IP)
	}
}

// note brings a pod's entry in the history up to date.
func (p *pods) note(pod *api.Pod, is Pod) {
	for i := range p.history {
		h := &p.history[i]
		if h.UID != is.UID {
			continue
		}
		if is.OOMKilled && is.Restarts > h.Restarts {
			h.OOMKills++
		}
		h.IP, h.Node, h.Restarts = is.IP, is.Machine, is.Restarts
		for _, c := range pod.Spec.Containers {
			if limit, ok := c.Resources.Limits[api.ResourceCPU]; ok && c.Name == is.Container {
				h.CPULimit = limit.String()
			}
		}
		for _, c := range pod.Status.ContainerStatuses {
			if c.Name == is.Container {
				h.Image, h.ImageID = c.Image, c.ImageID
			}
		}
	}
}

func (p *pods) lose(o any) {
	pod, ok := o.(*api.Pod)
	if !ok {
		return
	}
	p.mu.Lock()
	if p.now[pod.Name].UID == string(pod.UID) {
		delete(p.now, pod.Name)
	}
	for i := range p.history {
		if p.history[i].UID == string(pod.UID) && p.history[i].To == 0 {
			p.history[i].To = p.diary.clock.Now()
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	p.event(pod.Name, results.EventNodeExit, "pod "+string(pod.UID)+" is gone")
}

func (p *pods) event(name, kind, message string) {
	p.mu.Lock()
	d := p.diary
	p.mu.Unlock()
	shard, ok := d.shard[name]
	if !ok {
		return
	}
	d.emit(results.Event{Offset: d.clock.Now(), Kind: kind, Source: "kubernetes", Node: name, Shard: &shard, Message: message})
}

// containerOf is the container that is the node: the one that was named, the one that the
// annotation of kubectl names, the only one, the only one with the port, or the only one
// without ports beside containers with other ports; else empty.
func (f followed) containerOf(pod *api.Pod) string {
	if name := cmp.Or(f.container, pod.Annotations[defaultContainer]); name != "" {
		return name
	}
	if len(pod.Spec.Containers) == 1 {
		return pod.Spec.Containers[0].Name
	}
	// A container need not declare its ports: one that declares others, such as an exporter of
	// metrics, is not the server.
	var with, silent []string
	for _, c := range pod.Spec.Containers {
		switch {
		case slices.ContainsFunc(c.Ports, func(p api.ContainerPort) bool { return int(p.ContainerPort) == f.port }):
			with = append(with, c.Name)
		case len(c.Ports) == 0:
			silent = append(silent, c.Name)
		}
	}
	switch {
	case len(with) == 1:
		return with[0]
	case len(with) == 0 && len(silent) == 1:
		return silent[0]
	}
	return ""
}

// podOf is a pod with the state of one of its containers.
func podOf(pod *api.Pod, container string) Pod {
	is := Pod{Name: pod.Name, UID: string(pod.UID), IP: pod.Status.PodIP, Machine: pod.Spec.NodeName, Going: pod.DeletionTimestamp != nil, Index: -1, Container: container, Keeper: keeperOf(pod)}
	if i, err := strconv.Atoi(pod.Annotations[api.JobCompletionIndexAnnotation]); err == nil {
		is.Index = i
	}
	is.Ended = pod.Status.Phase == api.PodFailed || pod.Status.Phase == api.PodSucceeded
	for _, c := range pod.Spec.Containers {
		if c.Name == container {
			is.Limit, is.Mounts = c.Resources.Limits.Memory().Value(), mountsOf(pod, c)
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name != container {
			continue
		}
		is.Restarts, is.ContainerID, is.Running, is.Ready = int(c.RestartCount), c.ContainerID, c.State.Running != nil, c.Ready
		end := c.LastTerminationState.Terminated
		if c.State.Terminated != nil {
			end = c.State.Terminated
		}
		if end != nil {
			is.OOMKilled = end.Reason == oomKilled
			is.Exit = fmt.Sprintf("exited with code %d (%s)", end.ExitCode, end.Reason)
			if end.ExitCode > 128 {
				is.Exit = fmt.Sprintf("ended by signal %d (%s)", end.ExitCode-128, end.Reason)
			}
		}
	}
	return is
}

// oomKilled is the reason that the kubelet gives for the end of a container which had more memory
// than its limit. It is a term of the container runtimes that no type of the API holds.
const oomKilled = "OOMKilled"

// byAddr finds the pod that has an address now: its host is an IP, or a name
// that begins with the pod's.
func (p *pods) byHost(host string) (Pod, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pod, ok := p.now[firstLabel(host)]; ok {
		return pod, true
	}
	pod, ok := p.now[p.ips[host]]
	return pod, ok && pod.IP == host
}

// running is byHost, if the pod's container runs; else the error of a dial.
func (p *pods) running(host string) (Pod, error) {
	pod, ok := p.byHost(host)
	if !ok || !pod.Running {
		return Pod{}, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("no pod runs as %s", host)}
	}
	return pod, nil
}

// announced names the pod that has, or had, an address.
func (p *pods) announced(host string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, ok := p.ips[host]
	return name, ok
}

// existed reports whether a pod has, or had, a name.
func (p *pods) existed(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.history, func(h results.Pod) bool { return h.Name == name })
}

// find gives a pod that ok takes.
func (p *pods) find(ok func(Pod) bool) (Pod, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pod := range p.now {
		if ok(pod) {
			return pod, true
		}
	}
	return Pod{}, false
}

// await waits until a node's pod is as ok wants it; what says what that is.
func (p *pods) await(ctx context.Context, node, what string, ok func(Pod) bool) (Pod, error) {
	return p.awaitAny(ctx, what, func(pod Pod) bool { return pod.Name == node && ok(pod) })
}

// awaitAny waits until there is a pod that ok takes.
func (p *pods) awaitAny(ctx context.Context, what string, ok func(Pod) bool) (Pod, error) {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if pod, there := p.find(ok); there {
			return pod, nil
		}
		select {
		case <-ctx.Done():
			return Pod{}, fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		case <-changed:
		}
	}
}

// awaitGone waits until a pod no longer exists.
func (p *pods) awaitGone(ctx context.Context, was Pod) error {
	for {
		p.mu.Lock()
		changed, now := p.changed, p.now[was.Name]
		p.mu.Unlock()
		if now.UID != was.UID {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the end of pod %s: %w", was.Name, context.Cause(ctx))
		case <-changed:
		}
	}
}

// seen is the history so far.
func (p *pods) seen() []results.Pod {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]results.Pod(nil), p.history...)
}

// deletePod deletes a pod, if it is still that one. A grace of 0 is by force: the API server
// forgets it at once.
func deletePod(ctx context.Context, in *kube.Cluster, namespace string, p Pod, grace *time.Duration) error {
	o := api.DeleteOptions{Preconditions: api.NewUIDPreconditions(p.UID)}
	if grace != nil {
		seconds := int64(*grace / time.Second)
		o.GracePeriodSeconds = &seconds
	}
	err := in.Client.CoreV1().Pods(namespace).Delete(ctx, p.Name, o)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("deleting pod %s: %w", p.Name, err)
	if denied(err) {
		return notDone(err)
	}
	return err
}
