package workload

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Gap is a stretch between two good writes to a shard.
type Gap struct {
	Shard int `json:"shard"`
	// From is the completion of the good write before it, or 0 with First; To
	// that of the good write after it, or with Open the end of observation.
	From  results.Duration `json:"fromMs"`
	To    results.Duration `json:"toMs"`
	First bool             `json:"first,omitempty"`
	Open  bool             `json:"open,omitempty"`
	// Bad counts the writes that went wrong meanwhile, of which FirstBad was
	// answered first, and LastSent sent last.
	Bad      int              `json:"bad,omitempty"`
	FirstBad results.Duration `json:"firstBadMs,omitempty"`
	LastSent results.Duration `json:"lastSentMs,omitempty"`
	Errors   map[string]int   `json:"errors,omitempty"`
	// Node took the good write after it.
	Node string `json:"node,omitempty"`
}

// Gaps are what was seen since the last ones were told.
type Gaps struct {
	// List is in order of the ends.
	List []Gap `json:"list,omitempty"`
	// Good are the last good writes, by shard: no gap that is still to come
	// begins before.
	Good []results.Duration `json:"good"`
	// Last tells that nothing comes after.
	Last bool `json:"last,omitempty"`
}

// watch follows the good and bad writes of every shard and keeps the gaps.
type watch struct {
	// least is how long a gap must be to be kept.
	least time.Duration

	mu     sync.Mutex
	shards []shardWatch
	list   []Gap
}

type shardWatch struct {
	lastGood results.Duration
	node     string // that took it
	started  bool
	now      Gap // what went wrong since lastGood
}

func newWatch(shards int, least time.Duration) *watch {
	return &watch{least: least, shards: make([]shardWatch, shards)}
}

// good notes that a shard accepted a write; done is when the reply came.
func (w *watch) good(shard int, done results.Duration, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.shards[shard]
	if s.started && done < s.lastGood {
		return // it overtook another on the way here
	}
	w.close(shard, done, node, false)
	s.started, s.lastGood, s.node, s.now = true, done, node, Gap{}
}

// close keeps the stretch since the last good write, if it is long enough.
func (w *watch) close(shard int, at results.Duration, node string, open bool) {
	s := &w.shards[shard]
	g := s.now
	g.Shard, g.From, g.To, g.First, g.Open, g.Node = shard, s.lastGood, at, !s.started, open, node
	if g.First || g.Open || (g.To-g.From).Std() >= w.least {
		w.list = append(w.list, g)
	}
}

// bad notes a write that went wrong, sent and answered at these offsets. Where it
// is known which node it went to, it tells of the shard only if that node is the
// one that serves it: that a replica is away is no outage.
func (w *watch) bad(shard int, sent, done results.Duration, class, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.shards[shard]
	if s.started && node != "" && node != s.node {
		return
	}
	g := &s.now
	if g.Bad == 0 {
		g.FirstBad, g.Errors = done, map[string]int{}
	}
	g.LastSent = max(g.LastSent, sent)
	g.Bad++
	g.Errors[class]++
}

// take gives the gaps since the last call.
func (w *watch) take() Gaps {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := Gaps{List: w.list, Good: make([]results.Duration, len(w.shards))}
	for i, s := range w.shards {
		g.Good[i] = s.lastGood
	}
	w.list = nil
	return g
}

// end gives the last gaps: those that are open at the end of observation too.
func (w *watch) end(at results.Duration) Gaps {
	w.mu.Lock()
	for shard := range w.shards {
		w.close(shard, max(at, w.shards[shard].lastGood), "", true)
	}
	w.mu.Unlock()
	g := w.take()
	g.Last = true
	return g
}

// common gives the gaps that several generators have in common: the stretches in
// which a shard took no good write from any of them. It keeps what later gaps of
// slower generators may still meet, and no more.
type common struct {
	// sources are the generators, by shard.
	sources [][]source
}

type source struct {
	gaps []Gap
	good results.Duration
	last bool
}

func newCommon(generators, shards int) *common {
	c := &common{sources: make([][]source, shards)}
	for i := range c.sources {
		c.sources[i] = make([]source, generators)
	}
	return c
}

// add takes what a generator saw, and gives the gaps in common that are complete
// with it, by shard and in order.
func (c *common) add(generator int, g Gaps) []Gap {
	for shard, list := range c.sources {
		list[generator].good, list[generator].last = g.Good[shard], g.Last
	}
	for _, one := range g.List {
		s := &c.sources[one.Shard][generator]
		s.gaps = append(s.gaps, one)
	}
	var out []Gap
	for _, list := range c.sources {
		for {
			g, meet, ok := sweep(list)
			if !ok {
				break
			}
			if meet {
				out = append(out, g)
			}
		}
	}
	return out
}

