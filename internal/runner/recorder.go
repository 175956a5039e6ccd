package runner

import (
	"encoding/json"
	"fmt"

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
}

// Clock is that of the run.
func (r *recorder) Clock() results.Clock { return r.clock }

// Emit keeps an event. A full disk is reported by Close.
func (r *recorder) Emit(e results.Event) {
	if r.bundle != nil {
		_ = r.bundle.Event(e)
	}
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
