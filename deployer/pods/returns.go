package pods

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// The kinds and the group of Kubernetes' own controllers.
const (
	statefulSet = "StatefulSet"
	machineKind = "Node"
	appsGroup   = "apps"
)

// Returns refuses a pod whose deletion would do more than make the node fail: where no
// controller makes another pod under the same name, or where the next one would have another
// template.
func (t *Theirs) Returns(ctx context.Context, p Pod) error {
	switch k := p.Keeper; {
	case k.Kind == "":
		return fmt.Errorf("pod %s belongs to no controller: deleted, it would not come back", p.Name)
	case k.Kind == machineKind:
		return fmt.Errorf("pod %s is a static pod of machine %s: its deletion does not end its containers", p.Name, k.Name)
	case k.Kind == statefulSet && k.Group != appsGroup:
		return nil // an extension of StatefulSets, which keeps their names
	case k.Kind == statefulSet:
		return t.unchanged(ctx, p)
	case k.Generated:
		return fmt.Errorf("pod %s belongs to %s %s, which makes another pod under another name: kill needs pods that keep their names, such as those of a StatefulSet", p.Name, k.Kind, k.Name)
	}
	return nil // a controller of an operator that names its pods itself
}

// unchanged wants the StatefulSet of a pod to make the same pod again.
func (t *Theirs) unchanged(ctx context.Context, p Pod) error {
	// The rights of a run include list, not get.
	list, err := t.options.In.Client.AppsV1().StatefulSets(t.options.Namespace).List(ctx, api.ListOptions{})
	if err != nil {
		return fmt.Errorf("reading the StatefulSet of pod %s: %w", p.Name, err)
	}
	i := slices.IndexFunc(list.Items, func(s api.StatefulSet) bool { return s.Name == p.Keeper.Name })
	ordinal, err := strconv.Atoi(p.Name[strings.LastIndex(p.Name, "-")+1:])
	switch {
	case i < 0:
		return fmt.Errorf("pod %s belongs to StatefulSet %s, which no longer exists: deleted, it would not come back", p.Name, p.Keeper.Name)
	case err != nil:
		return fmt.Errorf("pod %s of StatefulSet %s has no ordinal: %w", p.Name, p.Keeper.Name, err)
	}
	s := &list.Items[i]
	first, replicas := ordinals(s)
	switch next := nextRevision(s, ordinal-first); {
	case s.DeletionTimestamp != nil || ordinal >= first+replicas:
		return fmt.Errorf("StatefulSet %s no longer wants pod %s: deleted, it would not come back", s.Name, p.Name)
	case s.Status.ObservedGeneration < s.Generation:
		return fmt.Errorf("StatefulSet %s was changed a moment ago: the deletion of pod %s could carry the change out", s.Name, p.Name)
	case next != "" && next != p.Keeper.Revision:
		return fmt.Errorf("StatefulSet %s has an update that pod %s does not have (revision %s, not %s): its deletion would carry the update out", s.Name, p.Name, next, p.Keeper.Revision)
	}
	return nil
}

// ordinals are those that a StatefulSet wants.
func ordinals(s *api.StatefulSet) (first, replicas int) {
	replicas = 1
	if s.Spec.Replicas != nil {
		replicas = int(*s.Spec.Replicas)
	}
	if s.Spec.Ordinals != nil {
		first = int(s.Spec.Ordinals.Start)
	}
	return first, replicas
}

// nextRevision is the template of the pod that a StatefulSet makes for the index-th one; empty
// if its controller has not said. Those below the partition of a rolling update keep theirs.
// Source: newVersionedStatefulSetPod in pkg/controller/statefulset of Kubernetes.
func nextRevision(s *api.StatefulSet, index int) string {
	u := s.Spec.UpdateStrategy
	if u.RollingUpdate != nil && u.RollingUpdate.Partition != nil && index < int(*u.RollingUpdate.Partition) {
		return s.Status.CurrentRevision
	}
	return s.Status.UpdateRevision
}
