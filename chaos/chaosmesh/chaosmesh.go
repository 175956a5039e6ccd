// Package chaosmesh has Chaos Mesh act for slotstorm: a fault becomes objects of
// its API (https://chaos-mesh.org), which its controller carries out.
//
// It acts and mends, no more. Who is meant, and whether a fault is in force and
// over, is seen by the engine in chaos/native: that Chaos Mesh says "AllInjected"
// does not prove that a packet drops.
package chaosmesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chaos-mesh/chaos-mesh/api/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// The kinds of Chaos Mesh that are used, by the names of their resources.
var (
	networks = v1alpha1.SchemeGroupVersion.WithResource("networkchaos")
	kills    = v1alpha1.SchemeGroupVersion.WithResource("podchaos")
)

// Mesh is the Chaos Mesh of a cluster, in the namespace of a run.
type Mesh struct {
	namespace *kube.Namespace
	client    dynamic.Interface

	mu sync.Mutex
	// made are the objects of each fault that is in force.
	made map[string][]object
}

// object is one that this run has made.
type object struct {
	resource schema.GroupVersionResource
	name     string
	uid      types.UID
}

// New is the Chaos Mesh of a namespace's cluster. Able reports whether there is one.
func New(n *kube.Namespace) (*Mesh, error) {
	client, err := dynamic.NewForConfig(n.Config)
	if err != nil {
		return nil, fmt.Errorf("through Chaos Mesh: %w", err)
	}
	return &Mesh{namespace: n, client: client, made: map[string][]object{}}, nil
}

// Cut puts rules in force under the name of a fault, for limit at most, and waits
// until Chaos Mesh says that they are. It comes to one pod after the other: on a busy
// cluster its time may be over before it has been everywhere.
func (m *Mesh) Cut(ctx context.Context, name string, rules []native.PodRule, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("its time, %v, was over before it was in force everywhere", limit))
	defer cancel()
	var specs []*v1alpha1.NetworkChaos
	for i, r := range rules {
		specs = append(specs, m.partition(fmt.Sprintf("%s-%d", name, i+1), r, limit))
	}
	made := make([]object, len(specs))
	for i, spec := range specs {
		var err error
		if made[i], err = m.create(ctx, name, networks, spec); err != nil {
			return err
		}
	}
	for _, o := range made {
		if err := m.await(ctx, o, v1alpha1.ConditionAllInjected); err != nil {
			return err
		}
	}
	return nil
}

// partition keeps what one set of pods sends from another set.
func (m *Mesh) partition(name string, r native.PodRule, limit time.Duration) *v1alpha1.NetworkChaos {
	long, target := limit.String(), m.only(r.To)
	return &v1alpha1.NetworkChaos{
		TypeMeta:   api.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "NetworkChaos"},
		ObjectMeta: m.meta(name),
		Spec: v1alpha1.NetworkChaosSpec{
			PodSelector: m.only(r.From), Target: &target, Direction: v1alpha1.To, Duration: &long,
			Action: v1alpha1.PartitionAction,
		},
	}
}

// Kill deletes pods, or ends the containers of redis-server in them.
func (m *Mesh) Kill(ctx context.Context, name string, targets []pods.Pod, kill scenarios.Kill) error {
	ctx, cancel := context.WithTimeoutCause(ctx, killLimit, fmt.Errorf("not done after %v", killLimit))
	defer cancel()
	o, err := m.create(ctx, name, kills, m.kill(name, targets, kill))
	if err != nil {
		return err
	}
	return m.await(ctx, o, v1alpha1.ConditionAllInjected)
}

// killLimit is how long Chaos Mesh may take to come to all pods.
const killLimit = time.Minute

