package facts

import (
	"cmp"
	"maps"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Tenure is a stretch of offsets in which one node served slots. Of the nodes that claim
// a slot, the one with the highest config epoch serves it: a primary that was cut off may
// still take writes, and serves nothing.
type Tenure struct {
	Node  string
	Slots results.Slots
	// Shard is the one that most of Slots belong to.
	Shard int
	// To is the end of the run for a tenure that did not end.
	From, To results.Duration
	// Epoch is the config epoch; 0 if nothing showed it.
	Epoch int64
	// Source is what showed its beginning: "start" (it served when the run began),
	// "poll", "log", "probe" or "ledger".
	Source string
}

// claim is a node that says, or shows, that it serves slots.
type claim struct {
	sighting
	slots results.Slots
	// epoch is 0 where nothing showed it.
	epoch int64
}

// change is slots that went from one node to another.
type change struct {
	claim
	from string
	// whole: they are all that the old owner served. served: the new one served others
	// already.
	whole, served bool
}

// ownership follows who serves what.
type ownership struct {
	places
	proofs  []proof
	open    []Tenure
	closed  []Tenure
	changes []change
	// claims are what each node says that it serves.
	claims map[string]results.Slots
	// deposed are the slots of each node's claims that another one has taken over since: a
	// node that ended before it heard of that withdraws no claim.
	deposed map[string]results.Slots
	// follows are, by node, whom it replicated from when on.
	follows map[string][]followed
	// heard are nodes that have said what they serve or whom they follow, and sure
	// those that have said that they serve something.
	heard, sure map[string]bool
	// polled: the bundle has what nodes say that they serve. Older bundles have only
	// that a node is a primary.
	polled bool
	// election is the epoch of each node's last election.
	election map[string]int64
}

// followed is a node's primary from an offset on.
type followed struct {
	from    results.Duration
	primary string
}

// own follows all claims from the start of the run to its end, and then once more with
// those that only answers to writes show.
func own(b *results.Bundle, p places) *ownership {
	proofs := readProofs(b)
	events := slices.Clone(b.Events)
	slices.SortStableFunc(events, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	o := follow(p, proofs, events, nil)
	if inferred := o.inferred(); len(inferred) > 0 {
		o = follow(p, proofs, events, inferred)
	}
	slices.SortStableFunc(o.changes, func(x, y change) int { return cmp.Compare(x.at, y.at) })
	return o
}

// follow takes events, which are in order, and claims that are not in them.
func follow(p places, proofs []proof, events []results.Event, inferred []claim) *ownership {
	o := &ownership{
		places: p, proofs: proofs,
		claims: map[string]results.Slots{}, deposed: map[string]results.Slots{}, follows: map[string][]followed{}, heard: map[string]bool{}, sure: map[string]bool{}, election: map[string]int64{},
		polled: slices.ContainsFunc(events, func(e results.Event) bool { return e.Kind == results.EventSlotsGained }),
	}
	for _, s := range p.shards {
		if slots := p.firstOf(s); s.Primary != "" && len(slots) > 0 {
			o.open = append(o.open, Tenure{Node: s.Primary, Slots: slots, Shard: s.Index, Source: "start"})
			o.claims[s.Primary] = o.claims[s.Primary].Plus(slots)
		}
		for _, n := range s.Nodes {
			if n != s.Primary {
				o.follows[n] = []followed{{0, s.Primary}}
			}
		}
	}
	for i := range events {
		for len(inferred) > 0 && inferred[0].at <= events[i].Offset {
			o.claim(inferred[0])
			inferred = inferred[1:]
		}
		o.event(events, i)
	}
	for _, c := range inferred {
		o.claim(c)
	}
	return o
}

// event takes one of the events for what it says of slots.
func (o *ownership) event(events []results.Event, i int) {
	e := &events[i]
	switch e.Kind {
	case results.EventFollows:
		o.follows[e.Node] = append(o.follows[e.Node], followed{e.Offset, e.About})
		o.heard[e.Node] = true
	case results.EventElectionStart:
		o.election[e.Node] = e.Epoch
	case results.EventElectionWon, results.EventPromoted:
		// A node is a primary before it serves anything: where it says later what it
		// serves, that counts.
		if !o.polled || e.Kind == results.EventElectionWon && !saysMore(events[i+1:], e.Node) {
			o.claim(claim{*sight(e), o.standsFor(e.Node, e.Offset), cmp.Or(e.Epoch, o.election[e.Node])})
		}
	case results.EventSlotsGained:
		c := claim{*sight(e), e.Slots, e.Epoch}
		if won := wonBefore(events, e); won != nil {
			c.sighting = *won
		}
		o.correct(c)
		o.heard[e.Node], o.sure[e.Node] = true, true
		o.claim(c)
	case results.EventSlotsLost:
		o.lose(e)
	case results.EventEpoch:
		for i := range o.open {
			if o.open[i].Node == e.Node {
				o.open[i].Epoch = e.Epoch
			}
		}
	}
}

// saysMore reports whether the next thing that a node says of its role is what it serves.
func saysMore(events []results.Event, node string) bool {
	next := First(events, func(e results.Event) bool {
		return e.Node == node && (e.Kind == results.EventSlotsGained || e.Kind == results.EventFollows)
	})
	return next != nil && next.Kind == results.EventSlotsGained
}

// logSlack is how far the clock of a log may differ from that of the run.
const logSlack = results.Duration(1e9)

// wonBefore is the election that gave a node its slots, which its log dates better than
// a poll; nil if there was none. One long before counts if the slots are the first that the
// node was seen to gain since, with the epoch of that election: until then it did not answer.
func wonBefore(events []results.Event, gained *results.Event) *sighting {
	var won *sighting
	epoch := int64(0)
	for i := range events {
		e := &events[i]
		near := e.Offset >= gained.Offset-gained.Uncertainty-logSlack
		switch {
		case e.Node != gained.Node || e.Offset > gained.Offset+logSlack:
		case e.Kind == results.EventElectionStart:
			epoch = e.Epoch
		case e.Kind == results.EventElectionWon && (near || epoch > 0 && epoch == gained.Epoch):
			won = sight(e)
		case e.Kind == results.EventSlotsGained && e != gained && !near:
			won = nil
		}
	}
	return won
}

// correct takes the first word of a node about slots whose owner is only assumed: it
// served them all along.
func (o *ownership) correct(c claim) {
	if o.heard[c.node] {
		return
	}
	for i, t := range o.open {
		if both := t.Slots.And(c.slots); t.Source == "start" && !o.sure[t.Node] && t.Node != c.node && len(both) > 0 {
			o.open[i].Slots = t.Slots.Minus(both)
			o.claims[t.Node] = o.claims[t.Node].Minus(both)
			o.open = append(o.open, Tenure{Node: c.node, Slots: both, Shard: t.Shard, Epoch: c.epoch, Source: "start"})
		}
	}
	o.tidy()
}

// tidy drops tenures without slots.
func (o *ownership) tidy() {
	o.open = slices.DeleteFunc(o.open, func(t Tenure) bool { return len(t.Slots) == 0 })
}

// claim gives slots to a node, but for those whose owner claims them with a higher epoch.
func (o *ownership) claim(c claim) {
	if c.node == "" || len(c.slots) == 0 {
		return
	}
	o.claims[c.node] = o.claims[c.node].Plus(c.slots)
	o.deposed[c.node] = o.deposed[c.node].Minus(c.slots)
	served := len(o.serving(c.node)) > 0
	taken := c.slots
	var changes []change
	for i := range o.open {
		t := &o.open[i]
		both := t.Slots.And(c.slots)
		if len(both) == 0 {
			continue
		}
		if t.Node == c.node {
			t.Epoch = cmp.Or(c.epoch, t.Epoch)
			taken = taken.Minus(both)
			continue
		}
		if kept := both.And(o.claims[t.Node]); c.epoch > 0 && c.epoch < t.Epoch && len(kept) > 0 {
			taken, both = taken.Minus(kept), both.Minus(kept)
		}
		if len(both) == 0 {
			continue
		}
		if i := slices.IndexFunc(changes, func(ch change) bool { return ch.from == t.Node }); i >= 0 {
			changes[i].slots = changes[i].slots.Plus(both)
		} else {
			changes = append(changes, change{claim: claim{c.sighting, both, c.epoch}, from: t.Node, served: served})
		}
		old := *t
		old.Slots, old.To = both, c.at
		o.closed = append(o.closed, old)
	}
	for n, ch := range changes {
		changes[n].whole = ch.slots.Count() == o.serving(ch.from).Count()
		o.deposed[ch.from] = o.deposed[ch.from].Plus(ch.slots)
		for i := range o.open {
			if o.open[i].Node == ch.from {
				o.open[i].Slots = o.open[i].Slots.Minus(ch.slots)
			}
		}
	}
	o.changes = append(o.changes, changes...)
	o.tidy()
	if len(taken) > 0 {
		o.open = append(o.open, Tenure{Node: c.node, Slots: taken, Shard: o.shardWith(taken), From: c.at, Epoch: c.epoch, Source: c.source})
	}
}

// lose takes away what a node no longer claims, if another one claims it. Slots that no
// node claims stay with the last owner until one does.
func (o *ownership) lose(e *results.Event) {
	o.claims[e.Node] = o.claims[e.Node].Minus(e.Slots)
	for _, node := range slices.Sorted(maps.Keys(o.claims)) {
		if both := o.claims[node].Minus(o.deposed[node]).And(e.Slots).And(o.serving(e.Node)); node != e.Node && len(both) > 0 {
			s := *sight(e)
			s.node = node
			o.claim(claim{s, both, 0})
		}
	}
}

// serving are the slots that a node serves now.
func (o *ownership) serving(node string) results.Slots {
	var all results.Slots
	for _, t := range o.open {
		if t.Node == node {
			all = all.Plus(t.Slots)
		}
	}
	return all
}

// standsFor are the slots that a replica takes over when it is promoted: those of its
// primary or, in an older bundle, those of the shard that it next took a write of, or
// belonged to.
func (o *ownership) standsFor(node string, at results.Duration) results.Slots {
	if served := o.serving(node); len(served) > 0 {
		return served // its promotion is known
	}
	if o.polled {
		primary, _ := o.primaryOf(node, at)
		return o.serving(primary)
	}
	for _, p := range o.proofs {
		if p.node == node && p.at >= at {
			return o.slotsOf(p.shard)
		}
	}
	return o.slotsOf(o.deployed(node))
}

// primaryOf is whom a node followed last, and since when; empty if it is not known.
func (o *ownership) primaryOf(node string, at results.Duration) (primary string, since results.Duration) {
	for _, f := range o.follows[node] {
		if f.from <= at {
			primary, since = f.primary, f.from
		}
	}
	return primary, since
}

// all are all tenures, those that did not end without an end.
func (o *ownership) all() []Tenure { return slices.Concat(o.closed, o.open) }

// holds reports whether a moment lies in the tenure.
func (t Tenure) holds(at results.Duration) bool {
	return t.From <= at && (t.To == 0 || at < t.To)
}

// besideLag is how long after a node's first write of a shard its old owner must be
// silent: where both take writes, slots move, or one of them is cut off.
const besideLag = results.Duration(1e9)

// inferred are owners that only their answers show: nodes that took writes of a shard
// that they never owned by other evidence.
func (o *ownership) inferred() []claim {
	var list []claim
	all := slices.Concat(o.closed, o.open)
	for i, p := range o.proofs {
		slots := o.slotsOf(p.shard)
		owned := slices.ContainsFunc(all, func(t Tenure) bool { return t.Node == p.node && len(t.Slots.And(slots)) > 0 })
		known := slices.ContainsFunc(list, func(c claim) bool { return c.node == p.node && len(c.slots.And(slots)) > 0 })
		if len(slots) > 0 && !owned && !known && !besideAnother(o.proofs[i:]) {
			list = append(list, claim{p.sighting, slots, 0})
		}
	}
	return list
}

// besideAnother reports whether another node took writes of the shard of the first proof
// soon after it.
func besideAnother(list []proof) bool {
	for _, p := range list[1:] {
		if p.at > list[0].at+besideLag {
			return false
		}
		if p.shard == list[0].shard && p.node != list[0].node {
			return true
		}
	}
	return false
}
