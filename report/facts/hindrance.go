package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Reason is why no replica took a shard over.
type Reason int

// The reasons. Each excludes the others by its rule in Hindrance.
const (
	// Open: the evidence names no reason.
	Open Reason = iota
	// Unreplicated: the shard had no replica.
	Unreplicated
	// BackBeforeFail: the primary was back before a majority declared it failed.
	BackBeforeFail
	// NoMajority: so many primaries were down that the others were no majority. None
	// can be declared failed then, and no replica can get enough votes.
	NoMajority
	// Forbidden: cluster-replica-no-failover is yes.
	Forbidden
	// ReplicasDown: no replica was up between FAIL and the return of the primary.
	ReplicasDown
	// DataTooOld: the replicas' data were older than cluster-replica-validity-factor
	// allows.
	DataTooOld
	// VotesRefused: elections were started, and voters refused their votes.
	VotesRefused
	// BackBeforeElection: the primary was declared failed, and was back before a replica
	// had waited for its election.
	BackBeforeElection
)

// Hindrance is why no replica took a shard over, with what shows it. Times count from the
// start of the run.
type Hindrance struct {
	Reason Reason
	// Failed is when the primary was declared failed, and Back when it was back; 0 if it
	// was not seen to be.
	Failed, Back results.Duration
	// Replicas are those that Reason concerns.
	Replicas []string
	// Lines of the servers' logs that show it.
	Logged []string
	// Down of Primaries were down at once.
	Down, Primaries int
	// Elections is how many were started.
	Elections int
	// VotesAgain: a primary may vote at once for another replica of the same failed primary.
	VotesAgain bool
}

// Hindrance explains a failover in which no other node took over.
func (a *Analysis) Hindrance(f results.Failover) Hindrance {
	end := a.Run.End
	if f.Complete && f.Server > 0 {
		end = f.Injected + f.Server
	}
	if released := a.releasedOf(f); f.Complete && f.Server == 0 && released > 0 {
		end = released // no probe noticed it: what came later has another cause
	}
	events := a.Between(f.Injected, end)
	h := Hindrance{Back: a.back(f, events, end), VotesAgain: a.rule().revotes}
	if e := First(events, func(e results.Event) bool { return e.Kind == results.EventFail && e.About == f.From }); e != nil {
		h.Failed = e.Offset
	}
	replicas := a.replicasOf(f)
	h.Down, h.Primaries = a.primariesDown(f, end)
	switch until := cmp.Or(h.Back, end); {
	case len(replicas) == 0:
		h.Reason = Unreplicated
	case h.Failed == 0 && h.Back > 0 && (!h.minority() || h.Back-f.Injected < results.DurationOf(a.NodeTimeoutAt(f.Injected))):
		h.Reason = BackBeforeFail
	case h.minority():
		h.Reason = NoMajority
	case h.Failed == 0:
	case a.forbidden(replicas, h.Failed) && a.forbidden(replicas, max(h.Failed, until-results.DurationOf(a.rule().fixed(a.NodeTimeoutAt(h.Failed))))):
		h.Reason, h.Replicas = Forbidden, replicas
	default:
		a.lookAtReplicas(&h, f, events, a.upLong(replicas, h.Failed, until))
		if h.Reason == ReplicasDown {
			h.Replicas = replicas
		}
	}
	return h
}

// forbidden reports whether replicas might not take over at a moment, by their configuration or
// by a command of a fault.
func (a *Analysis) forbidden(replicas []string, at results.Duration) bool {
	return !slices.ContainsFunc(replicas, func(node string) bool {
		return a.DirectiveAt(node, "cluster-replica-no-failover", at) != "yes"
	})
}

// minority reports whether the primaries that were up were no majority.
func (h Hindrance) minority() bool { return 2*(h.Primaries-h.Down) <= h.Primaries }

// lookAtReplicas finds the reason in what the replicas did that were up while their
// primary counted as failed.
func (a *Analysis) lookAtReplicas(h *Hindrance, f results.Failover, events []results.Event, up []string) {
	if len(up) == 0 {
		h.Reason = ReplicasDown
		return
	}
	old := map[string]string{}
	var refused []string
	scheduled := false
	for _, e := range events {
		about := e.About != "" && a.ShardAt(e.About, e.Offset) == f.Shard
		switch {
		case e.Kind == results.EventVoteDenied && about && !slices.Contains(refused, e.Message):
			refused = append(refused, e.Message)
		case e.Node == f.From || !a.InShard(e, f.Shard):
		case e.Kind == results.EventElectionStart:
			h.Elections++
		case e.Kind == results.EventElectionDelay:
			scheduled = true
		case e.Kind == results.EventElectionLost && stuckBy(e.Message) == stuckTooOld:
			old[e.Node] = e.Message
		}
	}
	tooOld := !slices.ContainsFunc(up, func(node string) bool { return old[node] == "" && !a.tooOld(node, h.Failed) })
	switch {
	case h.Elections > 0 && len(refused) > 0:
		h.Reason, h.Logged = VotesRefused, refused
	case h.Elections > 0:
	case tooOld:
		h.Reason, h.Replicas = DataTooOld, up
		for _, node := range up {
			if old[node] != "" && !slices.Contains(h.Logged, old[node]) {
				h.Logged = append(h.Logged, old[node])
			}
		}
	case len(old) == 0 && h.Back > 0 && (scheduled || h.Back-h.Failed < a.longestWait()):
		h.Reason = BackBeforeElection
	}
}