// sweep takes the head that ends first off its queue and, if all generators have
// one, gives the stretch that the heads share. It is not ok if a gap that is
// still to come may meet the heads.
func sweep(list []source) (g Gap, meet, ok bool) {
	var end, past results.Duration
	heads, ended := 0, false
	for _, s := range list {
		if len(s.gaps) == 0 {
			past, ended = max(past, s.good), ended || s.last
			continue
		}
		if heads++; heads == 1 || s.gaps[0].To < end {
			end = s.gaps[0].To
		}
	}
	meet = heads == len(list)
	if heads == 0 || !meet && !ended && end > past {
		return Gap{}, false, false
	}
	if meet {
		g = shared(list, end)
		meet = g.To > g.From
	}
	for i, s := range list {
		if len(s.gaps) > 0 && s.gaps[0].To == end {
			list[i].gaps = s.gaps[1:]
		}
	}
	return g, meet, true
}

// shared is what the heads of all queues have in common, up to the end of the
// first to end.
func shared(list []source, end results.Duration) Gap {
	g := Gap{To: end, First: true, Open: true}
	for _, s := range list {
		h := s.gaps[0]
		g.Shard, g.From, g.First = h.Shard, max(g.From, h.From), g.First && h.First
		if h.To == end {
			g.Open = g.Open && h.Open
			if h.Node != "" {
				g.Node = h.Node
			}
		}
	}
	for _, s := range list {
		h := s.gaps[0]
		// What went wrong outside of the common stretch belongs to no outage.
		if h.Bad == 0 || h.FirstBad > g.To || h.LastSent < g.From && h.FirstBad < g.From {
			continue
		}
		if g.Bad == 0 {
			g.FirstBad, g.Errors = h.FirstBad, map[string]int{}
		}
		g.Bad += h.Bad
		g.FirstBad, g.LastSent = min(g.FirstBad, h.FirstBad), max(g.LastSent, h.LastSent)
		for class, n := range h.Errors {
			g.Errors[class] += n
		}
	}
	return g
}

// rule tells when a gap is an outage.
type rule struct {
	// failing is how long good writes must have been missing when others went
	// wrong meanwhile; silent when nothing did, as when every
	// request hangs.
	failing, silent time.Duration
	// merge is how long a shard must have been good for two outages to be two.
	merge time.Duration
}

// clientRule is for an application client at any rate: one failed request among
// good ones is an error, not an outage.
var clientRule = rule{failing: 100 * time.Millisecond, silent: time.Second, merge: 100 * time.Millisecond}

// outages judges gaps.
type outages struct {
	rule   rule
	common *common
	list   []results.Outage
	last   map[int]int // index of a shard's last outage
}

func newOutages(r rule, generators, shards int) *outages {
	return &outages{rule: r, common: newCommon(generators, shards), last: map[int]int{}}
}

// add takes what a generator saw.
func (o *outages) add(generator int, g Gaps) {
	for _, one := range o.common.add(generator, g) {
		o.judge(one)
	}
}

func (o *outages) judge(g Gap) {
	if g.First && g.Open && g.Bad > 0 {
		// No write was ever good: the shard was down from the first one that was due.
		g.From, g.First = min(g.FirstBad, g.To), false
	}
	length := (g.To - g.From).Std()
	failing := g.Bad > 0 && length >= o.rule.failing
	switch {
	case g.First, g.Open && g.Bad == 0, !failing && length < o.rule.silent:
		return
	}
	uncertainty := length
	if g.Bad > 0 {
		uncertainty = max(g.FirstBad-g.From, g.To-max(g.LastSent, g.From)).Std()
	}
	if i, ok := o.last[g.Shard]; ok && (g.From-o.list[i].To).Std() < o.rule.merge {
		one := &o.list[i]
		one.To, one.Node, one.Open = g.To, g.Node, g.Open
		one.Uncertainty = max(one.Uncertainty, results.DurationOf(uncertainty))
		for class, n := range g.Errors {
			one.Errors[class] += n
		}
		return
	}
	errors := map[string]int{}
	maps.Copy(errors, g.Errors)
	o.last[g.Shard] = len(o.list)
	o.list = append(o.list, results.Outage{Shard: g.Shard, From: g.From, To: g.To, Open: g.Open, Uncertainty: results.DurationOf(uncertainty), Errors: errors, Node: g.Node})
}

// ordered are all outages so far, in order of their starts.
func (o *outages) ordered() []results.Outage {
	list := slices.Clone(o.list)
	slices.SortStableFunc(list, func(a, b results.Outage) int { return int(a.From - b.From) })
	return list
}
