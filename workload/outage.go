package workload

import (
	"slices"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// gap tells when the absence of good writes is an outage.
type gap struct {
	// failing is how long good writes must have been missing when others went
	// wrong meanwhile; silent when nothing did, as when every request hangs.
	failing, silent time.Duration
	// merge is how long a shard must have been good for two outages to be two.
	merge time.Duration
}

// clientGap is for an application client at any rate: one failed request among
// good ones is an error, not an outage.
var clientGap = gap{failing: 100 * time.Millisecond, silent: time.Second, merge: 100 * time.Millisecond}

// watch follows the good and bad writes of every shard and keeps the outages.
type watch struct {
	gap gap

	mu      sync.Mutex
	shards  []shardWatch
	outages []results.Outage
}

type shardWatch struct {
	lastGood           results.Millis
	started            bool
	firstBad, lastSent results.Millis // of the bad ones since lastGood
	bad                int
	errors             map[string]int
	last               int // index of the shard's last outage, plus 1
}

func newWatch(shards int, g gap) *watch {
	return &watch{gap: g, shards: make([]shardWatch, shards)}
}

// good notes that a shard accepted a write; done is when the reply came.
func (w *watch) good(shard int, done results.Millis, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.shards[shard]
	if !s.started {
		s.started, s.lastGood = true, done
	}
	if done < s.lastGood {
		return // it overtook another on the way here
	}
	w.close(shard, done, node, false)
	s.lastGood, s.bad, s.errors = done, 0, nil
}

// close ends the stretch since the last good write, and keeps it if it was an
// outage.
func (w *watch) close(shard int, at results.Millis, node string, open bool) {
	s := &w.shards[shard]
	length := (at - s.lastGood).Std()
	if !(s.bad > 0 && length >= w.gap.failing || length >= w.gap.silent) {
		return
	}
	uncertainty := at - s.lastGood
	if s.bad > 0 {
		uncertainty = max(s.firstBad-s.lastGood, at-s.lastSent)
	}
	if i := s.last - 1; i >= 0 && (s.lastGood-w.outages[i].To).Std() < w.gap.merge {
		o := &w.outages[i]
		o.To, o.Node, o.Open = at, node, open
		o.Uncertainty = max(o.Uncertainty, uncertainty)
		for class, n := range s.errors {
			o.Errors[class] += n
		}
		return
	}
	errors := s.errors
	if errors == nil {
		errors = map[string]int{}
	}
	w.outages = append(w.outages, results.Outage{Shard: shard, From: s.lastGood, To: at, Open: open, Uncertainty: uncertainty, Errors: errors, Node: node})
	s.last = len(w.outages)
}

// bad notes a write that went wrong, sent and answered at these offsets.
func (w *watch) bad(shard int, sent, done results.Millis, class string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.shards[shard]
	if !s.started {
		return
	}
	if s.bad == 0 {
		s.firstBad, s.errors = done, map[string]int{}
	}
	s.lastSent = max(s.lastSent, sent)
	s.bad++
	s.errors[class]++
}

// end closes what is still open at the end of observation, and gives all
// outages in order of their starts.
func (w *watch) end(at results.Millis) []results.Outage {
	w.mu.Lock()
	defer w.mu.Unlock()
	for shard := range w.shards {
		s := &w.shards[shard]
		if s.started && s.bad > 0 {
			w.close(shard, at, "", true)
			s.lastGood, s.bad = at, 0
		}
	}
	list := slices.Clone(w.outages)
	slices.SortStableFunc(list, func(a, b results.Outage) int { return int(a.From - b.From) })
	return list
}
