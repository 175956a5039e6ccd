package facts

import (
	"cmp"
	"math"
	"slices"
	"time"

	"golang.org/x/perf/benchmath"

	"github.com/slotstorm/slotstorm/results"
)

// Ending is how a failover ended.
type Ending int

// The endings.
const (
	// TakenOver: another node took over, and the shard took writes again.
	TakenOver Ending = iota
	// HandedOver: the primary gave its role away.
	HandedOver
	// CameBack: the primary came back before it was declared failed.
	CameBack
	// Unpromoted: no replica was promoted while the shard was watched.
	Unpromoted
	// Unanswered: a replica was promoted, and the shard took no write again while it
	// was watched.
	Unanswered
)

// LateSighting is a step that was seen after the step that follows it, and counts as
// of the same moment.
type LateSighting struct {
	Step, Before string
	By           results.Duration
}

// Failover is a failover with what explains it.
type Failover struct {
	results.Failover
	// Struck is the fault that struck the primary.
	Struck   results.Fault
	Election Election
	Late     []LateSighting
	// Inferred: nothing showed the promotion, but another node took the probe's write.
	Inferred bool
	End      Ending
}

// failovers decomposes what followed each fault that hit a primary. One that
// leaves its nodes running, such as a partition, counts only where it led to
// another primary.
func (a *Analysis) failovers() []Failover {
	var list []Failover
	strikes := a.strikes()
	for i, f := range strikes {
		end := max(a.Run.End, a.Run.LoadEnd)
		for _, next := range strikes[i+1:] {
			if next.Shard == f.Shard {
				end = next.Injected
				break
			}
		}
		v := a.failover(f, end)
		if v.Completed() || f.DeposesAtOnce() {
			list = append(list, v)
		}
	}
	return list
}

