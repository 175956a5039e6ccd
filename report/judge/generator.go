package judge

import (
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Thresholds of the judgement on the load generator.
const (
	// delayShare: the generator was the limit when the p99 of one of its own delays
	// exceeds what the scenario allows and also a tenth of the p99 of response, for
	// only then does it shape what is reported.
	// A tenth may not be more than 100 ms: a generator that is starved reads replies
	// late as well, and so raises what its delays are held against.
	delayShare = 0.1
	delayMost  = 100 * time.Millisecond
	// pauseShare of the time may pass in pauses of garbage collection: more of
	// them would reach the p99.
	pauseShare = 0.01
	// starvedShare of the time that its threads wanted to run may they be without a
	// processor in a closed loop, once that is starvedLeast of the whole time. Many
	// short waits add up and show in no p99: a kernel that shares a processor fairly
	// lets a busy thread wait a few milliseconds again and again, and a closed loop
	// then measures its share of the processor. An open loop is late for it, or it
	// is not.
	starvedShare = 0.75
	starvedLeast = 0.1
	// enough cases make a p99 that is not just the longest.
	enough = 200
	// noticeable delays that are allowed yet a good part of the p99 of response
	// are a warning.
	noticeable = time.Millisecond
)

// GeneratorRecord is what the load generator is judged by, second by second:
//
//	Frame, Histogram ... ─▶ Judge
type GeneratorRecord struct {
	// closed: the load is a closed loop.
	closed bool
	// allowed is how late it may be in any case.
	allowed        time.Duration
	response, slip *hdrhistogram.PackedHistogram
	delays         facts.Histograms[results.Delay]
	self           results.Self
	cores          map[int]int // of each process, by its first generator
	sent           int
	seconds        map[int]*generatorSecond
}

// generatorSecond is what the generator did in a second, and by how much the
// worst of its delays reached one request in a hundred.
type generatorSecond struct {
	completed int
	overflow  int
	late      results.Duration
}

// NewGeneratorRecord makes an empty record of a workload's generators.
func NewGeneratorRecord(w scenarios.Workload) *GeneratorRecord {
	return &GeneratorRecord{closed: w.Rate.Max, allowed: w.MaxSlip.Std(), response: results.NewHistogram(), slip: results.NewHistogram(), delays: facts.Histograms[results.Delay]{}, cores: map[int]int{}, seconds: map[int]*generatorSecond{}}
}

func (g *GeneratorRecord) at(second int) *generatorSecond {
	s := g.seconds[second]
	if s == nil {
		s = &generatorSecond{}
		g.seconds[second] = s
	}
	return s
}

// Frame adds a second of a generator.
func (g *GeneratorRecord) Frame(f results.Frame) {
	s := g.at(f.Seq)
	s.completed += f.Completed
	for _, c := range f.Commands {
		g.sent += c.Total() - c.Overflow
		s.overflow += c.Overflow
	}
	if f.Self != nil {
		g.self.CPU += f.Self.CPU
		g.self.Starved += f.Self.Starved
		g.self.Paused += f.Self.Paused
		g.cores[f.Generator] = f.Self.Cores
	}
}

// Time adds a command's times of a second.
func (g *GeneratorRecord) Time(t results.Time, second int, h *hdrhistogram.PackedHistogram) {
	switch t {
	case results.Response:
		g.response.Merge(h)
	case results.Slip:
		g.slip.Merge(h)
		g.late(second, h)
	}
}

// Delay adds the generator's own delays of a second.
func (g *GeneratorRecord) Delay(d results.Delay, second int, h *hdrhistogram.PackedHistogram) {
	g.delays.Merge(d, h)
	if d != results.GC {
		g.late(second, h)
	}
}

func (g *GeneratorRecord) late(second int, h *hdrhistogram.PackedHistogram) {
	s := g.at(second)
	s.late = max(s.late, facts.Micros(h.ValueAtPercentile(99)))
}

// limit is how much a delay may reach one request in a hundred.
func (g *GeneratorRecord) limit() results.Duration {
	p99 := facts.Micros(g.response.ValueAtPercentile(99))
	return max(results.DurationOf(g.allowed), min(results.Duration(delayShare*float64(p99)), results.DurationOf(delayMost)))
}

// lost is the share of the time that the generator's threads were ready to run in
// which they had no processor; 0 while that is little beside the whole time.
func (g *GeneratorRecord) lost(length time.Duration) float64 {
	if float64(g.self.Starved) < starvedLeast*float64(length) {
		return 0
	}
	return float64(g.self.Starved) / float64(g.self.Starved+g.self.CPU)
}

// ownWords are what a delay means, with the p99 and the allowed p99 behind.
var ownWords = map[string]string{
	"slip":                  "1 %% of the requests were sent more than %s late (allowed: %s)",
	string(results.Wake):    "1 %% of the waits of its event loops ended more than %s late (allowed: %s)",
	string(results.Starved): "in 1 %% of the samples its threads waited more than %s for a CPU that other processes used (allowed: %s)",
	string(results.Sched):   "in 1 %% of the samples its goroutines were ready for more than %s before they ran (allowed: %s)",
}

// Judge decides whether the generator was the limit over a time in which it was to
// send. Nil if nothing is known of it.
func (g *GeneratorRecord) Judge(length time.Duration) *results.SelfCheck {
	if length <= 0 || g.slip.TotalCount() == 0 && len(g.delays) == 0 {
		return nil
	}
	r := &results.SelfCheck{Valid: true, CPU: g.self.CPU.Std().Seconds() / length.Seconds()}
	for _, n := range g.cores {
		r.Cores += n
	}
	if g.sent > 0 && g.self.CPU > 0 {
		r.PerRequest = g.self.CPU / results.Duration(g.sent)
	}
	limit := g.limit()
	add := func(name string, h *hdrhistogram.PackedHistogram) {
		if h == nil || h.TotalCount() == 0 {
			return
		}
		c := results.DelayCheck{Name: name, Count: h.TotalCount(), P50: facts.Micros(h.ValueAtPercentile(50)), P99: facts.Micros(h.ValueAtPercentile(99)), Max: facts.Micros(h.Max()), OK: true}
		if name == string(results.GC) {
			c.Share, c.AllowedShare = float64(g.self.Paused)/float64(length)/float64(max(len(g.cores), 1)), pauseShare
			if c.OK = c.Share <= c.AllowedShare; !c.OK {
				r.Reasons = append(r.Reasons, fmt.Sprintf("garbage collection stopped it for %s of the time (allowed: %s)", words.Percent(c.Share), words.Percent(c.AllowedShare)))
			}
		} else {
			c.Allowed = limit
			if c.OK = c.P99 <= limit || c.Count < enough; !c.OK {
				r.Reasons = append(r.Reasons, fmt.Sprintf(ownWords[name], words.Duration(c.P99), words.Duration(limit)))
			}
		}
		if name == string(results.Starved) && g.closed && c.OK {
			if lost := g.lost(length); lost > starvedShare {
				c.OK, c.Share, c.AllowedShare = false, lost, starvedShare
				r.Reasons = append(r.Reasons, fmt.Sprintf("its threads waited for a CPU during %s of the time in which they were ready to run (allowed: %s): other processes used it", words.Percent(lost), words.Percent(starvedShare)))
			}
		}
		r.Checks = append(r.Checks, c)
	}
	add("slip", g.slip)
	for _, d := range []results.Delay{results.Starved, results.Wake, results.Sched, results.GC} {
		add(string(d), g.delays[d])
	}
	if len(r.Reasons) > 0 {
		r.Valid = false
		r.Carried, r.CarriedFrom = g.carried(limit)
	}
	return r
}

// carried is the highest rate that the generator kept up with: the most requests
// completed in one second without lateness. If every second was late, it is the mean
// of all of them, and the generator can carry less than that.
func (g *GeneratorRecord) carried(limit results.Duration) (float64, string) {
	best, sum, n := 0, 0, 0
	for _, s := range g.seconds {
		if s.completed == 0 {
			continue
		}
		n++
		sum += s.completed
		if s.late <= limit && s.overflow == 0 {
			best = max(best, s.completed)
		}
	}
	switch {
	case 2*best*n > sum: // not just a second in which little was due
		return float64(best), fmt.Sprintf("the generator kept up with at most %s (best second without lateness)", words.Rate(float64(best)))
	case n > 0:
		mean := float64(sum) / float64(n)
		return mean, fmt.Sprintf("the generator was late in every second; it completed %s on average", words.Rate(mean))
	}
	return 0, "the generator completed no request"
}

// LimitReason says why the generator's figures are not the server's, as a verdict
// gives it; empty if they are.
func LimitReason(g *results.SelfCheck) string {
	if g == nil || g.Valid {
		return ""
	}
	return fmt.Sprintf("the load generator was the limit: %s; %s", strings.Join(g.Reasons, "; "), g.CarriedFrom)
}

// GeneratorNotice warns of delays that are allowed and yet a good part of what is
// reported; empty if there are none.
func GeneratorNotice(g *results.SelfCheck, response results.Duration) string {
	if g == nil || !g.Valid {
		return ""
	}
	for _, c := range g.Checks {
		if c.AllowedShare == 0 && c.Count >= enough && c.P99.Std() > noticeable && float64(c.P99) > delayShare*float64(response) {
			return fmt.Sprintf("the load generator may have caused part of the slowest response times: the p99 of %s is %s, within the limit of %s, but more than %s of the p99 of the response time, %s",
				DelayNames[c.Name], words.Duration(c.P99), words.Duration(c.Allowed), words.Percent(delayShare), words.Duration(response))
		}
	}
	return ""
}

var DelayNames = map[string]string{
	"slip":                  "slip (from scheduled time to send)",
	string(results.Wake):    "late wake-ups",
	string(results.Starved): "waits for a CPU",
	string(results.Sched):   "waits for Go's scheduler",
	string(results.GC):      "garbage collection pauses",
}

// generator judges the generator over the timeline.
func generator(a *facts.Analysis) *results.SelfCheck {
	g := NewGeneratorRecord(a.Spec.Workload)
	for _, f := range a.Frames {
		if a.Whole.Has(f.Seq) {
			g.Frame(f)
		}
	}
	for _, i := range a.Intervals {
		if a.Whole.Has(i.Second) {
			g.Time(i.Time, i.Second, i.Histogram)
		}
	}
	for _, i := range a.SelfIntervals {
		if a.Whole.Has(i.Second) {
			g.Delay(i.Delay, i.Second, i.Histogram)
		}
	}
	return g.Judge(a.Whole.Length)
}
