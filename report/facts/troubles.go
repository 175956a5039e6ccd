package facts

import (
	"cmp"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Abandoned is a CLUSTER FAILOVER that a replica accepted and gave up.
type Abandoned struct {
	Node  string
	Shard int
	Mode  results.Mode
	// Accepted and GaveUp count from the start of the run.
	Accepted, GaveUp results.Duration
	// Elections is how many it started, and Down how many of Primaries were down during
	// most of the time.
	Elections       int
	Down, Primaries int
	// Unlinked is for how long it had not followed its primary when it accepted; 0 if it
	// did.
	Unlinked results.Duration
}

// Abandoned are all of them, in order. One that the log shows accepted but not given up is
// none: it succeeded, or the log ends before.
func (a *Analysis) Abandoned() []Abandoned {
	var list []Abandoned
	for i, e := range a.Events {
		if e.Kind != results.EventAsked {
			continue
		}
		one := Abandoned{Node: e.Node, Shard: a.ShardAt(e.Node, e.Offset), Mode: e.Mode, Accepted: e.Offset}
		one.GaveUp, one.Elections = gaveUp(a.Events[i+1:], e)
		if one.GaveUp == 0 {
			continue
		}
		for _, s := range a.Run.Shards {
			one.Primaries++
			if 2*a.downTime(a.OwnerAt(s.Index, one.Accepted), one.Accepted, one.GaveUp) > one.GaveUp-one.Accepted {
				one.Down++
			}
		}
		if since, _ := a.OutOfSync(e.Node, e.Offset); since > 0 {
			one.Unlinked = e.Offset - since
		}
		list = append(list, one)
	}
	return list
}

// gaveUp is when a node gave up the CLUSTER FAILOVER that it had accepted, and how many
// elections it started until then; 0 if it won, was asked again, or ended.
func gaveUp(events []results.Event, accepted results.Event) (at results.Duration, elections int) {
	for _, e := range events {
		if e.Node != accepted.Node || e.Offset < accepted.Offset {
			continue
		}
		switch e.Kind {
		case results.EventElectionStart:
			elections++
		case results.EventAskedTimeout:
			return e.Offset, elections
		case results.EventElectionWon, results.EventPromoted, results.EventAsked, results.EventNodeExit:
			return 0, 0
		}
	}
	return 0, 0
}

// Minority reports whether the primaries that were up were no majority.
func (m Abandoned) Minority() bool { return 2*(m.Primaries-m.Down) <= m.Primaries }

// ResyncLoop is a replica that copied all data of its primary again and again, while
// neither of the two was restarted or got another role.
type ResyncLoop struct {
	Node, Primary string
	Shard         int
	// Times it began to copy, from From to To.
	Times    int
	From, To results.Duration
	// Overflows are how often the primary closed the connection of a replica that exceeded
	// its client-output-buffer-limit, and Gaps how often its backlog was too short.
	Overflows, Gaps int
}

// loopLead is how long before the first copy the reason for it may be logged.
const loopLead = time.Second

// loopFrom is how many copies in a row are a loop: one may follow a broken connection, and
// another one an accident.
const loopFrom = 3

// ShortBacklog is a replica that copied all data of its primary, because the primary no
// longer had what it had missed.
type ShortBacklog struct {
	Node, Primary string
	// Refused is when the primary said so, and Synced when the replica was in sync again; 0
	// if it was not. Unlinked is for how long it had been without its primary; 0 if that was
	// not seen.
	Refused, Synced, Unlinked results.Duration
}

// copyLag is how long after its primary's refusal a replica may log that it copies all data.
const copyLag = 2 * time.Second

// ShortBacklogs are those of the load that are not part of a loop.
func (a *Analysis) ShortBacklogs() []ShortBacklog {
	var list []ShortBacklog
	loops := a.ResyncLoops()
	for _, e := range a.Between(a.Run.LoadStart, a.Run.End) {
		if e.Kind != results.EventNoBacklog {
			continue
		}
		copied := First(a.Between(e.Offset-logSlack, e.Offset+results.DurationOf(copyLag)), func(v results.Event) bool {
			return v.Kind == results.EventFullSync && v.Node != e.Node && a.InShard(v, a.ShardAt(e.Node, e.Offset)) &&
				!slices.ContainsFunc(list, func(b ShortBacklog) bool {
					return b.Node == v.Node && b.Refused >= v.Offset-results.DurationOf(copyLag)
				})
		})
		if copied == nil || slices.ContainsFunc(loops, func(l ResyncLoop) bool {
			return l.Node == copied.Node && l.From <= copied.Offset && copied.Offset <= l.To
		}) {
			continue
		}
		one := ShortBacklog{Node: copied.Node, Primary: e.Node, Refused: e.Offset}
		if since, started := a.OutOfSync(copied.Node, e.Offset); since > 0 && !started {
			one.Unlinked = e.Offset - since
		}
		if up := First(a.Between(e.Offset, a.Run.End), func(v results.Event) bool { return v.Kind == results.EventLinkUp && v.Node == copied.Node }); up != nil {
			one.Synced = up.Offset
		}
		list = append(list, one)
	}
	return list
}

// ResyncLoops are those of the load, by the name of the replica.
func (a *Analysis) ResyncLoops() []ResyncLoop {
	open := map[string]ResyncLoop{}
	var list []ResyncLoop
	end := func(node string) {
		if l := open[node]; l.Times >= loopFrom {
			list = append(list, l)
		}
		delete(open, node)
	}
	for _, e := range a.Between(a.Run.LoadStart, a.Run.End) {
		switch e.Kind {
		case results.EventFullSync:
			shard := a.ShardAt(e.Node, e.Offset)
			l, ok := open[e.Node]
			if !ok {
				l = ResyncLoop{Node: e.Node, Primary: a.OwnerAt(shard, e.Offset), Shard: shard, From: e.Offset}
			}
			l.Times, l.To = l.Times+1, e.Offset
			open[e.Node] = l
		case results.EventNodeExit, results.EventPromoted, results.EventDemoted, results.EventFollows:
			for node, l := range open {
				if node == e.Node || l.Primary == e.Node {
					end(node)
				}
			}
		}
	}
	for node := range open {
		end(node)
	}
	for i, l := range list {
		for _, e := range a.Between(l.From-results.DurationOf(loopLead), l.To) {
			switch {
			case e.Node != l.Primary:
			case e.Kind == results.EventOutputLimit:
				list[i].Overflows++
			case e.Kind == results.EventNoBacklog:
				list[i].Gaps++
			}
		}
	}
	slices.SortFunc(list, func(x, y ResyncLoop) int { return cmp.Or(cmp.Compare(x.Node, y.Node), cmp.Compare(x.From, y.From)) })
	return list
}
