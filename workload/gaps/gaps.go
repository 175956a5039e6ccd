// Package gaps finds the outages of shards from good writes alone: a gap is a
// stretch without one.
//
//	good and bad writes ─▶ Watch ─▶ Gaps ─▶ those of all generators in common ─▶ Outages
package gaps

import "github.com/slotstorm/slotstorm/results"

// Gap is a stretch between two good writes to a shard.
type Gap struct {
	Shard int `json:"shard"`
	// From is the completion of the good write before it, or 0 with First; To
	// that of the good write after it, or with Open the end of observation.
	From  results.Duration `json:"fromMs"`
	To    results.Duration `json:"toMs"`
	First bool             `json:"first,omitempty"`
	Open  bool             `json:"open,omitempty"`
	// Due is when the first write was due, with First; 0 if none was.
	Due results.Duration `json:"dueMs,omitempty"`
	// Bad counts the failed writes in the gap. FirstBad is the first answer to one,
	// LastSent the last send of one.
	Bad      int              `json:"bad,omitempty"`
	FirstBad results.Duration `json:"firstBadMs,omitempty"`
	LastSent results.Duration `json:"lastSentMs,omitempty"`
	Errors   map[string]int   `json:"errors,omitempty"`
	// Refusals are answers of nodes to failed writes.
	Refusals []results.Refusal `json:"refusals,omitempty"`
	// Node took the good write after it. If another node took the one before, Tried is when
	// the last write was sent to Node that it did not take: From at the earliest.
	Node  string           `json:"node,omitempty"`
	Tried results.Duration `json:"triedMs,omitempty"`
}

// Gaps are the observations since the last ones were taken.
type Gaps struct {
	// List is in order of the ends.
	List []Gap `json:"list,omitempty"`
	// Good are the last good writes, by shard: no gap that is still to come
	// begins before.
	Good []results.Duration `json:"good"`
	// Last is set in the last Gaps of a generator.
	Last bool `json:"last,omitempty"`
}

// View is the gaps that a generator saw since its last View.
type View struct {
	// Client is seen by the client under load, Probe by the probes; nil without
	// them.
	Client *Gaps `json:"client,omitempty"`
	Probe  *Gaps `json:"probe,omitempty"`
}