func (m *Mesh) kill(name string, targets []pods.Pod, kill scenarios.Kill) *v1alpha1.PodChaos {
	spec := v1alpha1.PodChaosSpec{Action: v1alpha1.PodKillAction, ContainerSelector: v1alpha1.ContainerSelector{PodSelector: m.only(targets)}}
	switch {
	case kill.Scope == "container":
		spec.Action, spec.ContainerNames = v1alpha1.ContainerKillAction, []string{pods.Container}
	case kill.Signal == "SIGTERM":
		spec.GracePeriod = int64((kill.Grace.Std() + time.Second - 1) / time.Second)
	}
	return &v1alpha1.PodChaos{
		TypeMeta:   api.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "PodChaos"},
		ObjectMeta: m.meta(name), Spec: spec,
	}
}

// only selects pods by their names: what a label says may change meanwhile.
func (m *Mesh) only(targets []pods.Pod) v1alpha1.PodSelector {
	var names []string
	for _, p := range targets {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return v1alpha1.PodSelector{Mode: v1alpha1.AllMode, Selector: v1alpha1.PodSelectorSpec{Pods: map[string][]string{m.namespace.Name: names}}}
}

func (m *Mesh) meta(name string) api.ObjectMeta {
	return api.ObjectMeta{
		Name: name + "-" + m.namespace.Run, Namespace: m.namespace.Name,
		Labels: m.namespace.Labels(), OwnerReferences: m.namespace.OwnerReferences(),
	}
}

// create makes an object of a fault. What is stored is what came of the wish: a
// field that the version in the cluster does not know is dropped without a word.
func (m *Mesh) create(ctx context.Context, fault string, resource schema.GroupVersionResource, wish runtime.Object, dry ...string) (object, error) {
	if err := m.namespace.Check(ctx); err != nil {
		return object{}, err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wish)
	if err != nil {
		return object{}, fmt.Errorf("through Chaos Mesh: %w", err)
	}
	delete(content, "status")
	asked := &unstructured.Unstructured{Object: content}
	stored, err := m.client.Resource(resource).Namespace(m.namespace.Name).Create(ctx, asked, api.CreateOptions{FieldManager: kube.Manager, DryRun: dry})
	if err != nil {
		return object{}, fmt.Errorf("through Chaos Mesh: making %s %s: %w", asked.GetKind(), asked.GetName(), err)
	}
	o := object{resource: resource, name: stored.GetName(), uid: stored.GetUID()}
	if len(dry) == 0 {
		m.mu.Lock()
		m.made[fault] = append(m.made[fault], o)
		m.mu.Unlock()
	}
	if lost := missing(asked.Object["spec"], stored.Object["spec"], "spec"); lost != "" {
		return o, fmt.Errorf("the Chaos Mesh of this cluster does not know %s of %s: it is of another version", lost, asked.GetKind())
	}
	return o, nil
}

// missing is the path of the first thing that is in asked, and not in got.
func missing(asked, got any, path string) string {
	switch a := asked.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for _, key := range sorted(a) {
			if lost := missing(a[key], g[key], path+"."+key); lost != "" {
				return lost
			}
		}
		return ""
	case []any:
		g, _ := got.([]any)
		if len(a) != len(g) {
			return path
		}
		for i := range a {
			if lost := missing(a[i], g[i], fmt.Sprintf("%s[%d]", path, i)); lost != "" {
				return lost
			}
		}
		return ""
	case nil:
		return ""
	}
	if fmt.Sprint(asked) != fmt.Sprint(got) {
		return path
	}
	return ""
}

func sorted(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// lookEvery is the distance of two looks at an object.
const lookEvery = 200 * time.Millisecond

// errGone says that an object is there no more.
var errGone = errors.New("it is gone")

// await waits until Chaos Mesh says that a condition of an object holds.
func (m *Mesh) await(ctx context.Context, o object, want v1alpha1.ChaosConditionType) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	var last error
	for {
		holds, err := m.holds(ctx, o, want)
		if holds {
			return nil
		}
		if errors.Is(err, errGone) {
			return fmt.Errorf("through Chaos Mesh: %s: %w", o.name, err)
		}
		if err != nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("through Chaos Mesh: %s is not %s: %w", o.name, want, context.Cause(ctx)), last)
		case <-t.C:
		}
	}
}