// replicasOf are the nodes that belonged to a failover's shard when it began, beside its
// primary.
func (a *Analysis) replicasOf(f results.Failover) []string {
	var list []string
	for _, s := range a.Run.Shards {
		for _, n := range s.Nodes {
			if n != f.From && a.ShardAt(n, f.Injected) == f.Shard {
				list = append(list, n)
			}
		}
	}
	return list
}

// Heirs are the replicas that could take over from a node at a moment: they were up, and
// cluster-replica-no-failover did not forbid it.
func (a *Analysis) Heirs(node string, at results.Duration) []string {
	shard := a.ShardAt(node, at)
	var list []string
	for _, s := range a.Run.Shards {
		for _, n := range s.Nodes {
			if n != node && a.ShardAt(n, at) == shard && a.downTime(n, at, at+1) == 0 && !a.forbidden([]string{n}, at) {
				list = append(list, n)
			}
		}
	}
	return list
}

// back is when the primary of a failover answered again; 0 if it was not seen to.
func (a *Analysis) back(f results.Failover, events []results.Event, end results.Duration) results.Duration {
	e := First(events, func(e results.Event) bool {
		return e.Node == f.From && (e.Kind == results.EventNodeReady || e.Kind == results.EventReachable)
	})
	switch {
	case e != nil:
		return e.Offset
	case f.Complete && f.Server > 0:
		return end
	case f.Complete:
		// It served on, so nothing showed when it was back: when the fault was over.
		return a.releasedOf(f)
	}
	return 0
}

// releasedOf is when the fault of a failover was over; 0 if it was not.
func (a *Analysis) releasedOf(f results.Failover) results.Duration {
	if i := slices.IndexFunc(a.Run.Faults, func(g results.Fault) bool { return g.Name == f.Fault }); i >= 0 {
		return a.Run.Faults[i].Released
	}
	return 0
}

// primariesDown counts the shards whose primary was down during most of the time from the
// injection of a fault to end. That of the failover itself counts.
func (a *Analysis) primariesDown(f results.Failover, end results.Duration) (down, all int) {
	for _, s := range a.Run.Shards {
		all++
		if s.Index == f.Shard || 2*a.downTime(a.OwnerAt(s.Index, f.Injected), f.Injected, end) > end-f.Injected {
			down++
		}
	}
	return down, all
}

// upLong are the nodes that were up between from and to for as long as the fixed wait
// before an election.
func (a *Analysis) upLong(nodes []string, from, to results.Duration) []string {
	var list []string
	for _, n := range nodes {
		if to-from-a.downTime(n, from, to) >= min(results.DurationOf(a.rule().fixed(a.NodeTimeoutAt(from))), to-from) && to > from {
			list = append(list, n)
		}
	}
	return list
}

// downTime is how long between from and to a node was down: its process had ended, it did
// not answer polls, or most of the other nodes suspected it.
func (a *Analysis) downTime(node string, from, to results.Duration) results.Duration {
	var spans []span
	since := map[bool]results.Duration{} // by whether others suspected it
	turn := func(suspected, down bool, at results.Duration) {
		begun, was := since[suspected]
		switch {
		case down && !was:
			since[suspected] = at
		case !down && was:
			spans = append(spans, span{begun, at})
			delete(since, suspected)
		}
	}
	by := map[string]bool{}
	for _, e := range a.Events {
		switch {
		case e.Node == node && (e.Kind == results.EventNodeExit || e.Kind == results.EventUnreachable):
			turn(false, true, e.Offset)
		case e.Node == node && (e.Kind == results.EventNodeReady || e.Kind == results.EventReachable):
			turn(false, false, e.Offset)
		case e.About == node && (e.Kind == results.EventPFail || e.Kind == results.EventFail):
			by[e.Node] = true
			turn(true, 2*len(by) > len(a.Run.Nodes)-1, e.Offset)
		case e.About == node && e.Kind == results.EventFailClear:
			delete(by, e.Node)
			turn(true, 2*len(by) > len(a.Run.Nodes)-1, e.Offset)
		}
	}
	for _, begun := range since {
		spans = append(spans, span{begun, to})
	}
	return covered(spans, from, to)
}

// span is a stretch of time.
type span struct{ from, to results.Duration }

// covered is how much of the time from from to to lies in one of the spans.
func covered(spans []span, from, to results.Duration) results.Duration {
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.from, y.from) })
	var sum results.Duration
	at := from
	for _, s := range spans {
		if begin, end := max(s.from, at), min(s.to, to); end > begin {
			sum += end - begin
			at = end
		}
	}
	return sum
}
