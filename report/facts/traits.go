package facts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Difference is something in which two sides, or two runs, are not alike.
type Difference struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Traits are what a run's figures depend on: the scenario's fields, versions and
// machine. The seed is what repetitions differ in; what must hold decides no
// figure.
func Traits(b *results.Bundle) map[string]string {
	list := map[string]string{}
	var sc map[string]any
	if json.Unmarshal(b.Run.Scenario, &sc) == nil {
		for _, name := range []string{"apiVersion", "kind", "seed", "metadata", "objectives", "repeat"} {
			delete(sc, name)
		}
		flatten("", sc, list)
	}
	r := &b.Run
	for name, v := range map[string]string{
		"versions.slotstorm": r.Versions.Slotstorm, "versions.goRedis": r.Versions.GoRedis, "versions.server": r.Versions.Server.String(),
		"machine.cpu": r.Environment.CPUModel, "machine.cpus": strconv.Itoa(r.Environment.CPUs), "machine.arch": r.Environment.OS + "/" + r.Environment.Arch,
		"machine.kernel": r.Environment.Kernel, "machine.isolation": r.Environment.Isolation,
		"machine.memory": fmt.Sprintf("%.0f GiB", float64(r.Environment.MemoryBytes)/(1<<30)),
	} {
		if v != "" {
			list[name] = v
		}
	}
	return list
}

func flatten(path string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(strings.TrimPrefix(path+"."+k, "."), e, into)
		}
	case []any:
		for i, e := range v {
			flatten(fmt.Sprintf("%s[%d]", path, i), e, into)
		}
	default:
		into[path] = fmt.Sprint(v)
	}
}

// Differences are the traits in which two runs differ, by name.
func Differences(a, b map[string]string) []Difference {
	all := maps.Clone(a)
	maps.Copy(all, b)
	var list []Difference
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a[name] != b[name] {
			list = append(list, Difference{name, a[name], b[name]})
		}
	}
	return list
}

// Decisive reports whether a difference between A and B makes their figures
// incomparable: another load, another timeline or another machine. Everything
// else may be what the comparison is about.
func Decisive(d Difference) bool {
	if strings.HasPrefix(d.What, "workload.client.") {
		return false
	}
	for _, prefix := range []string{"workload.", "timeline.", "cluster.provider"} {
		if strings.HasPrefix(d.What, prefix) {
			return true
		}
	}
	return MachineTrait(d.What)
}

// PlaceTrait reports whether a trait says where the nodes ran.
func PlaceTrait(name string) bool { return name == "machine.isolation" }

// MachineTrait reports whether a trait is of the machine and shapes figures.
func MachineTrait(name string) bool {
	return strings.HasPrefix(name, "machine.cpu") || name == "machine.arch"
}
