package gaps

import (
	"maps"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Rule says when a gap is an outage.
type Rule struct {
	// Failing is how long good writes must have been missing when others went
	// wrong meanwhile; Silent when nothing did, as when every
	// request hangs.
	Failing, Silent time.Duration
	// Merge is how long a shard must have been good for two outages to be two.
	Merge time.Duration
}

// ClientRule is for an application client at any rate: one failed request among
// good ones is an error, not an outage.
var ClientRule = Rule{Failing: 100 * time.Millisecond, Silent: time.Second, Merge: 100 * time.Millisecond}

// Outages judges gaps.
type Outages struct {
	rule   Rule
	common *common
	list   []results.Outage
	last   map[int]int // index of a shard's last outage
}

// NewOutages judges what so many generators see of so many shards.
func NewOutages(r Rule, generators, shards int) *Outages {
	return &Outages{rule: r, common: newCommon(generators, shards), last: map[int]int{}}
}

// Add takes what a generator saw.
func (o *Outages) Add(generator int, g Gaps) {
	for _, one := range o.common.add(generator, g) {
		o.judge(one)
	}
}

func (o *Outages) judge(g Gap) {
	if g.First {
		// No write was good before: the shard is down from the first one that was due.
		g.From = min(g.Due, g.To)
	}
	length := (g.To - g.From).Std()
	failing := g.Bad > 0 && length >= o.rule.Failing
	switch {
	case g.First && g.Due == 0 && g.Bad == 0, g.Open && g.Bad == 0, !failing && length < o.rule.Silent:
		return
	}
	uncertainty := length
	if g.Bad > 0 {
		// The node that took the write may have served the shard from the last one on that it
		// did not take: over a slow network that is a while ago.
		last := max(g.LastSent, g.From)
		if g.Tried > 0 {
			last = min(last, g.Tried)
		}
		uncertainty = max(g.FirstBad-g.From, g.To-last).Std()
	}
	if i, ok := o.last[g.Shard]; ok && (g.From-o.list[i].To).Std() < o.rule.Merge {
		one := &o.list[i]
		one.To, one.Node, one.Open = g.To, g.Node, g.Open
		one.Uncertainty = max(one.Uncertainty, results.DurationOf(uncertainty))
		for class, n := range g.Errors {
			one.Errors[class] += n
		}
		for _, r := range g.Refusals {
			one.Refusals = results.AddRefusal(one.Refusals, r)
		}
		return
	}
	errors := map[string]int{}
	maps.Copy(errors, g.Errors)
	o.last[g.Shard] = len(o.list)
	o.list = append(o.list, results.Outage{Shard: g.Shard, From: g.From, To: g.To, Open: g.Open, Uncertainty: results.DurationOf(uncertainty), Errors: errors, Refusals: g.Refusals, Node: g.Node})
}

// Ordered are all outages so far, in order of their starts.
func (o *Outages) Ordered() []results.Outage {
	list := slices.Clone(o.list)
	slices.SortStableFunc(list, func(a, b results.Outage) int { return int(a.From - b.From) })
	return list
}
