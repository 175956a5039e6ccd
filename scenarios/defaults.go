package scenarios

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Default is a value that a scenario takes where its file does not state one.
type Default struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	// Why tells what the value is good for.
	Why string `json:"why"`
}

// Defaults lists the defaults of a scenario that states none of the fields,
// in the order of the fields. In a closed loop (workload.rate: max)
// maxInFlight is 64 and there is no arrival; keys.theta is for zipfian keys
// alone; a workload or client profile has its own; kill.signal is that of each
// kill.
func Defaults() []Default {
	s := Scenario{Timeline: Timeline{Faults: []Fault{{Kill: &Kill{}}}}}
	return newDocument("", nil).fillDefaults(&s)
}

// fillDefaults sets every field that has a default and is not stated.
func (d *document) fillDefaults(s *Scenario) []Default {
	f := &filler{d: d}
	fill(f, "seed", &s.Seed, 1, "a run repeats itself unless it is told otherwise")

	fill(f, "cluster.provider", &s.Cluster.Provider, "local", "real redis-server processes on this machine")
	fill(f, "cluster.local.isolation", &s.Cluster.Local.Isolation, "auto", "namespaces where the kernel grants them, else plain loopback")
	fill(f, "cluster.local.restartDelay", &s.Cluster.Local.RestartDelay, seconds(10), "about what a kubelet takes")

	fill(f, "cluster.kind.name", &s.Cluster.Kind.Name, "slotstorm", "the one that 'slotstorm up' makes")
	if s.Cluster.Kind.Config == "" {
		fill(f, "cluster.kind.nodes", &s.Cluster.Kind.Nodes, 4, "so that the nodes of a shard stand apart from each other and the control plane")
	}

	fill(f, "redis.image", &s.Redis.Image, "redis:8.0", "the official image")
	fill(f, "redis.binary", &s.Redis.Binary, "redis-server", "the one on PATH")
	fill(f, "redis.shards", &s.Redis.Shards, 3, "the smallest cluster that can fail over")
	fill(f, "redis.replicasPerShard", &s.Redis.ReplicasPerShard, 1, "one node to fail over to")

	f.workload(&s.Workload)

	for i := range s.Timeline.Faults {
		if k := s.Timeline.Faults[i].Kill; k != nil {
			fill(f, fmt.Sprintf("timeline.faults[%d].kill.signal", i), &k.Signal, "SIGKILL", "a crash, without a farewell")
			fill(f, fmt.Sprintf("timeline.faults[%d].kill.scope", i), &k.Scope, "pod", "what eviction and the loss of a machine end")
		}
	}
	fill(f, "repeat", &s.Repeat, 1, "one run")
	return f.applied
}

// filler notes which defaults were applied.
type filler struct {
	d       *document
	applied []Default
}

func fill[T any](f *filler, path string, field *T, value T, why string) {
	if f.d.values[path] != nil {
		return
	}
	*field = value
	f.applied = append(f.applied, Default{path, defaultText(value), why})
}

// defaultText writes a default as a scenario would, on one line.
func defaultText(value any) string {
	var n yaml.Node
	if err := n.Encode(value); err != nil {
		panic(err) // the defaults are constants
	}
	n.Style = yaml.FlowStyle
	out, err := yaml.Marshal(&n)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(out))
}
