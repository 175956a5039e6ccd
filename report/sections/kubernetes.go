package sections

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// kubernetesLines are the place in words, for the terminal and for the table of
// the environment: what a line is about, and what it says.
func kubernetesLines(k *results.Kubernetes) [][2]string {
	if k == nil {
		return nil
	}
	list := [][2]string{
		{"Kubernetes", k.Version + ", context " + k.Context},
		{"namespace", words.Sentence(", uid ", k.Namespace, k.NamespaceUID)},
	}
	if len(k.Nodes) > 0 {
		list = append(list, [2]string{"its nodes", words.Sentence(", ", words.Plural(len(k.Nodes), "node", "nodes"), same(k.Nodes, func(m results.Machine) string {
			return words.Sentence(", ", m.Version, m.Runtime, m.OS, m.Kernel)
		}))})
	}
	names := map[string]bool{}
	restarts := 0
	for _, p := range k.Pods {
		names[p.Name] = true
		restarts += p.Restarts
	}
	list = append(list,
		[2]string{"its pods", fmt.Sprintf("%d, with %s recreated and %s", len(names), words.Plural(len(k.Pods)-len(names), "pod", "pods"), words.Plural(restarts, "container restarted", "containers restarted"))},
	)
	if k.Compared > 0 || len(k.Changed) > 0 {
		return append(list, [2]string{"its objects", comparedWords(k)})
	}
	return append(list, [2]string{"its volumes", words.Sentence(", ", words.Plural(len(k.Volumes), "claim", "claims"), same(k.Volumes, func(v results.Volume) string {
		return words.Sentence(" ", v.Class, v.Capacity)
	}))})
}

// comparedWords are what became of the objects of the owner, whose volumes slotstorm does not
// know.
func comparedWords(k *results.Kubernetes) string {
	text := words.Plural(k.Compared, "object", "objects") + " of the owner compared before and after the load: "
	if len(k.Changed) == 0 {
		return text + "none has changed"
	}
	return text + strings.Join(k.Changed, ", ")
}

// same is what f says of every element, or that they differ.
func same[T any](list []T, f func(T) string) string {
	text := ""
	for i, v := range list {
		switch t := f(v); {
		case i == 0:
			text = t
		case t != text:
			return "different"
		}
	}
	return text
}

// machineTable are the nodes of the Kubernetes cluster.
func machineTable(k *results.Kubernetes) doc.Table {
	t := doc.Table{Title: "Kubernetes nodes", Head: slices.Concat(doc.Columns("node", "kubelet", "runtime", "system", "kernel"), doc.Numbers("CPUs", "memory"))}
	if k == nil {
		return t
	}
	for _, m := range k.Nodes {
		t.Rows = append(t.Rows, []string{m.Name, m.Version, m.Runtime, m.OS, m.Kernel, fmt.Sprint(m.CPUs), memory(m.MemoryBytes)})
	}
	return t
}

// podTable are the pods that the nodes of the cluster under test had, one after
// the other.
func podTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Pods", Grouped: true, Head: slices.Concat(doc.Columns("pod", "uid", "IP", "on", "image"), doc.Numbers("restarts", "seen", "gone"))}
	k := r.Environment.Kubernetes
	if k == nil {
		return t
	}
	// Those of one node stay in the order of their appearance.
	pods := slices.Clone(k.Pods)
	slices.SortStableFunc(pods, func(a, b results.Pod) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range pods {
		t.Rows = append(t.Rows, []string{p.Name, p.UID, words.OrNone(p.IP), words.OrNone(p.Node), strings.TrimPrefix(p.Image, "docker.io/library/"), restarts(p), words.Since(r, p.From), words.Since(r, p.To)})
	}
	return t
}

// restarts are those of a pod's container, with the OOM kills among them.
func restarts(p results.Pod) string {
	if p.OOMKills == 0 {
		return fmt.Sprint(p.Restarts)
	}
	return fmt.Sprintf("%d (%d OOMKilled)", p.Restarts, p.OOMKills)
}

// volumeTable are the volumes of the nodes.
func volumeTable(k *results.Kubernetes) doc.Table {
	t := doc.Table{Title: "Volumes", Head: slices.Concat(doc.Columns("claim", "uid", "volume", "class"), doc.Numbers("size"))}
	if k == nil {
		return t
	}
	for _, v := range k.Volumes {
		t.Rows = append(t.Rows, []string{v.Claim, v.UID, words.OrNone(v.Volume), words.OrNone(v.Class), words.OrNone(v.Capacity)})
	}
	return t
}

func memory(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
