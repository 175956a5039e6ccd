package scenarios

import (
	"fmt"

	"github.com/slotstorm/slotstorm/results"
)

func (d *document) validateTimeline(s *Scenario) {
	d.validatePhases(s.Timeline)
	names := map[string]int{}
	for i, f := range s.Timeline.Faults {
		path := faultPath(i)
		if first, ok := names[f.Name]; ok {
			d.reject(path+".name", nil, "", "%q is the name of %s too", f.Name, faultPath(first))
		} else {
			names[f.Name] = i
		}
		d.validateFault(s, f, path)
		d.validateTimes(s.Timeline, f, path)
		d.validateSeen(s, f, path)
	}
	d.validateScales(s)
	d.validateSpacing(s)
	d.validateTogether(s)
}

const maxTimeline = 24 * 60 * 60

func (d *document) validatePhases(t Timeline) {
	names := map[string]int{}
	for i, p := range t.Phases {
		path := fmt.Sprintf("timeline.phases[%d].name", i)
		if p.Name == results.All {
			d.reject(path, nil, "choose another name", "%q means the whole timeline in objectives and results", p.Name)
		}
		if first, ok := names[p.Name]; ok {
			d.reject(path, nil, "", "%q is the name of timeline.phases[%d] too", p.Name, first)
		} else {
			names[p.Name] = i
		}
	}
	if t.Length() > seconds(maxTimeline) {
		d.reject("timeline.phases", phaseFields(t, "duration"), "", "the phases last %s together, above 24h", t.Length())
	}
}

// validateSeen refuses a fault that takes a primary away so late that the run ends before
// a replica can take over or the node is back: it would show nothing.
func (d *document) validateSeen(s *Scenario, f Fault, path string) {
	t, single := f.Target()
	traits := f.Traits()
	if d.failed(path) || d.failed(path+".at", path+".duration", path+".kill.away", "redis.config.cluster-node-timeout") || !single || !traits.Down() || traits.Asked || !t.hitsPrimary() || t.By == ByNode {
		return
	}
	if s.Redis.ReplicasPerShard == 0 || traits.Away == nil && traits.Restarts && s.Cluster.Provider != "local" {
		return // nothing could take over; or when Kubernetes starts the node again is not known
	}
	times, every, jitter := f.injections()
	last := f.At + Duration(times-1)*every + jitter
	left := s.Timeline.Length() - last
	back := f.recovery(s)
	if traits.Away != nil && traits.Away.Forever {
		back = left + 1
	}
	timeout := Duration(s.Redis.NodeTimeout())
	if left <= 0 || back <= left || timeout < left || s.hasFailover(last, s.Timeline.Length()) {
		return
	}
	by := append(phaseFields(s.Timeline, "duration"), "redis.config.cluster-node-timeout", "cluster.local.restartDelay")
	d.reject(path+".at", by, "make the last phase longer, or inject earlier", "the timeline ends %s later: no replica can take over before cluster-node-timeout (%s) is over, and the node is not back", left, timeout)
}

// validateTimes wants every injection to start within the timeline.
func (d *document) validateTimes(t Timeline, f Fault, path string) {
	end := t.Length()
	times, every, jitter := f.injections()
	if jitter >= every && f.Repeat != nil {
		d.reject(path+".repeat.jitter", []string{path + ".repeat.every"}, "keep jitter below every, so that the injections stay in order",
			"%s is not below every, %s", jitter, every)
		return
	}
	last := f.At + Duration(times-1)*every + jitter
	by := append(phaseFields(t, "duration"), path+".at", path+".repeat")
	switch {
	case d.inside(path+".repeat", "times", "every", "jitter"):
	case f.At >= end:
		d.reject(path+".at", by, "make a phase longer, or inject earlier", "%s is not before the end of the timeline, %s", f.At, end)
	case last >= end:
		d.reject(path+".repeat", by, "make a phase longer, or repeat less often",
			"injection %d can start at %s, not before the end of the timeline, %s", times, last, end)
	case f.Traits().Away != nil && last+f.Holds(last, end) > end:
		d.reject(path+".kill.away", by, "make a phase longer, or write away: "+forever, "the node can be down until %s, beyond the end of the timeline, %s", last+f.Holds(last, end), end)
	case last+f.Duration > end:
		d.reject(path+".duration", by, "make a phase longer, or the fault shorter", "the fault can last until %s, beyond the end of the timeline, %s", last+f.Duration, end)
	}
}