// holds looks at a condition. If it does not hold, err is what Chaos Mesh has to
// say of its last try.
func (m *Mesh) holds(ctx context.Context, o object, want v1alpha1.ChaosConditionType) (bool, error) {
	is, err := m.client.Resource(o.resource).Namespace(m.namespace.Name).Get(ctx, o.name, api.GetOptions{})
	switch {
	case api.IsNotFound(err) || err == nil && is.GetUID() != o.uid:
		return false, errGone
	case err != nil:
		return false, err
	}
	raw, err := json.Marshal(is.Object["status"])
	if err != nil {
		return false, err
	}
	var status v1alpha1.ChaosStatus
	if err := json.Unmarshal(raw, &status); err != nil {
		return false, err
	}
	for _, c := range status.Conditions {
		if c.Type == want {
			return c.Status == api.ConditionTrue, failure(status)
		}
	}
	return false, failure(status)
}

// failure is the last thing that went wrong for any pod.
func failure(s v1alpha1.ChaosStatus) error {
	var reasons []string
	for _, r := range s.Experiment.Records {
		if n := len(r.Events); n > 0 && r.Events[n-1].Type == v1alpha1.TypeFailed {
			reasons = append(reasons, fmt.Sprintf("%s: %s", r.Id, r.Events[n-1].Message))
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return errors.New(strings.Join(reasons, "; "))
}

// Mend ends a fault: Chaos Mesh stops it, and says that all is recovered;
// then the objects are removed. It may be called again after an error.
func (m *Mesh) Mend(ctx context.Context, fault string) error {
	m.mu.Lock()
	left := m.made[fault]
	m.mu.Unlock()
	if err := m.end(ctx, left); err != nil {
		return err
	}
	m.mu.Lock()
	delete(m.made, fault)
	m.mu.Unlock()
	return nil
}

// pause is the annotation that stops an object before its time.
var pause = []byte(`{"metadata":{"annotations":{"` + v1alpha1.PauseAnnotationKey + `":"true"}}}`)

func (m *Mesh) end(ctx context.Context, list []object) error {
	for _, o := range list {
		if err := m.namespace.Check(ctx); err != nil {
			return err
		}
		// A pod that was killed is not brought back by Chaos Mesh.
		if o.resource == kills {
			continue
		}
		objects := m.client.Resource(o.resource).Namespace(m.namespace.Name)
		if _, err := objects.Patch(ctx, o.name, types.MergePatchType, pause, api.PatchOptions{FieldManager: kube.Manager}); err != nil && !api.IsNotFound(err) {
			return fmt.Errorf("through Chaos Mesh: ending %s: %w", o.name, err)
		}
	}
	for _, o := range list {
		if o.resource == kills {
			continue
		}
		if err := m.await(ctx, o, v1alpha1.ConditionAllRecovered); err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
	for _, o := range list {
		objects := m.client.Resource(o.resource).Namespace(m.namespace.Name)
		err := objects.Delete(ctx, o.name, api.DeleteOptions{Preconditions: api.NewUIDPreconditions(string(o.uid))})
		if err != nil && !api.IsNotFound(err) && !api.IsConflict(err) {
			return fmt.Errorf("through Chaos Mesh: removing %s: %w", o.name, err)
		}
	}
	return nil
}

// Leftovers ends what faults of this run are still in force through Chaos Mesh,
// such as a run that was killed has left. It gives their names; none if the cluster
// has no Chaos Mesh.
func (m *Mesh) Leftovers(ctx context.Context) ([]string, error) {
	var list []object
	var names []string
	for _, resource := range []schema.GroupVersionResource{networks, kills} {
		found, err := m.client.Resource(resource).Namespace(m.namespace.Name).List(ctx, api.ListOptions{LabelSelector: kube.RunLabel + "=" + m.namespace.Run})
		if api.IsNotFound(err) || api.IsForbidden(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("through Chaos Mesh: %w", err)
		}
		for _, o := range found.Items {
			list = append(list, object{resource: resource, name: o.GetName(), uid: o.GetUID()})
			names = append(names, o.GetName())
		}
	}
	return names, m.end(ctx, list)
}
