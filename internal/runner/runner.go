// Package runner is the straight line of a run: it alone sees all rooms.
//
//	scenario ─▶ deploy ─▶ load ‖ faults ‖ watch ─▶ settle ─▶ read back ─▶ collect ─▶ audit ─▶ report
package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Run carries a scenario out and leaves a sealed bundle. A run that could not
// come to load leaves nothing, and its error says why. ctx ends a run at once;
// the processes and the volumes are removed even then.
func Run(ctx context.Context, s *scenarios.Scenario, o Options) (*Result, error) {
	if err := permitted(s, o); err != nil {
		return nil, err
	}
	if s.Cluster.Provider == scenarios.Attach && s.Cluster.Attach.Pods() {
		o.Context, _ = site.Theirs(o.Own)
	}
	rec, err := begin(s, o)
	if err != nil {
		return nil, explain(o.Root, err)
	}
	r, loaded, err := line(ctx, s, o, rec)
	switch {
	case err == nil || loaded:
	case errors.Is(err, errLeft) || errors.Is(err, site.ErrLeft):
		// Its journal and its scenario are what 'slotstorm recover' needs.
		err = fmt.Errorf("%w; the folder of the run is kept: remove what is left with 'slotstorm recover %s'", errors.Join(err, rec.bundle.Close()), rec.facts.ID)
	default:
		err = errors.Join(err, rec.bundle.Close(), os.RemoveAll(rec.bundle.Dir()))
	}
	return r, explain(o.Root, err)
}

// ErrNotPermitted says that a scenario does what the command line has to permit.
var ErrNotPermitted = errors.New("not permitted")

// permitted refuses what the user has to permit on the command line: programs of a scenario,
// which may be somebody else's, and a load on a cluster that slotstorm did not deploy.
func permitted(s *scenarios.Scenario, o Options) error {
	if s.Cluster.Provider == scenarios.Attach && !owned(s.Cluster.Attach, o) {
		return fmt.Errorf("%w: the run would load a cluster that slotstorm did not deploy, and injects faults into it: if it is yours to break, add --i-own %s", ErrNotPermitted, site.Mine(s, o.Context))
	}
	for _, f := range s.Timeline.Faults {
		if f.Traits().Executes && !o.AllowExec {
			return fmt.Errorf("%w: fault %s runs a program on this machine (%s): add --allow-exec if you trust this scenario", ErrNotPermitted, f.Name, f.Detail())
		}
	}
	return nil
}

// owned reports whether the command line says that a cluster is the user's.
func owned(a scenarios.AttachedCluster, o Options) bool {
	if !a.Pods() {
		return slices.Contains(a.Seeds, o.Own)
	}
	context, namespace := site.Theirs(o.Own)
	return context != "" && namespace == a.Namespace && (o.Context == "" || o.Context == context)
}

// begin makes the bundle.
func begin(s *scenarios.Scenario, o Options) (*recorder, error) {
	clock := results.Clock{Start: time.Now()}
	id := results.NewID(s.Metadata.Name, clock.Start)
	bundle, err := results.Create(o.Root, id, clock.Start)
	if err != nil {
		return nil, err
	}
	if o.Began != nil {
		o.Began(bundle.Dir())
	}
	return &recorder{clock: clock, bundle: bundle, show: display{observer: o.Observer}, facts: results.Run{
		SchemaVersion: results.SchemaVersion, ID: id, Name: s.Metadata.Name, Seed: s.Seed, Matrix: o.Matrix, Overrides: o.Overrides, Command: o.Command, Start: clock.Start,
		Baseline: o.Baseline,
	}}, nil
}

// line is a run from the scenario to the report. loaded says whether it came to load.
func line(ctx context.Context, s *scenarios.Scenario, o Options, rec *recorder) (_ *Result, loaded bool, err error) {
	halt, over := newHalt(o.Stop)
	defer over()
	o.Stop, o.lost = halt.done, halt.lost
	gentle, release := untilStopped(ctx, o.Stop)
	defer release()
	s, times, err := replayed(gentle, s, rec.bundle)
	if err != nil {
		return nil, false, err
	}
	if err := rec.scenario(s); err != nil {
		return nil, false, err
	}
	if err := site.Enter(s, siteOptions(s, o, rec)); err != nil {
		return nil, false, err
	}
	// A file that cannot be the data set is refused before anything is deployed.
	source, err := dataSet(gentle, s, o, rec)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	st, s, err := deploy(ctx, s, o, rec)
	if err != nil {
		return nil, false, err
	}
	removed := false
	remove := func() error {
		if removed {
			return nil
		}
		removed = true
		return removal(st.Remove(o.KeepVolumes))
	}
	defer func() { err = errors.Join(err, remove()) }()

	if err := before(ctx, s, st, rec); err != nil {
		return nil, false, err
	}
	if err := prefill(gentle, s, st, source, rec); err != nil {
		return nil, false, err
	}
	if err := load(ctx, s, st, rec, inputs{times: times, halt: halt}); err != nil {
		return nil, true, err
	}
	if o.KeepVolumes && s.Cluster.Provider == "local" {
		rec.Note("the nodes' data is kept in " + rec.bundle.Path(results.VolumesDir) + "; it holds no password and no key")
	}
	// A failed removal is an error, and no reason to lose the report.
	left := remove()
	if left != nil {
		rec.Note(left.Error())
	}
	r, err := seal(rec)
	return r, true, errors.Join(err, left)
}

// load is the part of the line in which the cluster is under load, with what is read
// from it afterwards.
func load(ctx context.Context, s *scenarios.Scenario, st site.Site, rec *recorder, in inputs) error {
	every := sampleEvery
	if st.Fleet() != nil {
		every = samplePodEvery
	}
	in.samples = newSampler(ctx, st.Redis(), rec.clock, every)
	defer in.samples.close()
	auditor, err := storm(ctx, s, st, rec, in)
	if err != nil {
		return err
	}
	if err := settle(ctx, st.Redis(), auditor, rec); err != nil {
		return err
	}
	in.samples.settled(ctx)
	in.samples.evictions(rec.Emit)
	in.samples.ends(rec.Emit, rec.ended)
	if err := in.samples.save(rec.bundle); err != nil {
		return err
	}
	return collect(ctx, s, st, rec)
}
