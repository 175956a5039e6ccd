package kubetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
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
type Clientset struct {
	*fake.Clientset
	mu        sync.Mutex
	reactions []*Reaction
}

// NewClientset makes a clientset with some objects.
func NewClientset(objects ...runtime.Object) *Clientset {
	c := &Clientset{Clientset: fake.NewClientset(objects...)}
	r := &rules{tracker: c.Tracker(), react: testing.ObjectReaction(c.Tracker())}
	c.PrependReactor("create", "*", r.create)
	c.PrependReactor("patch", "*", r.patch)
	c.PrependReactor("delete", "*", r.remove)
	c.PrependReactor("*", "*", c.answer)
	c.PrependWatchReactor("*", r.watch)
	return c
}

// Reaction is an answer that a test gives in the place of the clientset.
type Reaction struct {
	verb, resource string
	do             func(testing.Action) (handled bool, _ runtime.Object, _ error)
	ended          bool
	in             *Clientset
}

// React answers a verb on a resource, such as "get" and "pods/log", until the reaction
// ends. Requests may be under way. do must not use the clientset but through its
// tracker.
func (c *Clientset) React(verb, resource string, do testing.ReactionFunc) *Reaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &Reaction{verb: verb, resource: resource, do: do, in: c}
	c.reactions = append(c.reactions, r)
	return r
}

// Refuse answers a verb on a resource with an error, until the refusal ends.
func (c *Clientset) Refuse(verb, resource string, err error) *Reaction {
	return c.React(verb, resource, func(testing.Action) (bool, runtime.Object, error) { return true, nil, err })
}

// End lets the requests through again.
func (r *Reaction) End() {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	r.ended = true
}

// answer asks the reactions, the newest first.
func (c *Clientset) answer(a testing.Action) (bool, runtime.Object, error) {
	resource := a.GetResource().Resource
	if sub := a.GetSubresource(); sub != "" {
		resource += "/" + sub
	}
	c.mu.Lock()
	var list []*Reaction
	for _, r := range slices.Backward(c.reactions) {
		if r.verb == a.GetVerb() && r.resource == resource && !r.ended {
			list = append(list, r)
		}
	}
	c.mu.Unlock()
	for _, r := range list {
		if handled, o, err := r.do(a); handled {
			return true, o, err
		}
	}
	return false, nil, nil
}

// Forbidden is the answer to a user who may not do something.
func Forbidden() error {
	return api.NewForbidden(schema.GroupResource{}, "", errors.New("this user may not do that"))
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
		return true, old, nil // the clientset gives an empty object for none
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
	return api.NewConflict(resource.GroupResource(), name, errors.New("the uid is another one"))
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

// Permit answers the reviews of this user's rights: a right is VERB RESOURCE, such as "get
// pods/log" or "list statefulsets.apps".
func (c *Clientset) Permit(allowed func(right string) bool) {
	c.React("create", "selfsubjectaccessreviews", func(a testing.Action) (bool, runtime.Object, error) {
		create, ok := a.(testing.CreateActionImpl)
		if !ok {
			return false, nil, nil
		}
		review, ok := create.GetObject().DeepCopyObject().(*api.SelfSubjectAccessReview)
		if !ok {
			return false, nil, nil
		}
		at := review.Spec.ResourceAttributes
		right := at.Verb + " " + at.Resource
		if at.Group != "" {
			right += "." + at.Group
		}
		if at.Subresource != "" {
			right += "/" + at.Subresource
		}
		review.Status.Allowed = allowed(right)
		return true, review, nil
	})
}