// strikes are the faults that a failover may follow, in order: those that struck
// a primary, and commands to fail over. Node is the primary that was struck.
func (a *Analysis) strikes() []results.Fault {
	var list []results.Fault
	for _, f := range a.Run.Faults {
		// A rolling restart comes to its nodes one by one, long after it began.
		if f.Injected == 0 || f.Rolls {
			continue
		}
		if f.Takes == results.TakesRole {
			f.Node = a.primaryAt(f.Shard, f.Injected)
			list = append(list, f)
			continue
		}
		for _, h := range f.Hits() {
			if h.Role == "primary" {
				f.Node, f.Shard, f.Role = h.Node, h.Shard, h.Role
				list = append(list, f)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b results.Fault) int { return cmp.Compare(a.Injected, b.Injected) })
	return list
}

// primaryAt is the primary of a shard at a moment: the one that was promoted
// last, or its first.
func (a *Analysis) primaryAt(shard int, at results.Duration) string {
	name := ""
	for _, s := range a.Run.Shards {
		if s.Index == shard {
			name = s.Primary
		}
	}
	for _, e := range a.Between(0, at) {
		if (e.Kind == results.EventPromoted || e.Kind == results.EventElectionWon) && a.InShard(e, shard) {
			name = e.Node
		}
	}
	return name
}

// struck is what was seen of a shard from the fault that struck it on.
type struck struct {
	events []results.Event
	// suspected and failed are PFAIL and FAIL of the struck primary.
	suspected, failed *sighting
	election          Election
	// promoted is the promotion of another node, and probe the first good write.
	promoted, probe *sighting
	// outage is nil where no probe saw one.
	outage *results.Outage
	// planned: the role was handed over. inferred: nothing showed the promotion, but
	// another node took the probe's write.
	planned, inferred bool
}

// look gathers what was seen of the shard of f from its injection to end.
func (a *Analysis) look(f results.Fault, end results.Duration) struck {
	s := struck{events: a.Between(f.Injected, end)}
	about := func(kind, source string) *sighting {
		return sight(First(s.events, func(e results.Event) bool {
			return e.Kind == kind && e.About == f.Node && e.Source == source
		}))
	}
	ofShard := func(e results.Event) bool { return e.Node != f.Node && a.InShard(e, f.Shard) }
	for _, kind := range []string{results.EventElectionWon, results.EventPromoted} {
		if s.promoted == nil {
			s.promoted = sight(First(s.events, func(e results.Event) bool { return e.Kind == kind && ofShard(e) }))
		}
	}
	s.election = readElection(s.events, s.promoted, ofShard)
	s.suspected = about(results.EventPFail, "poll")
	if s.failed = about(results.EventFail, "log"); s.failed == nil {
		s.failed = about(results.EventFail, "poll")
	}
	if s.outage = outageOf(a.Run.ProbeOutages, f, end, s.promoted); s.outage != nil && !s.outage.Open {
		s.probe = &sighting{s.outage.To, s.outage.Uncertainty, "probe", s.outage.Node}
	}
	s.planned = f.Takes == results.TakesRole || a.asked(f) && s.promoted != nil && (s.failed == nil || s.promoted.at < s.failed.at)
	if s.planned && s.probe == nil && s.promoted != nil {
		s.probe = &sighting{s.promoted.at, s.promoted.uncertainty, "probe", s.promoted.node}
	}
	s.inferred = s.promoted == nil && s.probe != nil && s.probe.node != f.Node && a.shardIs(s.probe.node, f.Shard)
	return s
}

// failover reads what happened to the shard of f from its injection to end.
func (a *Analysis) failover(f results.Fault, end results.Duration) Failover {
	v := results.Failover{Fault: f.Name, Shard: f.Shard, From: f.Node, Injected: f.Injected}
	s := a.look(f, end)
	if s.outage != nil {
		v.Outage = s.outage.To - s.outage.From
	}
	if s.promoted != nil {
		v.To, v.ElectionDelay, v.Rank = s.promoted.node, s.election.delay, s.election.rank
	}
	if s.inferred {
		v.To = s.probe.node
	}
	if s.inferred || s.promoted != nil && !s.planned {
		v.PredictedMin, v.PredictedMax = a.predict(s.election.delay)
	}
	var late []LateSighting
	v.Steps, late = chain(f.Injected, []sightedStep{
		{results.StepPFail, s.suspected},
		{results.StepFail, s.failed},
		{results.StepElection, s.election.won},
		{results.StepPromoted, s.promoted},
		{results.StepProbe, s.probe},
	})
	if s.probe != nil {
		v.Complete, v.Server = true, s.probe.at-f.Injected
	}
	a.after(&v, f, end, s)
	full := Failover{Failover: v, Struck: f, Election: s.election, Late: late, Inferred: s.inferred, End: a.ending(v, f, s)}
	switch full.End {
	case CameBack:
		full.To = full.From
	case Unpromoted:
		full.Complete, full.Server = false, 0
	case TakenOver:
		full.Outlier = v.Server < v.PredictedMin || v.Server > v.PredictedMax
	}
	return full
}

// ending is how a failover ended.
func (a *Analysis) ending(v results.Failover, f results.Fault, s struck) Ending {
	switch {
	case s.promoted == nil && !s.inferred && a.returned(f, s):
		return CameBack
	case s.promoted == nil && !s.inferred:
		return Unpromoted
	case !v.Complete:
		return Unanswered
	case s.planned:
		return HandedOver
	}
	return TakenOver
}

// asked reports whether a pod was asked to stop that hands its role over first.
func (a *Analysis) asked(f results.Fault) bool {
	if a.Run.Environment.Kubernetes == nil || !a.Spec.Redis.HandOver {
		return false
	}
	return f.Takes == results.TakesProcess && f.Asked
}

// after adds the rows that follow the server's own: the application client and
// the replica, in the order in which they came.
func (a *Analysis) after(v *results.Failover, f results.Fault, end results.Duration, seen struck) {
	var client, synced *sighting
	if o := outageOf(a.Run.ClientOutages, f, end, seen.promoted); o != nil && !o.Open {
		client = &sighting{o.To, o.Uncertainty, "client", o.Node}
		v.Client = o.To - f.Injected
	}
	if seen.promoted != nil {
		if synced = a.sync(f, seen.events, seen.promoted); synced != nil {
			v.Synced = synced.at - f.Injected
		}
	}
	rows := []sightedStep{{results.StepClient, client}, {results.StepSynced, synced}}
	slices.SortStableFunc(rows, func(a, b sightedStep) int { return cmp.Compare(a.order(), b.order()) })
	last := v.Steps[len(v.Steps)-1].At
	for _, r := range rows {
		step := results.Step{Name: r.name, At: last, Missing: r.seen == nil}
		if r.seen != nil {
			step.At = r.seen.at - f.Injected
			step.Took = max(0, step.At-last)
			step.Uncertainty, step.Source = r.seen.uncertainty, r.seen.source
			last = max(last, step.At)
		}
		v.Steps = append(v.Steps, step)
	}
}

// sync is when the killed node followed its new primary, or, if it never did,
// when the last other replica of the shard was in sync.
func (a *Analysis) sync(f results.Fault, events []results.Event, promoted *sighting) *sighting {
	up := func(e results.Event) bool { return e.Kind == results.EventLinkUp && e.Offset >= promoted.at }
	if e := First(events, func(e results.Event) bool { return up(e) && e.Node == f.Node }); e != nil {
		return sight(e)
	}
	var last *results.Event
	for i, e := range events {
		if up(e) && e.Node != promoted.node && a.InShard(e, f.Shard) {
			last = &events[i]
		}
	}
	return sight(last)
}

// returned reports whether the killed primary serves its shard again.
func (a *Analysis) returned(f results.Fault, s struck) bool {
	if s.probe != nil && s.probe.node != "" {
		return s.probe.node == f.Node
	}
	return First(s.events, func(e results.Event) bool { return e.Kind == results.EventNodeReady && e.Node == f.Node }) != nil
}

// sightedStep is a step before it is placed.
type sightedStep struct {
	name string
	seen *sighting
}

func (s sightedStep) order() results.Duration {
	if s.seen == nil {
		return math.MaxInt64
	}
	return s.seen.at
}

// chain places steps after each other. A poll sees a thing only after it
// happened, so a step that was seen after its successor is put at the
// successor, never the other way round.
func chain(injected results.Duration, list []sightedStep) ([]results.Step, []LateSighting) {
	var shown []LateSighting
	steps := make([]results.Step, len(list))
	limit := results.Duration(math.MaxInt64)
	next := ""
	for i := len(list) - 1; i >= 0; i-- {
		steps[i] = results.Step{Name: list[i].name, Missing: list[i].seen == nil}
		s := list[i].seen
		if s == nil {
			continue
		}
		steps[i].At, steps[i].Uncertainty, steps[i].Source = s.at-injected, s.uncertainty, s.source
		if late := steps[i].At - limit; late > 0 {
			steps[i].At = limit
			shown = append(shown, LateSighting{Step: steps[i].Name, By: late, Before: next})
		}
		limit, next = steps[i].At, steps[i].Name
	}
	slices.Reverse(shown)
	var last results.Duration
	for i := range steps {
		if steps[i].Missing {
			steps[i].At = last
		}
		steps[i].Took = steps[i].At - last
		last = steps[i].At
	}
	return steps, shown
}

// outageOf is the outage that f caused: of its shard, overlapping the time from
// its injection to end, and, when a replica was promoted, the last that began
// before that.
func outageOf(list []results.Outage, f results.Fault, end results.Duration, promoted *sighting) *results.Outage {
	var found *results.Outage
	for i, o := range list {
		if o.Shard != f.Shard || o.To <= f.Injected || o.From >= end {
			continue
		}
		// A hand-over may cause none: what comes after it is not its outage.
		if f.Takes == results.TakesRole && (promoted == nil || o.From > promoted.at) {
			continue
		}
		if found == nil || (promoted != nil && o.From < promoted.at) {
			found = &list[i]
		}
	}
	return found
}

// ServerTimes are the durations of the failovers that completed.
func ServerTimes(list []results.Failover) []results.Duration {
	var times []results.Duration
	for _, f := range list {
		if f.Completed() {
			times = append(times, f.Server)
		}
	}
	return times
}

// distribution describes a sample by its median and that median's confidence
// interval, which assumes nothing about the shape (order statistics, as package
// benchmath computes them for 95 %). Below six values no such interval exists:
// then it is the whole range, at the confidence that this has, 1 - 2^(1-n). Nil
// below two values.
func distribution(sample []results.Duration) *results.Distribution {
	n := len(sample)
	if n < 2 {
		return nil
	}
	values := make([]float64, n)
	for i, v := range sample {
		values[i] = float64(v)
	}
	sum := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
	d := &results.Distribution{
		N: n, Min: slices.Min(sample), Max: slices.Max(sample),
		Median: wholeMicros(sum.Center), Low: wholeMicros(sum.Lo), High: wholeMicros(sum.Hi),
		Confidence: sum.Confidence,
	}
	if math.IsInf(sum.Lo, 0) || math.IsInf(sum.Hi, 0) {
		d.Low, d.High, d.Confidence = d.Min, d.Max, 1-math.Pow(2, float64(1-n))
	}
	var total float64
	for _, v := range values {
		total += v
	}
	d.Mean = wholeMicros(total / float64(n))
	return d
}

// wholeMicros rounds nanoseconds to the microsecond that a bundle keeps.
func wholeMicros(ns float64) results.Duration {
	if math.IsInf(ns, 0) {
		return 0
	}
	return results.Duration(math.Round(ns/float64(time.Microsecond))) * results.Duration(time.Microsecond)
}
