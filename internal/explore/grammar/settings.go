package grammar

import (
	"fmt"
	"strconv"
	"strings"
)

// sketch is a draft that is being drawn, with what its parts must know of each other.
type sketch struct {
	Radius
	draft Draft

	shards, replicas, generators int
	// alone is set if the mix holds commands that do not go into a pipeline.
	alone bool
	// ordered is set if the keys follow the numbers of the requests, which a pipeline of
	// a drawn depth leaves gaps in.
	ordered bool
}

func (s *sketch) set(path, value string) {
	s.draft.Settings = append(s.draft.Settings, Setting{path, value})
}

// base are the settings that every draft has.
func base(r Radius, seed uint64) []Setting {
	binary := "redis-server"
	if n := uint64(len(r.Binaries)); n > 0 {
		binary = r.Binaries[seed%n]
	}
	return []Setting{
		{"cluster.local", fmt.Sprintf("{isolation: %s, restartDelay: 3s}", r.Isolation)},
		{"redis.binary", strconv.Quote(binary)},
		{"redis.config", `{cluster-node-timeout: 2000, save: ""}`},
		{"workload.rate", strconv.FormatFloat(min(100, r.Rate), 'f', -1, 64)},
		{"workload.warmup", text(warmup)},
		// A busy machine is no finding.
		{"workload.maxSlip", "250ms"},
		{"workload.probe", "{interval: 20ms}"},
		{"workload.client", "{options: {clusterStateReloadInterval: 1s}}"},
		{"workload.audit", "{rate: 40}"},
	}
}

// knob is a setting, or some that belong together, which a draft has with a
// probability.
type knob struct {
	name string
	odds float64
	turn func(*dice, *sketch)
}

// knobs in the order in which they are drawn. Those that others depend on come first.
var knobs = []knob{
	{"replicas", 1, replicas},
	{"shards", 1, shards},
	{"generators", 0.3, func(_ *dice, s *sketch) {
		s.generators = 2
		s.set("workload.generators", "2")
	}},
	{"node-timeout", 0.6, directive("cluster-node-timeout", "700", "1000", "1500", "3000", "5000")},
	{"restart delay", 0.5, func(d *dice, s *sketch) {
		s.set("cluster.local.restartDelay", pick(d, "0s", "100ms", "500ms", "1s", "2s", "6s"))
	}},
	{"persistence", 0.4, persistence},
	{"min-replicas", 0.15, minReplicas},
	{"full coverage", 0.4, directive("cluster-require-full-coverage", "no")},
	{"migration", 0.2, directive("cluster-migration-barrier", "2")},
	{"validity factor", 0.15, directive("cluster-replica-validity-factor", "0", "1")},
	{"no failover", 0.07, directive("cluster-replica-no-failover", "yes")},
	{"reads when down", 0.15, directive("cluster-allow-reads-when-down", "yes")},
	{"diskless sync", 0.2, directive("repl-diskless-sync", "yes", "no")},
	{"backlog", 0.15, directive("repl-backlog-size", "16kb")},
	{"log level", 0.25, directive("loglevel", "verbose", "debug")},
	{"slow commands", 0.1, directive("slowlog-log-slower-than", "0")},
	{"lazy free", 0.1, directive("lazyfree-lazy-server-del", "yes")},
	{"password", 0.2, func(_ *dice, s *sketch) { s.set("redis.auth", "{enabled: true}") }},
	{"TLS", 0.2, encryption},
	{"client", 0.6, client},
	{"churn", 0.12, func(d *dice, s *sketch) {
		s.set("workload.client.churn", "{every: "+pick(d, "50ms", "200ms", "1s")+"}")
	}},
	{"storm", 0.1, func(d *dice, s *sketch) {
		s.set("workload.client.storm", "{at: "+text(d.between(calm, calm+storm/2))+"}")
	}},
	{"rate", 0.5, rate},
	{"arrival", 0.3, func(_ *dice, s *sketch) { s.set("workload.arrival", "constant") }},
	{"keys", 0.5, keys},
	{"values", 0.4, values},
	{"mix", 0.6, mix},
	{"prefill", 0.25, func(d *dice, s *sketch) { s.set("workload.prefill", "{keys: "+pick(d, "100", "2000", "1%")+"}") }},
	{"pipeline", 0.15, pipeline},
	{"pattern", 0.2, pattern},
	{"probes", 0.3, func(d *dice, s *sketch) {
		s.set("workload.probe", "{interval: "+pick(d, "5ms", "10ms", "50ms", "200ms")+"}")
	}},
	{"audit", 0.5, audit},
	{"objectives", 0.5, objectives},
}

