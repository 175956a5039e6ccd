package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// recorder keeps what happens in a run, and shows it.
type recorder struct {
	clock results.Clock
	// bundle is nil for a deployment without a run.
	bundle *results.Writer
	// facts are those of the run so far.
	facts results.Run
	show  display
	// exits are the ends of processes so far, by node; lock guards them.
	lock  sync.Mutex
	exits map[string][]results.Duration
	// away are the stretches in which the load could not reach the cluster.
	away []results.Event
}

// Clock is that of the run.
func (r *recorder) Clock() results.Clock { return r.clock }

// Emit keeps an event. A full disk is reported by Close.
func (r *recorder) Emit(e results.Event) {
	if e.Kind == results.EventNodeExit {
		r.lock.Lock()
		defer r.lock.Unlock()
		if r.exits == nil {
			r.exits = map[string][]results.Duration{}
		}
		r.exits[e.Node] = append(r.exits[e.Node], e.Offset)
	}
	if e.Kind == results.EventLoadAway {
		r.lock.Lock()
		r.away = append(r.away, e)
		r.lock.Unlock()
	}
	if r.bundle != nil {
		_ = r.bundle.Event(e)
	}
}

// dated keeps events that a node has dated by its own clock.
func (r *recorder) dated(node string) results.Emit {
	var least, most results.Duration
	for _, n := range r.facts.Nodes {
		if n.Name == node {
			least, most = n.ClockAhead()
		}
	}
	return func(e results.Event) {
		e.Offset, e.Uncertainty = e.Offset-least, e.Uncertainty+most-least
		r.Emit(e)
	}
}

// awaySlack is how long before its first question without an answer, and after its first answer
// again, the API server may have been away: a question comes every second, and connections by way
// of it are made again.
const awaySlack = results.Duration(5 * time.Second)

// apart are the outages that are the cluster's, and those that began while the load could
// not reach it.
func (r *recorder) apart(outages []results.Outage) (theirs, away []results.Outage) {
	r.lock.Lock()
	defer r.lock.Unlock()
	theirs = []results.Outage{}
	for _, o := range outages {
		if slices.ContainsFunc(r.away, func(e results.Event) bool {
			return e.Offset-awaySlack <= o.From && o.From <= e.Offset+e.Lasted+awaySlack
		}) {
			away = append(away, o)
		} else {
			theirs = append(theirs, o)
		}
	}
	return theirs, away
}

// ended reports whether the end of a node's process was seen in a stretch of time.
func (r *recorder) ended(node string, from, to results.Duration) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	return slices.ContainsFunc(r.exits[node], func(at results.Duration) bool { return from <= at && at <= to })
}

// Journal keeps an entry of the journal before its step acts.
func (r *recorder) Journal(e results.JournalEntry) error {
	if r.bundle == nil {
		return nil
	}
	return r.bundle.Journal(e)
}

// Note keeps a message, and shows it.
func (r *recorder) Note(message string) {
	r.Emit(results.Event{Offset: r.clock.Now(), Kind: results.EventNote, Source: "runner", Message: message})
	r.show.message(message)
}

// Show shows a message.
func (r *recorder) Show(message string) { r.show.message(message) }

// Stage keeps the beginning of a stage, and shows it.
func (r *recorder) Stage(name string) {
	r.Emit(results.Event{Offset: r.clock.Now(), Kind: results.EventStage, Source: "runner", Stage: name, Message: name})
	r.show.stage(name, "")
}

// scenario keeps the scenario as it was resolved.
func (r *recorder) scenario(s *scenarios.Scenario) error {
	y, err := s.YAML()
	if err != nil {
		return err
	}
	if err := results.WriteFile(r.bundle.Path(results.ScenarioFile), y); err != nil {
		return err
	}
	if r.facts.Scenario, err = json.Marshal(s); err != nil {
		return fmt.Errorf("writing the scenario: %w", err)
	}
	return nil
}
