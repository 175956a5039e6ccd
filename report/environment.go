package report

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// reloadOption is the client option that decides how long a go-redis client
// keeps asking a dead primary.
const reloadOption = "ClusterStateReloadInterval"

// environmentTable tells where the run took place and with what.
func environmentTable(r *results.Run) table {
	t := table{Title: "Environment", Head: words("", "")}
	add := func(name, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []string{name, value})
		}
	}
	e := r.Environment
	add("run", r.ID)
	add("started", r.Start.UTC().Format("2006-01-02 15:04:05.000 UTC"))
	add("lasted", duration(r.End))
	add("seed", fmt.Sprint(r.Seed))
	add("slotstorm", sentence(", ", r.Versions.Slotstorm, r.Versions.Go))
	add("Redis", r.Versions.Redis)
	add("cluster", sentence(", ", plural(len(r.Shards), "shard", "shards"), plural(len(r.Nodes), "node", "nodes")))
	add("client", sentence(" ", r.Client.Type, r.Client.Version))
	if o := option(r, reloadOption); o != nil {
		add("topology reload", o.Value+stated(*o))
	}
	if names := statedOptions(r); names != "" {
		add("client options set", names)
	}
	add("provider", sentence(", ", e.Provider, e.Isolation))
	add("authentication", e.Auth)
	for _, line := range kubernetesLines(e.Kubernetes) {
		add(line[0], line[1])
	}
	add("machine", sentence(", ", sentence(" ", e.OS, e.Arch), e.Kernel, e.CPUModel, cores(e.CPUs), memory(e.MemoryBytes)))
	return t
}

func option(r *results.Run, name string) *results.Option {
	for i, o := range r.Client.Options {
		if strings.EqualFold(o.Name, name) {
			return &r.Client.Options[i]
		}
	}
	return nil
}

func stated(o results.Option) string {
	if o.Stated {
		return " (set by the scenario)"
	}
	return " (the library's default)"
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
	return plural(n, "CPU", "CPUs")
}

func memory(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
