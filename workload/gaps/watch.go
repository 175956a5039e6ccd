package gaps

import (
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Watch follows the good and bad writes of every shard and keeps the gaps.
type Watch struct {
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
	due      results.Duration // when the first write was due; 0 before
	now      Gap              // what went wrong since lastGood
	// tried is when the last write was sent to each node that it did not take.
	tried map[string]results.Duration
}

// NewWatch follows so many shards.
func NewWatch(shards int, least time.Duration) *Watch {
	return &Watch{least: least, shards: make([]shardWatch, shards)}
}

// Begin notes that writes to every shard are due from an offset on.
func (w *Watch) Begin(at results.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.shards {
		w.shards[i].due = at
	}
}

// Good notes that a shard accepted a write; done is when the reply came.
func (w *Watch) Good(shard int, done results.Duration, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.shards[shard]
	if s.started && done < s.lastGood {
		return // it overtook another on the way here
	}
	w.close(shard, done, node, false)
	s.started, s.lastGood, s.node, s.now = true, done, node, Gap{}
}

// Elsewhere notes that a node sent a write to a shard elsewhere; sent is when the write was
// sent. So it did not serve the shard yet.
func (w *Watch) Elsewhere(shard int, sent results.Duration, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shards[shard].tries(node, sent)
}

// tries notes a write that a node did not take.
func (s *shardWatch) tries(node string, sent results.Duration) {
	if s.tried == nil {
		s.tried = map[string]results.Duration{}
	}
	s.tried[node] = sent
}

// close keeps the stretch since the last good write, if it is long enough.
func (w *Watch) close(shard int, at results.Duration, node string, open bool) {
	s := &w.shards[shard]
	g := s.now
	g.Shard, g.From, g.To, g.First, g.Open, g.Node = shard, s.lastGood, at, !s.started, open, node
	if g.First {
		g.Due = s.due
	}
	if node != "" && node != s.node {
		g.Tried = max(s.tried[node], g.From)
	}
	if g.First || g.Open || (g.To-g.From).Std() >= w.least {
		w.list = append(w.list, g)
	}
}

// servesIt reports whether a node that refuses a write with an error of this class serves
// the shard, as far as it knows: any other one answers MOVED before. Source:
// processCommand in Redis' server.c.
func servesIt(class string) bool {
	switch class {
	case "BUSY", "LOADING", "MISCONF", "NOREPLICAS", "OOM":
		return true
	}
	return false
}

// Bad notes a write that went wrong, sent and answered at these offsets. Where it
// is known which node it went to, it counts against the shard only if that node is
// the one that serves it: an unreachable replica is no outage.
func (w *Watch) Bad(shard int, sent, done results.Duration, class, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.shards[shard]
	g := &s.now
	if node != "" {
		s.tries(node, sent)
	}
	if node != "" && (servesIt(class) || class == "CLUSTERDOWN") {
		g.Refusals = results.AddRefusal(g.Refusals, results.Refusal{Node: node, Class: class, Count: 1, From: done, To: done})
	}
	if s.started && node != "" && node != s.node && !servesIt(class) {
		return
	}
	if !s.started && s.due == 0 {
		s.due = sent
	}
	if g.Bad == 0 {
		g.FirstBad, g.Errors = done, map[string]int{}
	}
	g.LastSent = max(g.LastSent, sent)
	g.Bad++
	g.Errors[class]++
}

// Take gives the gaps since the last call.
func (w *Watch) Take() Gaps {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := Gaps{List: w.list, Good: make([]results.Duration, len(w.shards))}
	for i, s := range w.shards {
		g.Good[i] = s.lastGood
	}
	w.list = nil
	return g
}

// End gives the last gaps: those that are open at the end of observation too.
func (w *Watch) End(at results.Duration) Gaps {
	w.mu.Lock()
	for shard := range w.shards {
		w.close(shard, max(at, w.shards[shard].lastGood), "", true)
	}
	w.mu.Unlock()
	g := w.Take()
	g.Last = true
	return g
}
