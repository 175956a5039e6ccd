package kubetest

import (
	"encoding/json"
	"fmt"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Clientset is client-go's fake one with the rules of an API server that it lacks.
// It has no goroutines, so that a test can bend time.
func Clientset(objects ...runtime.Object) *fake.Clientset {
	c := fake.NewClientset(objects...)
	r := &rules{tracker: c.Tracker(), react: testing.ObjectReaction(c.Tracker())}
	c.PrependReactor("create", "*", r.create)
	c.PrependReactor("patch", "*", r.patch)
	c.PrependReactor("delete", "*", r.remove)
	c.PrependWatchReactor("*", r.watch)
	return c
}

type rules struct {
	tracker testing.ObjectTracker
	react   testing.ReactionFunc
	made    atomic.Int64
}

// uid is one that no other object has.
func (r *rules) uid() types.UID {
	return types.UID(fmt.Sprintf("0f0f0f0f-0000-4000-8000-%012d", r.made.Add(1)))
}

// create gives a new object its uid. A dry run keeps nothing.
func (r *rules) create(action testing.Action) (bool, runtime.Object, error) {
	a, ok := action.(testing.CreateActionImpl)
	if !ok || a.GetSubresource() != "" {
		return false, nil, nil
	}
	o := a.GetObject().DeepCopyObject()
	m, err := meta.Accessor(o)
	if err != nil {
		return true, nil, err
	}
	if m.GetUID() == "" {
		m.SetUID(r.uid())
	}
	if len(a.CreateOptions.DryRun) > 0 {
		if _, err := r.tracker.Get(a.GetResource(), a.GetNamespace(), m.GetName(), api.GetOptions{}); err == nil {
			return true, nil, api.NewAlreadyExists(a.GetResource().GroupResource(), m.GetName())
		}
		return true, o, nil
	}
	a.Object = o
	return r.react(a)
}

// patch holds a patch to the uid that it names, and gives an applied object its uid.
func (r *rules) patch(action testing.Action) (bool, runtime.Object, error) {
	a, ok := action.(testing.PatchActionImpl)
	if !ok {
		return false, nil, nil
	}
	var change struct {
		Metadata struct{ UID types.UID }
	}
	// One that is not JSON has no uid: the fake clientset reports it.
	_ = json.Unmarshal(a.GetPatch(), &change)
	old, err := r.tracker.Get(a.GetResource(), a.GetNamespace(), a.GetName(), api.GetOptions{})
	if err == nil && change.Metadata.UID != "" {
		m, err := meta.Accessor(old)
		if err != nil {
			return true, nil, err
		}
		if m.GetUID() != change.Metadata.UID {
			return true, nil, conflict(a.GetResource(), a.GetName())
		}
	}
	if len(a.PatchOptions.DryRun) > 0 {
		if old == nil {
			old = &api.Pod{}
		}
		return true, old, nil
	}
	_, o, err := r.react(a)
	if err != nil {
		return true, nil, err
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return true, nil, err
	}
	if m.GetUID() == "" {
		m.SetUID(r.uid())
		err = r.tracker.Update(a.GetResource(), o, a.GetNamespace())
	}
	return true, o, err
}

// conflict is what the API server answers where an object is another one.
func conflict(resource schema.GroupVersionResource, name string) error {
	return api.NewConflict(resource.GroupResource(), name, fmt.Errorf("the uid is another one"))
}

// owned are the resources that go with their owner or their namespace.
var owned = []schema.GroupVersionKind{
	{Version: "v1", Kind: "Pod"}, {Version: "v1", Kind: "Secret"}, {Version: "v1", Kind: "ConfigMap"}, {Version: "v1", Kind: "Service"},
	{Version: "v1", Kind: "PersistentVolumeClaim"}, {Group: "apps", Version: "v1", Kind: "StatefulSet"}, {Group: "batch", Version: "v1", Kind: "Job"},
	{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"}, {Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"},
}

// remove holds a deletion to its precondition, and removes what goes with the object.
func (r *rules) remove(action testing.Action) (bool, runtime.Object, error) {
	a, ok := action.(testing.DeleteActionImpl)
	if !ok {
		return false, nil, nil
	}
	o, err := r.tracker.Get(a.GetResource(), a.GetNamespace(), a.GetName(), api.GetOptions{})
	if err != nil {
		return true, nil, err
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return true, nil, err
	}
	if p := a.DeleteOptions.Preconditions; p != nil && p.UID != nil && *p.UID != m.GetUID() {
		return true, nil, conflict(a.GetResource(), a.GetName())
	}
	if err := r.tracker.Delete(a.GetResource(), a.GetNamespace(), a.GetName()); err != nil {
		return true, nil, err
	}
	if a.GetResource().Resource == "namespaces" {
		return true, nil, r.collect(a.GetName(), func(api.Object) bool { return true })
	}
	return true, nil, r.collect(a.GetNamespace(), func(o api.Object) bool {
		for _, owner := range o.GetOwnerReferences() {
			if owner.UID == m.GetUID() {
				return true
			}
		}
		return false
	})
}

// collect removes the objects of a namespace that goes takes.
func (r *rules) collect(namespace string, goes func(api.Object) bool) error {
	for _, kind := range owned {
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		list, err := r.tracker.List(resource, kind, namespace)
		if err != nil {
			return err
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return err
		}
		for _, o := range items {
			m, err := meta.Accessor(o)
			if err != nil {
				return err
			}
			if goes(m) {
				if err := r.tracker.Delete(resource, namespace, m.GetName()); err != nil && !api.IsNotFound(err) {
					return err
				}
			}
		}
	}
	return nil
}

// watch holds a watch to its labels.
func (r *rules) watch(action testing.Action) (bool, watch.Interface, error) {
	a, ok := action.(testing.WatchActionImpl)
	if !ok {
		return false, nil, nil
	}
	w, err := r.tracker.Watch(a.GetResource(), a.GetNamespace(), a.ListOptions)
	if err != nil {
		return true, nil, err
	}
	selector := a.GetWatchRestrictions().Labels
	if selector == nil || selector.Empty() {
		return true, w, nil
	}
	return true, watch.Filter(w, func(e watch.Event) (watch.Event, bool) {
		m, err := meta.Accessor(e.Object)
		return e, err != nil || selector.Matches(labels.Set(m.GetLabels()))
	}), nil
}

// Forbidden is the answer to a user who may not do something.
var Forbidden = api.NewForbidden(schema.GroupResource{}, "", fmt.Errorf("this user may not do that"))

// Refusal is an error that a clientset answers with.
type Refusal struct{ ended atomic.Bool }

// End lets the requests through again.
func (r *Refusal) End() { r.ended.Store(true) }

// Refuse has a clientset answer a verb on a resource with an error, until the refusal
// ends. Each may be "*".
func Refuse(c *fake.Clientset, verb, resource string, err error) *Refusal {
	r := &Refusal{}
	c.PrependReactor(verb, resource, func(testing.Action) (bool, runtime.Object, error) {
		return !r.ended.Load(), nil, err
	})
	return r
}
