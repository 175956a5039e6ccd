package capacity

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Recall answers from steps that were taken before, as long as they are those
// that are asked for, and then tries; keep is called with each new step.
func Recall(known []compare.CapacityStep, try Try, keep func(compare.CapacityStep) error) Try {
	return func(ctx context.Context, rate float64) (compare.CapacityStep, error) {
		if len(known) > 0 && known[0].Rate == rate {
			step := known[0]
			known = known[1:]
			return step, nil
		}
		known = nil
		step, err := try(ctx, rate)
		if err == nil && keep != nil {
			err = keep(step)
		}
		return step, err
	}
}

// State is an unfinished search on disk.
type State struct {
	path string
	// Digest stands for the scenario and the plan: others begin anew.
	Digest string `json:"digest"`
	// Steps by what is searched.
	Steps map[string][]compare.CapacityStep `json:"steps"`
}

// Open reads the unfinished search for s under root, or begins one.
func Open(root string, s *scenarios.Scenario, plan any) (*State, error) {
	raw, err := json.Marshal([]any{s, plan})
	if err != nil {
		return nil, fmt.Errorf("the search's state: %w", err)
	}
	st := &State{path: filepath.Join(root, "capacity-"+s.Metadata.Name+".json"), Digest: fmt.Sprintf("%x", sha256.Sum256(raw)), Steps: map[string][]compare.CapacityStep{}}
	text, err := bounded.ReadFile(context.Background(), st.path, bounded.Bound{What: "the state of a search", Bytes: 64 << 20})
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the search's state: %w", err)
	}
	var old State
	if json.Unmarshal(text, &old) == nil && old.Digest == st.Digest {
		st.Steps = old.Steps
	}
	return st, nil
}

// Resumed is the number of steps that were taken before.
func (s *State) Resumed() int {
	n := 0
	for _, list := range s.Steps {
		n += len(list)
	}
	return n
}

// Keep adds a step.
func (s *State) Keep(key string, step compare.CapacityStep) error {
	s.Steps[key] = append(s.Steps[key], step)
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("the search's state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return fmt.Errorf("the search's state: %w", err)
	}
	return results.WriteFile(s.path, append(raw, '\n'))
}

// Done forgets the search: it has its answer.
func (s *State) Done() error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the search's state: %w", err)
	}
	return nil
}
