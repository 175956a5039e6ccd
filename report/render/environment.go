package render

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// environmentTable is where the run took place, and with what software.
func environmentTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Environment", Head: doc.Columns("", "")}
	add := func(name, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []string{name, value})
		}
	}
	e := r.Environment
	add("run", r.ID)
	add("started", r.Start.UTC().Format("2006-01-02 15:04:05.000 UTC"))
	add("lasted", words.Duration(r.End))
	add("seed", fmt.Sprint(r.Seed))
	add("slotstorm", words.Sentence(", ", r.Versions.Slotstorm, r.Versions.Go))
	add("Redis", r.Versions.Redis)
	add("cluster", words.Sentence(", ", words.Plural(len(r.Shards), "shard", "shards"), words.Plural(len(r.Nodes), "node", "nodes")))
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
