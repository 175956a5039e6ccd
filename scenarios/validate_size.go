package scenarios

import (
	"math"

	"github.com/slotstorm/slotstorm/results"
)

// selfTags are the histograms that a generator keeps of itself in each second, at most.
const selfTags = 5

// validateSize refuses a run that would write more than is read again: it would be lost at its
// end.
func (d *document) validateSize(s *Scenario) {
	w := &s.Workload
	length := (w.Warmup + s.Timeline.Length()).Std().Seconds()
	if d.failed("timeline", "workload") || length == 0 {
		return
	}
	phases := phaseFields(s.Timeline, "duration")
	if a := w.Audit; a != nil {
		for _, r := range []struct {
			path string
			rate float64
		}{{"workload.audit.rate", a.Rate}, {"workload.audit.reads", a.Reads}} {
			if most := math.Floor(results.MostWrites / length); r.rate > most && !math.IsInf(r.rate, 0) {
				d.reject(r.path, phases, "lower it, or shorten the phases", "%g per second are %.0f in a run of this length; a run keeps %d, which allows %.0f per second", r.rate, r.rate*length, results.MostWrites, most)
			}
		}
	}
	each := 3*(len(w.Mix)+s.Redis.Shards) + selfTags
	if lines := float64(each) * float64(w.Generators) * length; lines > results.MostHistograms {
		d.reject("timeline.phases", append([]string{"workload.generators", "workload.mix", "redis.shards"}, phases...), "shorten the phases, or use fewer generators or commands",
			"%.0f histograms would be written, %d a second and generator; a run keeps %d", lines, each, results.MostHistograms)
	}
}
