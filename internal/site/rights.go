package site

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Need are rights on one resource of Kubernetes.
type Need struct {
	// Verbs has a space between them. Resource and Name are written as in kube.Right.
	Verbs, Resource, Name string
	// For says what they are needed for: "apply the cluster".
	For string
	// Everywhere are rights in all namespaces, or on what belongs to none. A run goes on
	// without those that are Optional, and its report says less.
	Everywhere, Optional bool
}

func (n Need) rights() []kube.Right {
	var list []kube.Right
	for v := range strings.FieldsSeq(n.Verbs) {
		list = append(list, kube.Right{Verb: v, Resource: n.Resource, Name: n.Name})
	}
	return list
}

// Needs are the rights that a run of s needs with a context of the kubeconfig. A test compares
// them with those that docs/kubernetes-roles.yaml grants.
func Needs(s *scenarios.Scenario, context string) ([]Need, error) {
	if s.Cluster.Provider == scenarios.Attach {
		return theirNeeds(s, context), nil
	}
	faults, err := podFaultsOf(s)
	if err != nil {
		return nil, err
	}
	needs := []Need{
		{Verbs: "get list create patch delete", Resource: "leases.coordination.k8s.io", For: "hold the namespace"},
		{Verbs: "get create patch", Resource: "configmaps", For: "apply the cluster"},
		{Verbs: "get create patch", Resource: "secrets", For: "apply the cluster"},
		{Verbs: "get create patch", Resource: "services", For: "apply the cluster"},
		{Verbs: "get create patch", Resource: "poddisruptionbudgets.policy", For: "apply the cluster"},
		{Verbs: "get list create patch", Resource: "statefulsets.apps", For: "apply the cluster"},
		{Verbs: "get list create patch delete", Resource: "jobs.batch", For: "start load generators"},
		{Verbs: "get list watch delete", Resource: "pods", For: "follow pods and kill them"},
		{Verbs: "get", Resource: "pods/log", For: "read the logs of the nodes"},
		{Verbs: "list", Resource: "persistentvolumeclaims", For: "explain why a pod does not start"},
		{Verbs: "list", Resource: "events", For: "explain why a pod does not start"},
		{Verbs: "list", Resource: "nodes", For: "describe the machines in the report", Everywhere: true, Optional: true},
		{Verbs: "list", Resource: "storageclasses.storage.k8s.io", For: "report a missing storage class at once", Everywhere: true, Optional: true},
		{Verbs: "list", Resource: "persistentvolumes", For: "find volumes of a class without an object", Everywhere: true, Optional: true},
	}
	if context != kube.InCluster {
		needs = append(needs, Need{Verbs: "create", Resource: "pods/portforward", For: "reach the nodes and the generators"})
	}
	needs = append(needs, faultNeeds(s, faults)...)
	if ns := s.Cluster.Kube.Namespace; ns != "" {
		return append([]Need{{Verbs: "get", Resource: "namespaces", Name: ns, For: "check that the namespace is still the one of the run"}}, needs...), nil
	}
	// The namespace that a run makes has a name that no Role can know.
	for i := range needs {
		needs[i].Everywhere = true
	}
	return append([]Need{{Verbs: "get list create delete", Resource: "namespaces", For: "make a namespace for each run", Everywhere: true}}, needs...), nil
}

// faultNeeds are the rights that the faults of a run add.
func faultNeeds(s *scenarios.Scenario, f podFaults) []Need {
	var needs []Need
	helpers, upgrade := f.needs.Eyes || f.needs.Dials || f.needs.Hands, s.Timeline.Upgrade != nil
	kills := slices.ContainsFunc(s.Timeline.Faults, func(f scenarios.Fault) bool { return f.Kill != nil })
	if helpers || upgrade || kills {
		needs = append(needs, Need{Verbs: "create", Resource: "pods/exec", For: "act in the containers of nodes"})
	}
	if upgrade {
		needs = append(needs, Need{Verbs: "create", Resource: "pods", For: "read the data with both versions"})
	}
	if helpers {
		needs = append(needs,
			Need{Verbs: "create", Resource: "pods", For: "try in a pod what the faults may do"},
			Need{Verbs: "patch", Resource: "pods/ephemeralcontainers", For: "add helpers to the pods of nodes"})
	}
	if len(f.mesh) > 0 {
		for _, kind := range []string{"networkchaos", "podchaos"} {
			needs = append(needs, Need{Verbs: "get list create patch delete", Resource: kind + ".chaos-mesh.org", For: "inject faults by Chaos Mesh"})
		}
	}
	drains, evicts := false, false
	for _, fault := range s.Timeline.Faults {
		drains, evicts = drains || fault.Drain != nil, evicts || fault.Evict != nil
	}
	if drains || evicts {
		needs = append(needs, Need{Verbs: "create", Resource: "pods/eviction", For: "evict pods"})
	}
	if drains {
		needs = append(needs, Need{Verbs: "get list patch", Resource: "nodes", For: "drain a machine", Everywhere: true})
	}
	return needs
}

