package sections

import (
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// environmentTerms are where the run took place, and with what software.
func environmentTerms(r *results.Run) doc.Terms {
	t := doc.Terms{Title: "Environment"}
	add := func(name, value string) {
		if value != "" {
			t.Pairs = append(t.Pairs, [2]string{name, value})
		}
	}
	e := r.Environment
	add("run", r.ID)
	add("started", r.Start.UTC().Format("2006-01-02 15:04:05.000 UTC"))
	add("lasted", words.Duration(r.End))
	add("seed", fmt.Sprint(r.Seed))
	add("slotstorm", words.Sentence(", ", r.Versions.Slotstorm, r.Versions.Go))
	add("server", r.Versions.Server.String())
	add("cluster", atStart(r))
	if set := r.DataSet; set != nil {
		add("data set", fmt.Sprintf("%s: %s, %.1f MB of keys and values, in %s", set.File, words.Plural(int(set.Keys), "key", "keys"), float64(set.Bytes)/1e6, words.Duration(set.Took)))
	}
	add("client", words.Sentence(" ", r.Client.Type, r.Client.Version))
	if o := facts.Option(r, facts.ReloadOption); o != nil {
		add("topology reload", o.Value+words.Stated(*o))
	}
	if names := statedOptions(r); names != "" {
		add("client options set", names)
	}
	add("provider", words.Sentence(", ", e.Provider, e.Isolation))
	add("authentication", e.Auth)
	for _, line := range kubernetesLines(e.Kubernetes) {
		add(line[0], line[1])
	}
	add("machine", words.Sentence(", ", words.Sentence(" ", e.OS, e.Arch), e.Kernel, e.CPUModel, cores(e.CPUs), memory(e.MemoryBytes)))
	return t
}

func statedOptions(r *results.Run) string {
	var list []string
	for _, o := range r.Client.Options {
		if o.Stated {
			list = append(list, o.Name+" "+o.Value)
		}
	}
	return strings.Join(list, ", ")
}

func cores(n int) string {
	if n == 0 {
		return ""
	}
	return words.Plural(n, "CPU", "CPUs")
}

func nodeTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Cluster", Head: doc.Columns("node", "shard", "slots", "role", "address", "id")}
	for _, n := range r.Nodes {
		t.Rows = append(t.Rows, []string{n.Name, fmt.Sprint(n.Shard), slotsOf(r, n.Shard), n.Role, words.OrNone(n.Addr), words.OrNone(n.ID)})
	}
	return t
}

// reload explains the client option that shapes a failover most.
func reload(r *results.Run) string {
	o := facts.Option(r, facts.ReloadOption)
	if o == nil {
		return ""
	}
	if d, err := time.ParseDuration(o.Value); err == nil && d == 0 {
		return fmt.Sprintf("%s %s reloads the cluster's topology at its own default interval. Until then, it may keep sending requests to a dead primary.",
			r.Client.Type, r.Client.Version)
	}
	return fmt.Sprintf("%s %s reloads the cluster's topology every %s%s. Until then, it may keep sending requests to a dead primary.",
		r.Client.Type, r.Client.Version, o.Value, words.Stated(*o))
}

// optionsTable are the client's options as in effect.
func optionsTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Client options", Head: []doc.Column{{Title: "option"}, {Title: "value"}, {Title: "from", Faint: true}}}
	for i, o := range r.Client.Options {
		from := "default"
		if o.Stated {
			from = "scenario"
			t.Strong = append(t.Strong, i)
		}
		t.Rows = append(t.Rows, []string{o.Name, o.Value, from})
	}
	return t
}

// place is where a run on Kubernetes took place, for a terminal: the others show it
// with the environment.
func place(b *results.Bundle, _ *results.Summary) doc.Section {
	return doc.Section{ID: "place", Title: "Place", Blocks: []doc.Block{
		doc.Only(doc.Terminal, doc.Terms{Title: "Place", Pairs: kubernetesLines(b.Run.Environment.Kubernetes)}),
		doc.Only(doc.Terminal, podTable(&b.Run)),
	}}
}

// environment is where the run took place, with what software, and who was who.
func environment(b *results.Bundle, _ *results.Summary) doc.Section {
	r := &b.Run
	k := r.Environment.Kubernetes
	d := doc.Section{ID: "environment", Title: "Environment", Blocks: []doc.Block{
		doc.Only(doc.Page, doc.Callout(reload(r))),
		doc.Only(doc.Written, environmentTerms(r)),
	}}
	details := func(in doc.Media, t doc.Table, open bool, more string) {
		if len(t.Rows) > 0 {
			d.Blocks = append(d.Blocks, doc.Only(in, doc.Details{Summary: t.Title, More: more, Open: open, Blocks: []doc.Block{t}}))
		}
	}
	details(doc.Page, optionsTable(r), false, fmt.Sprintf("%d, as in effect; those in bold were set by the scenario", len(r.Client.Options)))
	details(doc.Page, nodeTable(r), false, "roles before the first fault")
	details(doc.Written, machineTable(k), false, "the machines, and what runs on them")
	details(doc.Written, podTable(r), true, "all pods that were seen; a recreated pod has the same name and a new uid")
	details(doc.Written, volumeTable(k), false, "kept when a pod is replaced")
	details(doc.Written, clockTable(r), false, "where the generators ran, and the difference between their clocks and the run's")
	d.Blocks = append(d.Blocks, doc.Only(doc.Page, doc.Details{Summary: "Scenario", More: "as resolved; run scenario.yaml to repeat it", Blocks: []doc.Block{doc.Code{Text: string(b.Scenario)}}}))
	return d
}

// atStart is how many shards and nodes the cluster had when the run began.
func atStart(r *results.Run) string {
	shards, nodes, later := len(r.Shards), len(r.Nodes), ""
	for _, s := range r.Shards {
		if s.First != nil && len(*s.First) == 0 {
			shards, later = shards-1, "at the start"
		}
	}
	for _, n := range r.Nodes {
		if n.Role == results.RoleAbsent {
			nodes--
		}
	}
	return words.Sentence(", ", words.Plural(shards, "shard", "shards"), words.Plural(nodes, "node", "nodes"), later)
}
