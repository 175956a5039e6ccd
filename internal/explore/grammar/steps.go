package grammar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// drawer draws one kind of fault.
type drawer struct {
	kind string
	// lasts is false of a fault that is over once it has acted.
	lasts bool
	// fits reports whether the cluster has what it needs; nil is always.
	fits func(*sketch) bool
	// fields draws the action. It may add settings that the fault needs.
	fields func(*dice, *sketch) action
}

// action is what a step does; atOnce says that it is over once it has acted, although
// others of its kind last.
type action struct {
	fields string
	allow  []scenarios.Permission
	atOnce bool
}

// drawers draw the faults of Kinds, one each.
var drawers = []drawer{
	{kind: "kill", fields: kill},
	{kind: "pause", lasts: true, fields: func(d *dice, s *sketch) action { return on(down(d, s)) }},
	{kind: "partition", lasts: true, fields: partition},
	{kind: "isolate", lasts: true, fields: func(d *dice, s *sketch) action {
		a := on(down(d, s))
		if d.chance(0.2) {
			a.fields += ", action: reject"
		}
		return a
	}},
	{kind: "failover", fits: func(s *sketch) bool { return s.replicas > 0 }, fields: func(d *dice, s *sketch) action {
		target := pick(d, "replica of shard "+s.shard(d), "replica of shard "+s.shard(d), "random replica", "replica of the hottest slot")
		return action{fields: "target: " + target + ", mode: " + pick(d, "graceful", "graceful", "force", "takeover")}
	}},
	{kind: "reshard", fits: func(s *sketch) bool { return s.has(scenarios.Primary) }, fields: func(d *dice, s *sketch) action {
		from := d.below(s.shards)
		to := (from + 1 + d.below(s.shards-1)) % s.shards
		method := pick(d, "auto", "auto", "migrate")
		return action{fields: fmt.Sprintf("from: %d, to: %d, slots: %s, method: %s", from, to, pick(d, "1", "10", "200"), method)}
	}},
	{kind: "cpu", lasts: true, fields: func(d *dice, s *sketch) action {
		return action{fields: "target: " + one(d, s) + ", workers: " + strconv.Itoa(1+d.below(6))}
	}},
	{kind: "memory", lasts: true, fields: func(d *dice, s *sketch) action {
		return action{fields: "target: " + one(d, s) + ", size: " + pick(d, "8Mi", "32Mi", "64Mi")}
	}},
	{kind: "delay", lasts: true, fields: delay},
	{kind: "loss", lasts: true, fields: loss},
	{kind: "bandwidth", lasts: true, fields: func(d *dice, s *sketch) action {
		return action{fields: sides(d, s) + ", kBps: " + pick(d, "5", "50", "500", "5000")}
	}},
	{kind: "slowDisk", lasts: true, fields: func(d *dice, s *sketch) action {
		return action{fields: "target: " + one(d, s) + ", " + pick(d, "fsync: 20ms", "fsync: 400ms", "fsync: 3s", "write: 5ms", "read: 50ms", "fsync: 1s, write: 20ms")}
	}},
	{kind: "diskError", lasts: true, fields: func(d *dice, s *sketch) action {
		return action{fields: "target: " + one(d, s) + ", on: [" + pick(d, "fsync", "write", "read", "write, fsync") + "]"}
	}},
	{kind: "powerLoss", fields: func(d *dice, s *sketch) action {
		a := on(down(d, s))
		a.fields += ", away: " + s.bounded(pick(d, "0s", "500ms", "3s", "forever"))
		if d.chance(0.15) {
			a.fields += ", torn: true"
		}
		return a
	}},
	{kind: "command", lasts: true, fields: command},
	{kind: "diskFull", lasts: true, fields: func(d *dice, s *sketch) action {
		storage := Setting{"redis.storage", "{size: 64Mi}"}
		if !slices.Contains(s.draft.Settings, storage) {
			s.set(storage.Path, storage.Value)
		}
		return action{fields: "target: " + one(d, s)}
	}},
}

// target is whom a fault is aimed at, with the permissions that it needs.
type target struct {
	words string
	allow []scenarios.Permission
}

func on(t target) action { return action{fields: "target: " + t.words, allow: t.allow} }

func (s *sketch) shard(d *dice) string { return strconv.Itoa(d.below(s.shards)) }

// one draws a node.
func one(d *dice, s *sketch) string {
	primary, replica := s.has(scenarios.Primary), s.has(scenarios.Replica) && s.replicas > 0
	var list []string
	if primary {
		list = append(list, "primary of shard "+s.shard(d), "primary of shard "+s.shard(d), "random primary", "primary of the hottest slot",
			"primary of slot "+strconv.Itoa(d.below(16384)), "primary of key user:"+strconv.Itoa(d.below(100)))
	}
	if replica {
		list = append(list, "replica of shard "+s.shard(d), "replica of shard "+s.shard(d), "random replica")
	}
	if primary && replica {
		list = append(list, "node-"+strconv.Itoa(d.below(s.shards*(1+s.replicas))))
	}
	return pick(d, list...)
}

