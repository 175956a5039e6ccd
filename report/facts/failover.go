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
	// HandedOver: the primary gave its role or its slots away, or another node was asked
	// to take them.
	HandedOver
	// CameBack: no other node took over, and the primary served its shard again.
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
	// Impossible: it cannot have happened before the step that follows it. Otherwise it
	// was only seen late.
	Impossible bool
}

// Failover is a failover with what explains it: a takeover, or a fault that struck a
// primary and led to none.
type Failover struct {
	results.Failover
	// Struck is the fault that it followed from; zero of one without a fault.
	Struck   results.Fault
	Election Election
	Late     []LateSighting
	// Inferred: nothing showed the promotion, but another node took writes.
	Inferred bool
	End      Ending
	// Refused is how the node that serves the shard in the end first refused its writes.
	Refused []Refused
}

// failovers are all takeovers, each step by step, and the faults that struck a primary
// and led to none. One that leaves its nodes running, as a partition does, counts only
// where it led to a takeover.
func (a *Analysis) failovers() []Failover {
	var list []Failover
	for _, t := range a.taken {
		if !t.Resharded() {
			list = append(list, a.failover(a.episodeOf(t)))
		}
	}
	for _, f := range a.strikes() {
		if (f.DeposesAtOnce() || a.ended(f)) && !a.ledTo(f) {
			list = append(list, a.failover(a.struckAlone(f)))
		}
	}
	slices.SortStableFunc(list, func(x, y Failover) int { return cmp.Compare(x.Injected, y.Injected) })
	return list
}