// theirNeeds are the rights that a run needs in the namespace of pods that slotstorm did not
// make.
func theirNeeds(s *scenarios.Scenario, context string) []Need {
	a := s.Cluster.Attach
	needs := []Need{
		{Verbs: "list watch", Resource: "pods", For: "follow the pods"},
		{Verbs: "get", Resource: "pods/log", For: "read the logs of the nodes"},
	}
	if !direct(a, context) {
		needs = append(needs, Need{Verbs: "create", Resource: "pods/portforward", For: "reach the nodes"})
	}
	for _, f := range s.Timeline.Faults {
		if f.Kill != nil {
			needs = append(needs, Need{Verbs: "delete", Resource: "pods", For: "kill nodes"})
			break
		}
	}
	seen := map[string]bool{}
	for _, e := range a.Secrets() {
		if !seen[e.Entry.Secret] {
			needs = append(needs, Need{Verbs: "get", Resource: "secrets", Name: e.Entry.Secret, For: "read the password or the certificates"})
		}
		seen[e.Entry.Secret] = true
	}
	for _, r := range kube.ContentRights() {
		needs = append(needs, Need{Verbs: r.Verb, Resource: r.Resource, For: "compare the objects before and after"})
	}
	return needs
}

// direct says whether pods are dialled by their addresses.
func direct(a scenarios.AttachedCluster, context string) bool {
	return a.Reach == "direct" || a.Reach == "" && context == kube.InCluster
}

// Permitted is a need, and which of its verbs this user lacks.
type Permitted struct {
	Need
	Missing []string
}

// Ground is a Kubernetes cluster as a run would find it.
type Ground struct {
	Context, Version, Server string
	// Namespace is where the run would be; empty if it makes one.
	Namespace string
	// Unfit says why the run cannot take the namespace, and Class why it gets no volumes.
	Unfit, Class error
	Rights       []Permitted
}

// Look asks the API server that s names what a run there may do. It changes nothing.
func Look(ctx context.Context, s *scenarios.Scenario, named string) (*Ground, error) {
	by, attach := connection(s, named), s.Cluster.Provider == scenarios.Attach
	if attach {
		by = kube.Options{Context: named, Named: named != ""}
	}
	c, err := kube.Connect(ctx, by)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	g := &Ground{Context: c.Context, Version: c.Version, Server: c.Host(), Namespace: s.Cluster.Kube.Namespace}
	if attach {
		g.Namespace = s.Cluster.Attach.Namespace
	}
	needs, err := Needs(s, c.Context)
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		in := g.Namespace
		if n.Everywhere {
			in = ""
		}
		p := Permitted{Need: n}
		for _, r := range n.rights() {
			ok, err := c.May(ctx, in, r)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
			}
			if !ok {
				p.Missing = append(p.Missing, r.Verb)
			}
		}
		g.Rights = append(g.Rights, p)
	}
	if !attach {
		if g.Namespace != "" {
			g.Unfit = fit(ctx, c, s)
		}
		g.Class = pods.CheckClass(ctx, c, s.Redis, s.Cluster.Kube.StorageClass)
	}
	return g, nil
}

// fit says why a run cannot use the namespace that was prepared for it.
func fit(ctx context.Context, c *kube.Cluster, s *scenarios.Scenario) error {
	name := s.Cluster.Kube.Namespace
	if err := c.Prepared(ctx, name); err != nil {
		return err
	}
	faults, err := podFaultsOf(s)
	if err != nil {
		return err
	}
	return bears(ctx, &kube.Namespace{Cluster: c, Name: name}, faults)
}