// down draws nodes that may all be unable to serve at once.
func down(d *dice, s *sketch) target {
	if !d.chance(0.25) {
		return target{words: one(d, s)}
	}
	primary, replica := s.has(scenarios.Primary), s.has(scenarios.Replica) && s.replicas > 0
	var list []target
	if replica {
		list = append(list, target{words: "replicas of shard " + s.shard(d)}, target{words: "all replicas"})
	}
	if primary && (replica || s.replicas == 0) {
		list = append(list, target{words: "shard " + s.shard(d)})
	}
	if primary && s.replicas > 0 {
		list = append(list, target{words: "minority of primaries"})
	}
	if primary && s.allows(scenarios.MajorityDown) && (s.replicas > 0 || s.allows(scenarios.ShardsDown)) {
		list = append(list, target{"majority of primaries", s.Allow}, target{"all primaries", s.Allow})
	}
	if primary && replica && s.allows(scenarios.MajorityDown) && s.allows(scenarios.ShardsDown) {
		list = append(list, target{"all nodes", s.Allow})
	}
	if len(list) == 0 {
		return target{words: one(d, s)}
	}
	return pick(d, list...)
}

// bounded is how long a node stays away: not until the end where the run ends before a replica can
// take over, which is refused.
func (s *sketch) bounded(away string) string {
	if away == "forever" && slices.Contains(s.draft.Settings, Setting{"redis.config.cluster-node-timeout", `"5000"`}) {
		return "3s"
	}
	return away
}

func kill(d *dice, s *sketch) action {
	a := on(down(d, s))
	switch {
	case d.chance(0.15):
		a.fields += ", signal: SIGTERM, grace: " + pick(d, "100ms", "1s")
	case d.chance(0.2):
		a.fields += ", signal: SIGTERM"
	}
	if d.chance(0.3) {
		a.fields += ", away: " + s.bounded(pick(d, "0s", "300ms", "1s", "3s", "forever"))
	}
	return a
}

// sides draws two sets of nodes, with a client in one of them now and then.
func sides(d *dice, s *sketch) string {
	between := []string{one(d, s)}
	if s.has(scenarios.Primary) && s.has(scenarios.Replica) && d.chance(0.2) {
		between = []string{"shard " + s.shard(d)}
	}
	if s.generators > 1 && d.chance(0.5) {
		between = append(between, "generator 1")
	}
	fields := "between: [" + strings.Join(between, ", ") + "]"
	switch {
	case d.chance(0.15):
		fields += ", and: [clients]"
	case d.chance(0.15):
		fields += ", and: [probes]"
	}
	if d.chance(0.2) {
		fields += ", direction: one-way"
	}
	if d.chance(0.35) && len(between) == 1 && !strings.Contains(fields, "and:") {
		fields += ", traffic: " + pick(d, "bus", "client")
	}
	return fields
}

func partition(d *dice, s *sketch) action {
	fields := sides(d, s)
	if d.chance(0.15) {
		fields += ", action: reject"
	}
	return action{fields: fields}
}

// delay draws from what is not seen to what counts as a failure.
func delay(d *dice, s *sketch) action {
	latency := pick(d, 2*time.Millisecond, 20*time.Millisecond, 100*time.Millisecond, 400*time.Millisecond, 1500*time.Millisecond)
	fields := sides(d, s) + ", latency: " + text(latency)
	if d.chance(0.4) {
		fields += ", jitter: " + text(latency/2) + ", distribution: " + pick(d, "uniform", "normal", "pareto")
	}
	if d.chance(0.15) {
		fields += ", reorder: 5"
	}
	return action{fields: fields}
}

func loss(d *dice, s *sketch) action {
	return action{fields: sides(d, s) + ", percent: " + pick(d, "1", "10", "40", "100", "5, burst: 3", "30, burst: 10")}
}

// command draws what blocks a node, what refuses its writes, and what costs it its data or
// its connections.
func command(d *dice, s *sketch) action {
	target := one(d, s)
	runs := []string{
		`[CLIENT, PAUSE, 700, WRITE]`, `[CLIENT, PAUSE, 1500]`, `[CLIENT, KILL, TYPE, normal]`, `[BGSAVE]`,
		`[CONFIG, SET, maxmemory, 1mb], undo: [CONFIG, SET, maxmemory, 0]`,
		`[CONFIG, SET, min-replicas-to-write, 5], undo: [CONFIG, SET, min-replicas-to-write, 0]`,
		`[EVAL, "local n = 0 for i = 1, 4e7 do n = n + i end return 1", 0]`,
	}
	if strings.Contains(target, "primary") { // a replica refuses writes
		runs = append(runs, `[FLUSHALL]`)
	}
	run := pick(d, runs...)
	return action{fields: "target: " + target + ", run: " + run, atOnce: !strings.Contains(run, "undo")}
}

// steps draws the faults: at once, close together, into each other, or one after the
// other.
func (s *sketch) steps(d *dice) {
	var kinds []drawer
	for _, k := range drawers {
		if slices.Contains(s.Faults, k.kind) && (k.fits == nil || k.fits(s)) {
			kinds = append(kinds, k)
		}
	}
	n := 1
	for n < s.Steps && d.chance(0.6) {
		n++
	}
	at := calm + d.between(0, time.Second)
	var list []Step
	for i := range n {
		k := pick(d, kinds...)
		a := k.fields(d, s)
		step := Step{Name: fmt.Sprintf("%s-%d", strings.ToLower(k.kind), i+1), Kind: k.kind, At: at, Fields: a.fields, Allow: a.allow}
		if k.lasts && !a.atOnce {
			step.Lasts = d.between(300*time.Millisecond, longest)
		}
		list = append(list, step)
		at = min(at+pick(d, 0, d.between(100*time.Millisecond, time.Second), d.between(time.Second, 3*time.Second), step.Lasts+d.between(0, 3*time.Second)), calm+storm)
	}
	if n > 1 {
		for i := range list {
			list[i].Allow = append(slices.Clone(list[i].Allow), scenarios.Overlap)
		}
	}
	s.draft.Steps = list
}
