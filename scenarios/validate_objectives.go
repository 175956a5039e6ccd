package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/results"
)

func (d *document) validateObjectives(s *Scenario) {
	type subject struct{ metric, command, phase, shard string }
	seen := map[subject]int{}
	for i := range s.Objectives {
		o, path := &s.Objectives[i], fmt.Sprintf("objectives[%d]", i)
		m, ok := metrics.Named(o.Metric)
		if !ok {
			d.reject(path+".metric", nil, metricHint(o.Metric), "unknown metric %q", clip(o.Metric))
			d.validateScope(s, o, metrics.Metric{ByCommand: true, ByPhase: true, ByShard: true}, path)
			continue
		}
		d.validateBounds(o, m, path)
		d.validatePrecision(s, o, m, path)
		d.validateScope(s, o, m, path)
		d.validateMeasurable(s, o, m, path)
		key := subject{metric: o.Metric, command: o.Command, phase: o.Phase}
		if o.Shard != nil {
			key.shard = strconv.Itoa(*o.Shard)
		}
		if first, ok := seen[key]; ok {
			d.reject(path, nil, "put max and min into one objective", "bounds the same metric as objectives[%d]", first)
		} else {
			seen[key] = i
		}
	}
}

// metricHint lists the metrics of a family, as response, or finds the nearest.
func metricHint(name string) string {
	var names, family []string
	for _, m := range metrics.All() {
		names = append(names, m.Name)
		if strings.HasPrefix(m.Name, name+".") {
			family = append(family, m.Name)
		}
	}
	if len(family) > 0 {
		return "write one of " + strings.Join(family, ", ")
	}
	if c := closest(name, names); c != "" {
		return "did you mean " + c + "?"
	}
	return "'slotstorm explain metrics' lists all metrics"
}

// validatePrecision holds what the generator may be late against what is judged: a
// scenario that bears with a late generator cannot ask for short times.
func (d *document) validatePrecision(s *Scenario, o *Objective, m metrics.Metric, path string) {
	slip := s.Workload.MaxSlip
	if m.Unit != results.UnitDuration || o.Max == nil || slip <= usualSlip || !o.Max.Relative && o.Max.Value >= 10*slip.Std().Seconds() {
		return
	}
	d.reject(join(path, "max"), []string{"workload.maxSlip", path + ".metric"}, "the load generator may be that late itself: lower maxSlip, or bound a time ten times as long",
		"%s cannot be judged with workload.maxSlip %v", o.Max.Text, slip)
}

// readBounds gives the bounds of known metrics their values.
func (d *document) readBounds(s *Scenario) {
	for i, o := range s.Objectives {
		m, ok := metrics.Named(o.Metric)
		if !ok {
			continue
		}
		for _, b := range []struct {
			name  string
			bound *Bound
		}{{"max", o.Max}, {"min", o.Min}} {
			at := fmt.Sprintf("objectives[%d].%s", i, b.name)
			if b.bound == nil || d.failed(at) {
				continue
			}
			if err := b.bound.read(m.Unit); err != nil {
				d.reject(at, nil, err.hint, "%q is not %s, which is how %s is bounded", clip(err.text), err.want, m.Name)
			}
		}
	}
}

// validateBounds checks the bounds of one objective beside each other.
func (d *document) validateBounds(o *Objective, m metrics.Metric, path string) {
	hasMax, hasMin := d.values[path+".max"] != nil, d.values[path+".min"] != nil
	by := []string{path + ".max", path + ".min"}
	switch {
	case !hasMax && !hasMin:
		d.reject(path, by, "add max, min or both", "has no bound")
	case m.Unit == results.UnitRatio && m.Better == metrics.Higher && hasMax:
		d.reject(path+".max", by, "more "+m.Name+" is better: write min", "%s has no upper bound", m.Name)
	case o.Max != nil && !o.Max.Relative && o.Max.Value < shortest && timed(m):
		d.reject(path+".max", by, "write a time such as 20ms", "no request is as fast as %s: the objective cannot be met", o.Max.Text)
	case o.Max != nil && o.Min != nil && o.Max.Relative == o.Min.Relative && o.Max.Of(1) < o.Min.Of(1):
		d.reject(path+".max", by, "", "%s is below min, %s", o.Max, o.Min)
	}
}

// shortest is the least time of a request that is measured, in seconds.
const shortest = 1e-6

// timed reports whether a metric is a time that every request has. How late a request was
// sent can be 0.
func timed(m metrics.Metric) bool {
	t, _, ok := m.Quantile()
	return ok && t != results.Slip
}

