package seek

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
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Recall answers from steps that were taken before, as long as they are those
// that are asked for, and then tries; keep is called with each new step.
func Recall[S any](known []S, read Read[S], try Try[S], keep func(S) error) Try[S] {
	return func(ctx context.Context, value float64) (S, error) {
		if len(known) > 0 {
			step := known[0]
			if at, _ := read(step); at == value {
				known = known[1:]
				return step, nil
			}
		}
		known = nil
		step, err := try(ctx, value)
		if err == nil && keep != nil {
			err = keep(step)
		}
		return step, err
	}
}

// State is an unfinished search on disk.
type State[S any] struct {
	path string
	// Digest stands for the scenario and the plan: others begin anew.
	Digest string `json:"digest"`
	// Steps by what is searched.
	Steps map[string][]S `json:"steps"`
}

// Resume reads the unfinished search of a verb for s under root, or begins one.
func Resume[S any](root, verb string, s *scenarios.Scenario, plan any) (*State[S], error) {
	raw, err := json.Marshal([]any{s, plan})
	if err != nil {
		return nil, fmt.Errorf("the search's state: %w", err)
	}
	st := &State[S]{path: filepath.Join(root, verb+"-"+s.Metadata.Name+".json"), Digest: fmt.Sprintf("%x", sha256.Sum256(raw)), Steps: map[string][]S{}}
	text, err := bounded.ReadFile(context.Background(), st.path, bounded.Bound{What: "the state of a search", Bytes: 64 << 20})
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the search's state: %w", err)
	}
	var old State[S]
	if json.Unmarshal(text, &old) == nil && old.Digest == st.Digest {
		st.Steps = old.Steps
	}
	return st, nil
}

// Resumed is the number of steps that were taken before.
func (s *State[S]) Resumed() int {
	n := 0
	for _, list := range s.Steps {
		n += len(list)
	}
	return n
}

// Keep adds a step.
func (s *State[S]) Keep(key string, step S) error {
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
func (s *State[S]) Done() error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the search's state: %w", err)
	}
	return nil
}
