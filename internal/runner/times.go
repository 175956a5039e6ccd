package runner

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
	"github.com/slotstorm/slotstorm/workload/schedule"
)

// replayFile is the copy of a replay's times in the bundle, so that the scenario
// there runs again as it is.
const replayFile = "replay.txt"

// replayed reads the times of a replay, if the scenario has one. It gives the
// scenario with the name of the copy that it keeps in the bundle.
func replayed(ctx context.Context, s *scenarios.Scenario, bundle *results.Writer) (*scenarios.Scenario, []time.Duration, error) {
	p := s.Workload.Pattern
	if p == nil || p.Replay == nil {
		return s, nil, nil
	}
	text, err := bounded.ReadFile(ctx, p.Replay.File, bounded.Bound{What: "a file of times", Bytes: schedule.MaxBytes})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the times to replay: %w", err)
	}
	times, err := schedule.ReadTimes(bytes.NewReader(text))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", p.Replay.File, err)
	}
	if pods := (s.Cluster.Provider == "kind" || s.Cluster.Provider == "kube"); pods && len(times) > remote.MostTimes {
		return nil, nil, fmt.Errorf("%s has %d times, and generators in pods take %d at most: replay a part of it, or run it on this machine", p.Replay.File, len(times), remote.MostTimes)
	}
	if err := results.WriteFile(bundle.Path(replayFile), text); err != nil {
		return nil, nil, err
	}
	own, pattern, replay := *s, *p, *p.Replay
	replay.File = replayFile
	pattern.Replay = &replay
	own.Workload.Pattern = &pattern
	return &own, times, nil
}
