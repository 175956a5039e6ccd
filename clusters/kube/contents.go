package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Contents are what the owner of a namespace has written into its objects: KIND/NAME to
// labels, annotations and spec or data, in JSON. The status, which controllers write, and the
// values of Secrets are left out.
type Contents map[string]string

// ContentRights are the rights that reading Contents takes.
func ContentRights() []Right {
	return []Right{
		{Verb: "list", Resource: "statefulsets.apps"}, {Verb: "list", Resource: "configmaps"},
		{Verb: "list", Resource: "services"}, {Verb: "list", Resource: "poddisruptionbudgets.policy"},
	}
}

// content is what is kept of one object.
type content struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Spec        any               `json:"spec"`
}

// Contents reads the StatefulSets, ConfigMaps, Services and PodDisruptionBudgets of a
// namespace. The template of a StatefulSet is the spec of its pods.
func (c *Cluster) Contents(ctx context.Context, namespace string) (Contents, error) {
	all := Contents{}
	add := func(kind string, m api.ObjectMeta, spec any) error {
		raw, err := json.Marshal(content{m.Labels, m.Annotations, spec})
		if err != nil {
			return fmt.Errorf("reading %s %s: %w", kind, m.Name, err)
		}
		all[kind+"/"+m.Name] = string(raw)
		return nil
	}
	fail := func(what string, err error) (Contents, error) {
		return nil, fmt.Errorf("listing %s in namespace %s: %w", what, namespace, err)
	}
	sets, err := c.Client.AppsV1().StatefulSets(namespace).List(ctx, api.ListOptions{})
	if err != nil {
		return fail("StatefulSets", err)
	}
	for _, o := range sets.Items {
		if err := add("StatefulSet", o.ObjectMeta, o.Spec); err != nil {
			return nil, err
		}
	}
	configs, err := c.Client.CoreV1().ConfigMaps(namespace).List(ctx, api.ListOptions{})
	if err != nil {
		return fail("ConfigMaps", err)
	}
	for _, o := range configs.Items {
		if err := add("ConfigMap", o.ObjectMeta, []any{o.Data, o.BinaryData}); err != nil {
			return nil, err
		}
	}
	services, err := c.Client.CoreV1().Services(namespace).List(ctx, api.ListOptions{})
	if err != nil {
		return fail("Services", err)
	}
	for _, o := range services.Items {
		if err := add("Service", o.ObjectMeta, o.Spec); err != nil {
			return nil, err
		}
	}
	budgets, err := c.Client.PolicyV1().PodDisruptionBudgets(namespace).List(ctx, api.ListOptions{})
	if err != nil {
		return fail("PodDisruptionBudgets", err)
	}
	for _, o := range budgets.Items {
		if err := add("PodDisruptionBudget", o.ObjectMeta, o.Spec); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Changed names the objects that differ from those of before, each with what became of it.
func (was Contents) Changed(is Contents) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(was)) {
		now, ok := is[name]
		switch {
		case !ok:
			list = append(list, name+" is gone")
		case now != was[name]:
			list = append(list, name+" has another content")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, ok := was[name]; !ok {
			list = append(list, name+" is new")
		}
	}
	return list
}