// directive is a knob for a directive of redis.conf, with its values.
func directive(name string, list ...string) func(*dice, *sketch) {
	return func(d *dice, s *sketch) { s.set("redis.config."+name, strconv.Quote(pick(d, list...))) }
}

// replicas draws the replicas of a shard: mostly 1, the default of a scenario.
func replicas(d *dice, s *sketch) {
	s.replicas = pick(d, 1, 1, 1, 1, 1, 1, 1, 2, 2, 0)
	if s.replicas == 0 && s.needsReplicas() {
		s.replicas = 1
	}
	for LeastNodes*(1+s.replicas) > s.Nodes {
		s.replicas--
	}
	if s.replicas != 1 {
		s.set("redis.replicasPerShard", strconv.Itoa(s.replicas))
	}
}

// shards draws the shards: mostly 3, the default.
func shards(d *dice, s *sketch) {
	s.shards = pick(d, 3, 3, 3, 3, 3, 4, 5)
	for s.shards > LeastNodes && s.shards*(1+s.replicas) > s.Nodes {
		s.shards--
	}
	if s.shards > LeastNodes {
		s.set("redis.shards", strconv.Itoa(s.shards))
	}
}

func persistence(d *dice, s *sketch) {
	if d.chance(0.3) {
		s.set("redis.config.save", `"1 1"`)
		return
	}
	s.set("redis.config.appendonly", `"yes"`)
	s.set("redis.config.appendfsync", pick(d, "everysec", "always", `"no"`))
}

func minReplicas(d *dice, s *sketch) {
	if s.replicas == 0 {
		return
	}
	s.set("redis.config."+pick(d, "min-replicas-to-write", "min-slaves-to-write"), `"1"`)
	s.set("redis.config.min-replicas-max-lag", `"2"`)
}

func encryption(d *dice, s *sketch) {
	if s.TLS {
		s.set("redis.tls", pick(d, "{enabled: true}", "{enabled: true, mutual: true}"))
	}
}

func client(d *dice, s *sketch) {
	s.set("workload.client", pick(d,
		"{}",
		"{profile: tuned}",
		"{options: {clusterStateReloadInterval: 500ms, maxRedirects: 1}}",
		"{options: {clusterStateReloadInterval: 1s, readOnly: true}}",
		"{options: {clusterStateReloadInterval: 1s, routeRandomly: true}}",
		"{options: {clusterStateReloadInterval: 1s, routeByLatency: true, protocol: 2}}",
		"{options: {clusterStateReloadInterval: 1s, dialTimeout: 300ms, readTimeout: 300ms, writeTimeout: 300ms}}",
		"{type: wire}",
		"{type: wire, wire: {protocol: 3, connections: 2}}",
		"{type: wire, wire: {readFrom: replica, timeout: 500ms}}",
	))
}

func rate(d *dice, s *sketch) {
	list := []string{strconv.Itoa(LeastRate)}
	for _, n := range []int{150, 300, 500, 1000, 2000} {
		if float64(n) <= s.Rate {
			list = append(list, strconv.Itoa(n))
		}
	}
	s.set("workload.rate", pick(d, list...))
}

func keys(d *dice, s *sketch) {
	drawn := pick(d,
		"{count: 100, distribution: uniform}",
		"{count: 10000, distribution: zipfian, theta: 1.2}",
		"{count: 1000, distribution: zipfian, scrambled: true}",
		"{count: 5000, distribution: hotset}",
		"{count: 1000, distribution: gaussian}",
		"{count: 500, distribution: sequential}",
		"{count: 2000, distribution: latest}",
		"{count: 1000, slot: {slot: 7, share: 0.5}}",
		"{count: 1000, prefix: '{one}:'}",
	)
	s.ordered = strings.Contains(drawn, "sequential") || strings.Contains(drawn, "latest")
	s.set("workload.keys", drawn)
}

