package scenarios

import (
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
// alone; a workload or client profile has its own; those of a fault go with its
// action.
func Defaults() []Default {
	s := Scenario{Timeline: Timeline{Faults: []Fault{{
		Kill: &Kill{}, Partition: &Partition{}, Isolate: &Isolate{}, Failover: &Failover{}, Delay: &Delay{}, Loss: &Loss{}, Bandwidth: &Bandwidth{}, CPU: &CPUStress{},
	}}, Upgrade: &Upgrade{Rollback: &Rollback{}}}}
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
		f.fault(faultPath(i), &s.Timeline.Faults[i])
	}
	f.upgrade(s.Timeline.Upgrade)
	fill(f, "repeat", &s.Repeat, 1, "one run")
	return f.applied
}

// fault fills the fields of a fault.
func (f *filler) fault(path string, to *Fault) {
	fill(f, path+".engine", &to.Engine, "auto", "slotstorm itself wherever it can")
	and := func(action string, field *[]Party) {
		fill(f, path+"."+action+".and", field, []Party{{Clients: Rest}}, "all who are not on the other side")
	}
	if k := to.Kill; k != nil {
		fill(f, path+".kill.scope", &k.Scope, "pod", "what eviction and the loss of a machine end")
		fill(f, path+".kill.signal", &k.Signal, "SIGKILL", "a crash, without a farewell")
	}
	if p := to.Partition; p != nil {
		and("partition", &p.And)
		fill(f, path+".partition.direction", &p.Direction, "both", "a broken network breaks both ways")
		fill(f, path+".partition.traffic", &p.Traffic, "all", "clients and the bus share the network")
		fill(f, path+".partition.action", &p.Action, "drop", "a broken network tells nobody")
	}
	if p := to.Isolate; p != nil {
		fill(f, path+".isolate.action", &p.Action, "drop", "a broken network tells nobody")
	}
	if p := to.Failover; p != nil {
		fill(f, path+".failover.mode", &p.Mode, "graceful", "the primary hands over, and nothing is lost")
	}
	if p := to.Delay; p != nil {
		and("delay", &p.And)
	}
	if p := to.Loss; p != nil {
		and("loss", &p.And)
	}
	if p := to.Bandwidth; p != nil {
		and("bandwidth", &p.And)
	}
	if c := to.CPU; c != nil {
		fill(f, path+".cpu.workers", &c.Workers, 3, "a quarter of a core is left to the node")
	}
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