// validateScope checks the command and the phase that an objective narrows to.
func (d *document) validateScope(s *Scenario, o *Objective, m metrics.Metric, path string) {
	command, phase := path+".command", path+".phase"
	switch {
	case o.Command == "":
	case !m.ByCommand:
		d.reject(command, nil, "leave command out", "%s is not measured by command", m.Name)
	case !slices.ContainsFunc(s.Workload.Mix, func(c Command) bool { return c.Label() == o.Command }):
		by := []string{"workload.mix"}
		for i := range s.Workload.Mix {
			by = append(by, fmt.Sprintf("workload.mix[%d].command", i))
		}
		d.reject(command, by, "add it to workload.mix, or bound another command", "%s is not in workload.mix", o.Command)
	}
	d.validateShard(s, o, m, path)
	var names []string
	for _, p := range s.Timeline.Phases {
		names = append(names, p.Name)
	}
	switch {
	case o.Phase == "":
	case !m.ByPhase:
		d.reject(phase, nil, "leave phase out: "+m.Name+" is of the whole timeline", "%s is not measured by phase", m.Name)
	case !slices.Contains(names, o.Phase):
		hint := "the phases are " + strings.Join(names, ", ")
		if c := closest(o.Phase, names); c != "" {
			hint = "did you mean " + c + "?"
		}
		d.reject(phase, phaseFields(s.Timeline, "name"), hint, "there is no phase %q", clip(o.Phase))
	}
}

// validateShard checks the shard that an objective narrows to, and what it may
// allow around the steady state.
func (d *document) validateShard(s *Scenario, o *Objective, m metrics.Metric, path string) {
	shard := path + ".shard"
	switch {
	case o.Shard == nil:
	case !m.ByShard:
		d.reject(shard, nil, "leave shard out", "%s is not measured by shard", m.Name)
	case *o.Shard >= s.allShards() && !s.attached():
		d.reject(shard, []string{"redis.shards"}, fmt.Sprintf("the shards are 0 to %d", s.allShards()-1), "there is no shard %d", *o.Shard)
	case o.Command != "":
		d.reject(shard, []string{path + ".command"}, "name a command or a shard", "times are kept by command and by shard, not by both")
	}
	if o.Within != 0 && m.Name != "" && !m.Tolerates {
		d.reject(path+".within", nil, "leave within out, or bound recovery.throughput or recovery.p99", "%s has nothing to recover", m.Name)
	}
}

// CanMeasure reports whether the scenario has what a metric needs.
func (s *Scenario) CanMeasure(n metrics.Need) bool {
	switch n {
	case metrics.NeedsAudit:
		return s.Workload.Audit != nil
	case metrics.NeedsFault:
		return len(s.Timeline.Faults) > 0
	case metrics.NeedsReads:
		return slices.ContainsFunc(s.Workload.Mix, Command.reads)
	case metrics.NeedsFailover:
		return s.Redis.ReplicasPerShard > 0 && (s.Timeline.Upgrade != nil || slices.ContainsFunc(s.Timeline.Faults, Fault.canFailOver))
	}
	return true
}

// validateMeasurable refuses objectives that the scenario gives no data for.
func (d *document) validateMeasurable(s *Scenario, o *Objective, m metrics.Metric, path string) {
	at := path + ".metric"
	if m.Needs == metrics.NeedsAudit && !s.CanMeasure(m.Needs) {
		d.reject(at, []string{"workload.audit"}, "add workload.audit: {rate: 200}", "%s writes are found by the audit, and the scenario has none", strings.TrimPrefix(o.Metric, "writes."))
	}
	if m.Needs == metrics.NeedsFault && !s.CanMeasure(m.Needs) {
		d.reject(at, []string{"timeline.faults"}, "add a fault to timeline.faults", "there is no fault to recover from")
	}
	if m.Needs == metrics.NeedsReads {
		d.validateReads(s, o, path)
	}
	needs := m.Needs == metrics.NeedsFailover || m.Needs == metrics.NeedsFailoverToExceedZero && o.Min != nil && o.Min.Value > 0
	if !needs || d.failed(path+".min") {
		return
	}
	if s.Redis.ReplicasPerShard == 0 {
		d.reject(at, []string{"redis.replicasPerShard"}, "set redis.replicasPerShard, or bound outage.shard", "without replicas nothing can fail over: redis.replicasPerShard is 0")
		return
	}
	if s.Timeline.Upgrade != nil {
		return // each hand-over is a failover, and so may be the restart of a primary
	}
	by := []string{"timeline.faults"}
	for i, f := range s.Timeline.Faults {
		if d.failed(faultPath(i)) || f.Kind() == "" {
			return // what it does is not known
		}
		if f.canFailOver() {
			return
		}
		by = append(by, faultPath(i), join(faultPath(i), f.Kind()))
	}
	d.reject(at, by, "add a fault that takes a primary away to timeline.faults", "nothing in the timeline causes a failover")
}

// validateReads refuses an objective about reads if no command, or not the one that it
// narrows to, reads.
func (d *document) validateReads(s *Scenario, o *Objective, path string) {
	by := []string{"workload.mix"}
	for i, c := range s.Workload.Mix {
		by = append(by, fmt.Sprintf("workload.mix[%d].command", i))
		if o.Command != "" && c.Label() == o.Command && !c.reads() {
			d.reject(path+".command", by[len(by)-1:], "name a command that reads, such as GET", "%s is about reads, and %s writes", o.Metric, o.Command)
		}
	}
	if o.Command == "" && !s.CanMeasure(metrics.NeedsReads) {
		d.reject(path+".metric", by, "add a command that reads, such as {command: GET, weight: 1}", "%s is about reads, and no command of workload.mix reads", o.Metric)
	}
}