func values(d *dice, s *sketch) {
	s.set("workload.values", pick(d,
		"{size: 1}",
		"{size: 20000}",
		"{range: {min: 10, max: 5000}}",
		"{sizes: [{size: 100, weight: 9}, {size: 10000, weight: 1}]}",
		"{size: 1000, compressible: 0.8}",
		"{size: 100, ttl: 700ms}",
	))
}

func mix(d *dice, s *sketch) {
	list := []string{
		"[{command: SET, weight: 1}]",
		"[{command: GET, weight: 1}]",
		"[{command: GET, weight: 1}, {command: SET, weight: 1}, {command: INCR, weight: 1}, {command: DEL, type: counter, weight: 0.1}]",
		"[{command: HSET, weight: 1}, {command: HGETALL, weight: 1}, {command: SADD, weight: 1}, {command: ZADD, weight: 1}]",
		"[{command: LPUSH, weight: 1}, {command: RPOP, weight: 1}, {command: LRANGE, count: 5, weight: 1}, {command: XADD, maxLen: 100, weight: 1}]",
		"[{command: MGET, keys: 3, weight: 1}, {command: MSET, keys: 3, weight: 1}]",
		`[{command: EVALSHA, weight: 1, script: "return redis.call('INCR', KEYS[1])", keys: 1}, {command: SET, weight: 1}]`,
		"[{command: RAW, raw: 'SETRANGE {key} 0 {value}', weight: 1}, {command: EXPIRE, ttl: 1s, type: string, weight: 1}]",
		"[{command: MULTI, commands: ['SET {key} {value}', 'INCR {key:counter}'], weight: 1}, {command: GET, weight: 1}]",
		"[{command: SPUBLISH, weight: 1}, {command: SET, weight: 1}]",
	}
	if s.replicas > 0 {
		list = append(list, "[{command: SET, wait: {replicas: 1, timeout: 200ms}, weight: 1}, {command: GET, weight: 1}]")
	}
	for _, p := range []string{"session-store", "cache-aside", "rate-limiter", "leaderboard", "cart", "feature-flags", "queue"} {
		list = append(list, "profile "+p)
	}
	drawn := pick(d, list...)
	if drawn[0] != '[' {
		s.set("workload.profile", drawn[len("profile "):])
		s.alone = true // some profiles use MULTI
		return
	}
	s.alone = strings.Contains(drawn, "MULTI") || strings.Contains(drawn, "wait:")
	s.set("workload.mix", drawn)
}

func pipeline(d *dice, s *sketch) {
	if s.alone {
		return
	}
	drawn := pick(d, "{depth: 4}", "{min: 1, max: 16}")
	if s.ordered {
		drawn = "{depth: 4}"
	}
	s.set("workload.pipeline", drawn)
}

func pattern(d *dice, s *sketch) {
	s.set("workload.pattern", pick(d,
		fmt.Sprintf("{ramp: {from: %d, to: %g, over: 8s}}", LeastRate, s.Rate),
		fmt.Sprintf("{steps: [{at: 4s, rate: %g}, {at: 7s, rate: %d}]}", s.Rate, LeastRate),
		fmt.Sprintf("{bursts: {rate: %g, length: 300ms, every: 2s}}", s.Rate),
	))
}

func audit(d *dice, s *sketch) {
	list := []string{
		"{rate: 100}",
		"{rate: 60, kinds: [once]}",
		"{rate: 60, kinds: [register], reads: 30}",
		"{rate: 60, kinds: [counter, list]}",
	}
	if s.replicas > 0 {
		list = append(list, "{rate: 60, wait: {replicas: 1, timeout: 300ms}}")
	}
	s.set("workload.audit", pick(d, list...))
}

// objectives have wide bounds: their answers are checked for evidence, not the servers
// for speed.
func objectives(d *dice, s *sketch) {
	s.set("objectives", pick(d,
		"[{metric: availability, min: 0%}, {metric: response.p99, max: 20s}]",
		"[{metric: failovers, max: 100}, {metric: outage.any, max: 60s}, {metric: outage.shard, shard: 0, max: 60s}]",
		"[{metric: writes.lost, max: 100000}, {metric: response.max, phase: steady, max: 60s}]",
		"[{metric: throughput, phase: steady, min: 1}, {metric: service.p50, phase: recovered, max: 20s}]",
	))
}
