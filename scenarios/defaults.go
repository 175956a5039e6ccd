package scenarios

// fillDefaults sets every field that has a default and is not stated.
func (d *document) fillDefaults(s *Scenario) []Default {
	f := &filler{d: d}
	fill(f, "seed", &s.Seed, 1, "a run repeats itself unless the seed changes")

	fill(f, "cluster.provider", &s.Cluster.Provider, "local", "real redis-server processes on this machine")
	if s.attached() {
		f.own = OwnPrefix
	}
	if s.attached() && s.Cluster.Attach.Pods() {
		fill(f, "cluster.attach.port", &s.Cluster.Attach.Port, 6379, "the port of Redis")
	}
	fill(f, "cluster.local.isolation", &s.Cluster.Local.Isolation, "auto", "namespaces where the kernel grants them, else plain loopback")
	fill(f, "cluster.local.restartDelay", &s.Cluster.Local.RestartDelay, seconds(10), "about what a kubelet takes")

	fill(f, "redis.image", &s.Redis.Image, "redis:8.0", "the official image")
	fill(f, "redis.binary", &s.Redis.Binary, "redis-server", "the one on PATH")
	fill(f, "redis.shards", &s.Redis.Shards, 3, "the smallest cluster that can fail over")
	fill(f, "redis.replicasPerShard", &s.Redis.ReplicasPerShard, 1, "one node to fail over to")

	fill(f, "cluster.kind.name", &s.Cluster.Kind.Name, "slotstorm", "the one that 'slotstorm up' makes")
	if s.Cluster.Kind.Config == "" {
		nodes, why := 2+s.Redis.ReplicasPerShard, "a control plane, and a worker for each copy of a shard"
		if s.BreaksMachines() {
			nodes, why = nodes+1, why+", and one for the generators, which must not break with a machine"
		}
		fill(f, "cluster.kind.nodes", &s.Cluster.Kind.Nodes, nodes, why)
	}

	f.workload(&s.Workload)
	interval, why := milliseconds(5), "how finely an outage is seen"
	if s.Cluster.Provider != "local" {
		interval, why = milliseconds(50), "fine enough for an outage of seconds; more often is felt on a small machine"
	}
	fill(f, "workload.probe.interval", &s.Workload.Probe.Interval, interval, why)

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
	for _, a := range to.actions() {
		if a.stated {
			a.action.fill(f, join(path, a.action.Name()))
		}
	}
}