// strikes are the faults that a failover may follow, in order: those that struck
// a primary, and commands to fail over. Node is the primary that was struck.
func (a *Analysis) strikes() []results.Fault {
	var list []results.Fault
	for _, f := range a.Run.Faults {
		// A rolling restart comes to its nodes one by one, long after it began.
		if !f.Acted() || f.Rolls || f.Takes == results.TakesSlots || f.Takes == results.TakesKubelet {
			continue
		}
		if f.Takes == results.TakesRole {
			f.Node = a.OwnerAt(f.Shard, f.Injected)
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

// ended reports whether the primary that a fault struck ended while the fault was in force,
// although its kind ends no process by itself: a command, a program of the user's or the want
// of memory may.
func (a *Analysis) ended(f results.Fault) bool {
	if f.Takes == results.TakesProcess {
		return false
	}
	during, ok := a.away(f, f.Node)
	return ok && First(a.Events, func(e results.Event) bool {
		return e.Node == f.Node && e.Kind == results.EventNodeExit && e.Offset >= during.from && e.Offset-e.Uncertainty <= during.to && !a.endedBy(e)
	}) != nil
}

// endedBy reports whether a node ended by a fault of a kind that ends processes.
func (a *Analysis) endedBy(exit results.Event) bool {
	return slices.ContainsFunc(a.Run.Faults, func(f results.Fault) bool {
		if f.Takes != results.TakesProcess || !f.Acted() || !slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == exit.Node }) {
			return false
		}
		during, ok := a.away(f, exit.Node)
		return ok && exit.Offset >= during.from && exit.Offset-exit.Uncertainty <= during.to
	})
}

// ledTo reports whether a takeover shows what became of a strike: it followed from it, or
// another cause took the same primary's place meanwhile.
func (a *Analysis) ledTo(f results.Fault) bool {
	away, _ := a.away(f, f.Node)
	return slices.ContainsFunc(a.taken, func(t Takeover) bool {
		if t.Cause != nil && t.Cause.Fault != nil && t.Cause.Fault.Name == f.Name {
			return t.From == f.Node || f.Takes == results.TakesRole
		}
		return t.From == f.Node && t.Whole && away.from <= t.At && t.At <= away.to
	})
}

// episode is a stretch of a shard's time that a failover covers.
type episode struct {
	shard int
	// from is the primary that is lost, and fault the one that struck it, if one did.
	from  string
	fault results.Fault
	// since is when it began, and until when the next one does.
	since, until results.Duration
	// begins is when an outage begins at the latest that belongs to an episode without a
	// takeover: one that begins after the primary was back is another's.
	begins results.Duration
	// takeover is nil if there was none, and planned says that it was asked for.
	takeover *Takeover
	planned  bool
}

// episodeOf is that of a takeover.
func (a *Analysis) episodeOf(t Takeover) episode {
	e := episode{shard: t.Shard, from: t.From, takeover: &t, planned: t.planned()}
	e.until = a.nextOf(t.Shard, t.At)
	e.since = t.Began
	if t.Cause != nil && t.Cause.Fault != nil {
		e.fault = *t.Cause.Fault
	}
	return e
}

// planned reports whether the old owner did not have to fail for a takeover.
func (t Takeover) planned() bool {
	switch t.Means {
	case results.MeansHandover, results.MeansForced, results.MeansTaken, results.MeansMoved:
		return true
	}
	return false
}

// struckAlone is the episode of a fault that led to no takeover.
func (a *Analysis) struckAlone(f results.Fault) episode {
	e := episode{shard: f.Shard, from: f.Node, fault: f, since: f.Injected, until: a.nextOf(f.Shard, f.Injected), planned: f.Takes == results.TakesRole}
	e.begins = e.until
	if away, ok := a.away(f, f.Node); ok {
		e.begins = min(e.begins, away.to+joinSlack)
	}
	return e
}

// nextOf is when the next takeover or strike of a shard began; the end of the run if none
// did.
func (a *Analysis) nextOf(shard int, after results.Duration) results.Duration {
	end := a.end()
	for _, t := range a.taken {
		if t.Shard == shard && t.At > after && !t.Resharded() {
			end = min(end, t.At)
			if t.Began > after {
				end = min(end, t.Began)
			}
		}
	}
	for _, f := range a.strikes() {
		if f.Shard == shard && f.Injected > after {
			end = min(end, f.Injected)
		}
	}
	return end
}

// seen is what was seen of a shard in an episode.
type seen struct {
	events []results.Event
	// suspected and failed are PFAIL and FAIL of the primary that is lost.
	suspected, failed *sighting
	election          Election
	// promoted is the promotion of another node, and probe the first good write.
	promoted, probe *sighting
	// outage is nil where no probe saw one.
	outage *results.Outage
	// inferred: nothing showed the promotion, but another node took writes.
	inferred bool
}

// look gathers what was seen of an episode.
func (a *Analysis) look(e episode) seen {
	s := seen{events: a.Between(e.since, e.until)}
	ofShard := func(v results.Event) bool { return v.Node != e.from && a.InShard(v, e.shard) }
	if t := e.takeover; t != nil {
		s.suspected, s.failed, s.promoted = t.suspected, t.failed, t.promoted
		s.inferred = t.Source == "probe" || t.Source == "ledger"
	} else {
		s.suspected, s.failed = a.marks(s.events, e.from)
	}
	s.election = readElection(s.events, s.promoted, ofShard)
	s.outage = e.outage(a.Run.ProbeOutages)
	switch {
	case s.outage != nil && !s.outage.Open:
		s.probe = &sighting{s.outage.To, s.outage.Uncertainty, "probe", s.outage.Node}
	case s.outage == nil && s.promoted != nil:
		// The probes saw no outage: the new primary served at once.
		s.probe = s.promoted
	case s.outage == nil && e.servedOn(a):
		s.probe = &sighting{at: e.since, source: "probe", node: e.from}
	}
	return s
}

// marks are the first PFAIL and FAIL of a node among events.
func (a *Analysis) marks(events []results.Event, node string) (suspected, failed *sighting) {
	about := func(kind, source string) *sighting {
		return sight(First(events, func(e results.Event) bool {
			return e.Kind == kind && e.About == node && e.Source == source
		}))
	}
	suspected = about(results.EventPFail, "poll")
	if failed = about(results.EventFail, "log"); failed == nil {
		failed = about(results.EventFail, "poll")
	}
	return suspected, failed
}

// failover is an episode step by step.
func (a *Analysis) failover(e episode) Failover {
	v := results.Failover{Fault: e.fault.Name, Shard: e.shard, From: e.from, Injected: e.since}
	s := a.look(e)
	if s.outage != nil {
		v.Outage = s.outage.To - s.outage.From
	}
	v.Cause = results.OfFault
	if t := e.takeover; t != nil {
		v.To, v.Means, v.Epoch = t.To, t.Means, t.Epoch
		v.ElectionDelay, v.Rank = s.election.delay, s.election.rank
		if t.Slots.Count() != a.slotsOf(e.shard).Count() {
			v.Slots = t.Slots
		}
		if !e.planned && a.foreseeable(*t) {
			v.PredictedMin, v.PredictedMax = a.predict(s.election.delay)
		}
		switch {
		case t.Cause == nil:
			v.Cause = results.Unexplained
		case t.Cause.Step != nil:
			v.Cause = results.OfUpgrade
		}
	}
	steps := []sightedStep{
		{results.StepPFail, s.suspected},
		{results.StepFail, s.failed},
		{results.StepElection, s.election.won},
		{results.StepPromoted, s.promoted},
		{results.StepProbe, s.probe},
	}
	if s.inferred {
		steps[3].seen = nil
	}
	var late []LateSighting
	v.Steps, late = chain(e.since, steps)
	if s.probe != nil {
		v.Complete, v.Server = true, s.probe.at-e.since
	}
	a.after(&v, e, s)
	full := Failover{Failover: v, Struck: e.fault, Election: s.election, Late: late, Inferred: s.inferred, End: a.ending(v, e, s)}
	if s.promoted != nil {
		full.Refused = refusedBy(v.To, s.outage, s.promoted.at)
	}
	switch full.End {
	case CameBack:
		full.To = full.From
		full.Refused = refusedBy(full.From, s.outage, s.backAt(e))
	case Unpromoted:
		full.Complete, full.Server = false, 0
	case TakenOver:
		full.Outlier = v.PredictedMax > 0 && (v.Server < v.PredictedMin || v.Server > v.PredictedMax)
	}
	return full
}

// foreseeable reports whether a takeover that was not asked for takes as long as one after a
// crash: its primary was taken away at once, or nothing served the shard from its beginning on.
// A program of the user's may do anything, at any time.
func (a *Analysis) foreseeable(t Takeover) bool {
	switch {
	case t.Cause == nil || t.Cause.Fault == nil || actsAtOnce(*t.Cause.Fault):
		return true
	case t.Cause.Fault.Takes == results.TakesUnknown:
		return false
	}
	_, silent := a.silentFrom(t)
	return silent
}

// ending is how a failover ended.
func (a *Analysis) ending(v results.Failover, e episode, s seen) Ending {
	switch {
	case e.takeover == nil && a.returned(e, s):
		return CameBack
	case e.takeover == nil:
		return Unpromoted
	case !v.Complete:
		return Unanswered
	case e.planned:
		return HandedOver
	}
	return TakenOver
}

// after adds the rows that follow the server's own: the application client and
// the replica, in the order in which they came.
func (a *Analysis) after(v *results.Failover, e episode, s seen) {
	var client, synced *sighting
	if o := e.outage(a.Run.ClientOutages); o != nil && !o.Open {
		client = &sighting{o.To, o.Uncertainty, "client", o.Node}
		v.Client = o.To - e.since
	}
	if s.promoted != nil {
		if synced = a.sync(e, s); synced != nil {
			v.Synced = synced.at - e.since
		}
	}
	rows := []sightedStep{{results.StepClient, client}, {results.StepSynced, synced}}
	slices.SortStableFunc(rows, func(a, b sightedStep) int { return cmp.Compare(a.order(), b.order()) })
	last := v.Steps[len(v.Steps)-1].At
	for _, r := range rows {
		step := results.Step{Name: r.name, At: last, Missing: r.seen == nil}
		if r.seen != nil {
			step.At = r.seen.at - e.since
			step.Took = max(0, step.At-last)
			step.Uncertainty, step.Source = r.seen.uncertainty, r.seen.source
			last = max(last, step.At)
		}
		v.Steps = append(v.Steps, step)
	}
}

// sync is when the primary that was lost followed its new primary, or, if it never did,
// when the last other replica of the shard was in sync.
func (a *Analysis) sync(e episode, s seen) *sighting {
	up := func(v results.Event) bool { return v.Kind == results.EventLinkUp && v.Offset >= s.promoted.at }
	if v := First(s.events, func(v results.Event) bool { return up(v) && v.Node == e.from }); v != nil {
		return sight(v)
	}
	var last *results.Event
	for i, v := range s.events {
		if up(v) && v.Node != s.promoted.node && a.InShard(v, e.shard) {
			last = &s.events[i]
		}
	}
	return sight(last)
}

// returned reports whether the primary that was struck serves its shard again.
func (a *Analysis) returned(e episode, s seen) bool {
	if s.probe != nil && s.probe.node != "" {
		return s.probe.node == e.from
	}
	return isBack(s.events, e.from) != nil
}

// isBack is the first answer of a process that was started again; nil if none was seen.
func isBack(events []results.Event, node string) *results.Event {
	return First(events, func(v results.Event) bool { return v.Kind == results.EventNodeReady && v.Node == node })
}

// backAt is when the primary of an episode answered again or, if nothing showed that, when
// the episode began.
func (s seen) backAt(e episode) results.Duration {
	if v := isBack(s.events, e.from); v != nil {
		return v.Offset
	}
	return e.since
}

// endedLate is how much later than a fault a primary ends that outlived it for a while.
const endedLate = results.Duration(100e6)

// Outlived is how long the primary of a failover went on after the fault before it ended, as
// one does that ends itself at its first write error or saves its data first; 0 if it ended
// at once or not at all. Kubernetes reports an end late: it is no evidence here.
func (a *Analysis) Outlived(f results.Failover) results.Duration {
	exit := First(a.Between(f.Injected, f.Injected+f.Server), func(e results.Event) bool {
		return e.Node == f.From && e.Kind == results.EventNodeExit && e.Source != "kubernetes"
	})
	if exit == nil || exit.Offset-exit.Uncertainty-f.Injected < endedLate {
		return 0 // what samples show late may have been at once
	}
	return exit.Offset - f.Injected
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
			shown = append(shown, LateSighting{Step: steps[i].Name, By: late, Before: next, Impossible: late > s.uncertainty+logSlack})
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

// outage is the one of an episode: that which its takeover ended or, without one, the
// first that overlaps it. A request that led to none caused none.
func (e episode) outage(list []results.Outage) *results.Outage {
	within := func(o results.Outage) bool { return o.Shard == e.shard && o.To > e.since && o.From < e.until }
	if e.takeover != nil {
		if o := outageOf(list, *e.takeover); o != nil && within(*o) {
			return o
		}
		return nil
	}
	if i := slices.IndexFunc(list, within); i >= 0 && !e.planned && list[i].From < e.begins {
		return &list[i]
	}
	return nil
}

// servedOn reports whether the primary of an episode served while a fault kept it busy or cut
// it off that was over before the load ended: the probes saw no outage.
func (e episode) servedOn(a *Analysis) bool {
	f := e.fault
	return e.takeover == nil && !e.planned && f.Lasts && f.Released > 0 && f.Released < a.Run.LoadEnd && (f.Takes == results.TakesTime || f.Takes == results.TakesNetwork)
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
