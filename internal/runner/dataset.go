package runner

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/rdb"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// dataSet reads the file that the keys of the run come from; nil if the scenario has none.
func dataSet(ctx context.Context, s *scenarios.Scenario, o Options, rec *recorder) (*rdb.Source, error) {
	p := s.Workload.Prefill
	if p == nil || p.From == "" {
		return nil, nil
	}
	volumes := rec.bundle.Path(results.VolumesDir)
	ro := rdb.Options{File: p.From, Dir: rec.bundle.Path(results.VolumesDir + "/source"), Binary: s.Redis.Binary}
	if !o.Room.Sealed {
		ro.Started = func(id local.Identity) error {
			process := results.Process(id)
			return rec.Journal(results.JournalEntry{Offset: rec.clock.Now(), Step: "start", Process: &process, Why: fmt.Sprintf("process %d, which reads %s", id.PID, p.From)})
		}
	}
	rec.Show("reading " + p.From)
	source, err := rdb.Open(ctx, ro)
	// Nodes on this machine make the folder again; in pods none has one.
	_ = os.Remove(volumes)
	if err != nil && ctx.Err() == nil && !errors.Is(err, rdb.ErrFile) {
		err = fmt.Errorf("%w: %w", site.ErrEnvironment, err)
	}
	return source, err
}
