package deployer

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// pollsPerSecond bounds the polls of all nodes together, so that watching a big
// cluster does not become a load of its own.
const pollsPerSecond = 300

// slowestPoll is how long an answer is waited for at most before a node counts as
// unreachable.
const slowestPoll = 2 * time.Second

// lastPoll bounds the poll of a node after the end.
const lastPoll = 500 * time.Millisecond

// pollInterval is the distance between two polls of one node, at least least.
func (c *Cluster) pollInterval(least time.Duration) time.Duration {
	every := time.Second * time.Duration(len(c.Nodes)) / pollsPerSecond
	return max(every, 20*time.Millisecond, least)
}

// Watch polls every node's view until ctx ends, and once more then, each node no more often
// than at intervals of least, and emits an event for every change. It returns when all
// polls have ended.
func (c *Cluster) Watch(ctx context.Context, least time.Duration, clock results.Clock, emit results.Emit) {
	every := c.pollInterval(least)
	var wg sync.WaitGroup
	for _, n := range c.Nodes {
		wg.Go(func() { c.watchNode(ctx, n, every, clock, emit) })
	}
	wg.Wait()
}

// watched is what the last poll of a node said.
type watched struct {
	sent      results.Duration
	reachable bool
	seen      bool
	primary   bool
	stateOK   bool
	linkUp    bool
	// slots and epoch are what it says that it serves, as a primary; follows is the
	// cluster id of its primary, as a replica.
	slots   results.Slots
	epoch   int64
	follows string
	failing map[string]string // cluster id → "pfail" or "fail"
	// offset is its replication offset, and grew when that was last seen to have changed.
	offset int64
	grew   results.Duration
}

func (c *Cluster) watchNode(ctx context.Context, n Node, every time.Duration, clock results.Clock, emit results.Emit) {
	cl := c.Client(n, min(max(10*every, 250*time.Millisecond), slowestPoll))
	defer cl.Close()
	t := time.NewTicker(every)
	defer t.Stop()
	last := watched{sent: clock.Now()}
	look := func(ctx context.Context) {
		sent := clock.Now()
		if !c.Present(n.Name) {
			// Its next answer is news.
			last = watched{sent: sent}
			return
		}
		view, err := Ask(ctx, cl)
		if ctx.Err() == nil && c.Present(n.Name) {
			last = c.compare(n, last, poll{sent, clock.Now(), view, err}, emit)
		}
	}
	for ctx.Err() == nil {
		look(ctx)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
	// A run ends once its cluster is whole: that has to be seen here as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPoll)
	defer cancel()
	look(ctx)
}

// poll is one poll of a node: when it was sent and answered, and its answer.
type poll struct {
	sent, got results.Duration
	view      View
	err       error
}

// compare emits what changed from one poll to the next. A change that this poll shows
// happened after the poll before was sent, and before this one was answered.
func (c *Cluster) compare(n Node, last watched, p poll, emit results.Emit) watched {
	shard := n.Shard
	seen := func(e results.Event) {
		e.Offset, e.Uncertainty, e.Source, e.Node, e.Shard = p.got, p.got-last.sent, "poll", n.Name, &shard
		emit(e)
	}
	event := func(kind, message string) { seen(results.Event{Kind: kind, Message: message}) }
	if p.err != nil {
		if last.reachable {
			event(results.EventUnreachable, p.err.Error())
		}
		// The flags that it showed are kept: what it says when it is back is
		// news only where it differs.
		last.sent, last.reachable = p.sent, false
		return last
	}
	now := p.watched()
	if last.seen && now.offset == last.offset {
		now.grew = last.grew
	}
	c.serving(last, now, seen)
	if !last.seen {
		return now
	}
	if !last.reachable {
		event(results.EventReachable, "")
	}
	if now.primary != last.primary {
		e := results.Event{Kind: results.EventDemoted}
		if now.primary {
			e = results.Event{Kind: results.EventPromoted}
			// Nothing shows how its data grew while it answered no polls.
			if last.reachable {
				e.Grew = last.grew
			}
		}
		seen(e)
	}
	if now.stateOK != last.stateOK {
		event(either(now.stateOK, results.EventStateOK, results.EventStateDown), "")
	}
	// A node that was away and is a replica now announces its link even if the
	// last poll before it went had it up: it is a new link.
	if !now.primary && (now.linkUp != last.linkUp || !last.reachable && now.linkUp) {
		e := results.Event{Kind: results.EventLinkUp, Message: fmt.Sprintf("offset %d", p.view.Offset)}
		if !now.linkUp {
			e.Kind, e.Grew = results.EventLinkDown, now.grew
		}
		seen(e)
	}
	for _, about := range c.Nodes {
		was, is := last.failing[about.ID], now.failing[about.ID]
		if was == is {
			continue
		}
		of := about.Shard
		emit(results.Event{Offset: p.got, Uncertainty: p.got - last.sent, Kind: cmp.Or(is, results.EventFailClear), Source: "poll", Node: n.Name, About: about.Name, Shard: &of})
	}
	return now
}

// serving reports what changed in what a node serves, or whom it follows. All of the
// first answer is news.
func (c *Cluster) serving(last, now watched, seen results.Emit) {
	if lost := last.slots.Minus(now.slots); len(lost) > 0 {
		seen(results.Event{Kind: results.EventSlotsLost, Slots: lost})
	}
	if gained := now.slots.Minus(last.slots); len(gained) > 0 {
		seen(results.Event{Kind: results.EventSlotsGained, Slots: gained, Epoch: now.epoch})
	} else if now.epoch != last.epoch && now.epoch > 0 {
		seen(results.Event{Kind: results.EventEpoch, Epoch: now.epoch})
	}
	if now.follows != last.follows && now.follows != "" {
		seen(results.Event{Kind: results.EventFollows, About: c.NameOf(now.follows)})
	}
}

// watched is what the poll showed.
func (p poll) watched() watched {
	v := p.view
	now := watched{sent: p.sent, offset: v.Offset, grew: p.got, reachable: true, seen: true, primary: v.Primary, stateOK: v.StateOK, linkUp: !v.Primary && v.LinkUp, failing: map[string]string{}}
	for _, m := range v.Members {
		if m.Self {
			now.slots, now.follows = m.Slots(), m.PrimaryID
			if m.Primary {
				now.epoch = m.Epoch
			}
		}
		switch {
		case m.Fail:
			now.failing[m.ID] = results.EventFail
		case m.PFail:
			now.failing[m.ID] = results.EventPFail
		}
	}
	return now
}

func either(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}
