package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/scenarios"
)

// checkKubernetes asks the cluster that a scenario runs in.
func checkKubernetes(ctx context.Context, s *scenarios.Scenario, named string) []finding {
	g, err := site.Look(ctx, s, named)
	if err != nil {
		return []finding{{"context", statusFail, err.Error(), ""}}
	}
	list := []finding{
		{"context", statusOK, fmt.Sprintf("%s, Kubernetes %s at %s", g.Context, g.Version, g.Server), ""},
		{"namespace", statusOK, g.Namespace, ""},
	}
	roles, place := "docs/kubernetes-roles.yaml", g.Namespace
	if s.Cluster.Provider == scenarios.Attach {
		roles = "docs/your-cluster.md"
	} else {
		list = append(list, checkImage(s))
	}
	worst := statusOK
	var lacking []string
	switch {
	case g.Unfit != nil:
		list[1] = finding{"namespace", statusFail, g.Unfit.Error(), ""}
	case g.Namespace == "":
		list[1].Detail, place = "each run makes one; cluster.kube.namespace names one that was prepared", "NAMESPACE"
	}
	if g.Class != nil {
		list = append(list, finding{"storage class", statusFail, g.Class.Error(), ""})
	}
	for _, r := range g.Rights {
		f := checkRight(r, place)
		list = append(list, f)
		if f.Status != statusOK {
			lacking = append(lacking, r.Resource)
		}
		if worst != statusFail && f.Status != statusOK {
			worst = f.Status
		}
	}
	if len(lacking) > 0 {
		mend := "have an administrator grant them; " + roles + " has a Role for one namespace"
		if g.Namespace == "" {
			mend += ", and cluster.kube.namespace names it"
		}
		list = append(list, finding{"rights", worst, "missing on " + strings.Join(lacking, ", "), mend})
	}
	return list
}

func checkImage(s *scenarios.Scenario) finding {
	if image := s.Cluster.Kube.GeneratorImage; image != "" {
		return finding{"image", statusOK, image + "; whether the nodes can pull it shows in a run", ""}
	}
	return finding{"image", statusFail, "cluster.kube.generatorImage is not set: load generators run from an image of slotstorm",
		"slotstorm image IMAGE, push it to a registry of the cluster, and --set cluster.kube.generatorImage=IMAGE"}
}

// checkRight is a line about the rights on one resource.
func checkRight(r site.Permitted, place string) finding {
	f := finding{Name: r.Resource, Status: statusOK}
	where := "in namespace " + place
	if r.Everywhere {
		where = "in all namespaces"
	}
	verbs := strings.Fields(r.Verbs)
	if len(r.Missing) == 0 {
		f.Detail = fmt.Sprintf("may %s, to %s", strings.Join(verbs, ", "), r.For)
		return f
	}
	f.Status, f.Detail = statusFail, fmt.Sprintf("may not %s %s: a run needs this to %s", strings.Join(r.Missing, ", "), where, r.For)
	kind := "Role"
	if r.Everywhere {
		kind = "ClusterRole"
	}
	f.Mend = fmt.Sprintf("a %s with %s", kind, ruleOf(r))
	if r.Resource == "namespaces" && r.Everywhere {
		f.Mend += "; or a namespace that an administrator has prepared, named in cluster.kube.namespace"
	}
	if r.Optional {
		f.Status, f.Detail = statusWarn, fmt.Sprintf("may not %s %s: this is only needed to %s", strings.Join(r.Missing, ", "), where, r.For)
	}
	return f
}

// ruleOf is the rule of a Role with the missing verbs, in YAML.
func ruleOf(r site.Permitted) string {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	resource, group, _ := strings.Cut(resource, ".")
	if sub != "" {
		resource += "/" + sub
	}
	rule := fmt.Sprintf("{apiGroups: [%q], resources: [%s], verbs: [%s]", group, resource, strings.Join(r.Missing, ", "))
	if r.Name != "" {
		rule += fmt.Sprintf(", resourceNames: [%s]", r.Name)
	}
	return rule + "}"
}
