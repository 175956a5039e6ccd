// Package runner is the straight line of a run: it alone sees all rooms.
//
//	scenario ─▶ deploy ─▶ load ‖ faults ‖ watch ─▶ settle ─▶ read back ─▶ collect ─▶ audit ─▶ report
package runner

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/ledger"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// Options of a run.
type Options struct {
	// Root is the folder of bundles.
	Root string
	// Room is where local nodes run.
	Room local.Room
	// Observer follows the run; nil is nobody.
	Observer Observer
	// Began, if not nil, is told the run's folder once it is there.
	Began func(dir string)
	// Version is slotstorm's own; Command repeats the run.
	Version, Command string
	Log              *slog.Logger
	// Context is the context of the kubeconfig that was named on the command
	// line; empty is that of the scenario.
	Context string
	// On is the name of a deployment that was kept, to run on; "." is the only one
	// there is. Empty deploys.
	On string
	// keep is the name to keep the deployment under; empty removes it.
	keep string
	// KeepVolumes leaves the nodes' data in the run's folder.
	KeepVolumes bool
	// Baseline is what objectives may be relative to; nil is nothing.
	Baseline *results.Baseline
	// Matrix is what the scenario has of a matrix' combination.
	Matrix []results.Setting
	// Stop, when closed, ends the run gently: faults are healed, what there is
	// is collected, and the report is marked interrupted.
	Stop <-chan struct{}
}

// Result is a finished run.
type Result struct {
	// Dir is the bundle's folder.
	Dir     string
	Bundle  *results.Bundle
	Summary *results.Summary
}

// Observer follows a run. Observe is called from several goroutines, one at a
// time.
type Observer interface{ Observe(Progress) }

// Progress is one look at a run.
type Progress struct {
	// Stage is what the run does now: "deploy", "warm-up", "timeline" ...
	Stage string
	// Phase and Fault are the timeline's phase and the faults in force, if any.
	Phase, Fault string
	// Elapsed and Total measure warm-up and timeline; zero before.
	Elapsed, Total time.Duration
	// Requests and Errors count since the start of load. Rate is ok replies in
	// the last whole second, P99 their response time.
	Requests, Errors int64
	Rate             float64
	P99              time.Duration
	// Message is a line worth keeping; empty in a periodic look.
	Message string
}

// ErrEnvironment marks an error of the place, not of the scenario or the run:
// no redis-server, no port, no right to do it.
var ErrEnvironment = errors.New("environment")

// Time limits of the stages.
const (
	deployLimit = 90 * time.Second
	// podsLimit is deployLimit where images are loaded and pods scheduled,
	// kindLimit where a cluster is made first.
	podsLimit   = 4 * time.Minute
	kindLimit   = 8 * time.Minute
	drainLimit  = 15 * time.Second
	settleLimit = 60 * time.Second
	auditLimit  = 60 * time.Second
)

// Run carries a scenario out and leaves a sealed bundle. A run that could not
// come to load leaves nothing, and its error says why. ctx ends a run at once;
// the processes and the volumes are removed even then.
func Run(ctx context.Context, s *scenarios.Scenario, o Options) (_ *Result, err error) {
	clock := results.Clock{Start: time.Now()}
	id := runID(s.Metadata.Name, clock.Start)
	bundle, err := results.Create(o.Root, id, clock.Start)
	if err != nil {
		return nil, explain(o.Root, err)
	}
	if o.Began != nil {
		o.Began(bundle.Dir())
	}
	r := &run{s: s, o: o, clock: clock, bundle: bundle, run: results.Run{
		SchemaVersion: results.SchemaVersion, ID: id, Name: s.Metadata.Name, Seed: s.Seed, Matrix: o.Matrix, Command: o.Command, Start: clock.Start,
		Baseline: o.Baseline,
	}}
	redis.SetLogger(libraryLog{o.Log})
	loaded := false
	defer func() {
		if err != nil && !loaded {
			err = errors.Join(err, bundle.Close(), os.RemoveAll(bundle.Dir()))
		}
		err = explain(o.Root, err)
	}()

	if err := r.readTimes(ctx); err != nil {
		return nil, err
	}
	if err := r.writeScenario(); err != nil {
		return nil, err
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	cluster, err := r.deploy(ctx)
	if err != nil {
		return nil, err
	}
	removed := false
	remove := func() error {
		if removed {
			return nil
		}
		removed = true
		return cluster.Remove(o.KeepVolumes)
	}
	defer func() { err = errors.Join(err, remove()) }()

	if err := r.before(ctx, cluster); err != nil {
		return nil, err
	}
	if err := r.prefill(ctx, cluster); err != nil {
		return nil, err
	}
	loaded = true
	if err := r.storm(ctx, cluster); err != nil {
		return nil, err
	}
	if err := r.settle(ctx, cluster); err != nil {
		return nil, err
	}
	if err := r.after(ctx, cluster); err != nil {
		return nil, err
	}
	if o.KeepVolumes && s.Cluster.Provider == "local" {
		r.note("the nodes' data is kept in " + bundle.Path(results.VolumesDir) + "; it holds no password and no key")
	}
	if err := remove(); err != nil {
		return nil, err
	}
	return r.report()
}

// run is a run under way.
type run struct {
	s       *scenarios.Scenario
	o       Options
	clock   results.Clock
	bundle  *results.Writer
	run     results.Run
	auditor *ledger.Auditor
	// times are those of a replay.
	times []time.Duration
	show  display
	// keeper is the bundle while the load runs.
	keeper *keeper
}

// runID is <scenario>-<UTC>-<random>: it sorts by time, and no two are alike.
func runID(name string, at time.Time) string {
	suffix := [2]byte{byte(rand.Uint32()), byte(rand.Uint32())}
	return fmt.Sprintf("%s-%s-%s", name, at.UTC().Format("20060102T150405Z"), hex.EncodeToString(suffix[:]))
}

func (r *run) writeScenario() error {
	y, err := r.s.YAML()
	if err != nil {
		return err
	}
	if err := results.WriteFile(r.bundle.Path(results.ScenarioFile), y); err != nil {
		return err
	}
	if r.run.Scenario, err = json.Marshal(r.s); err != nil {
		return fmt.Errorf("writing the scenario: %w", err)
	}
	return nil
}

// emit keeps an event. A disk that is full is told by Close. What is deployed
// without a run has no bundle.
func (r *run) emit(e results.Event) {
	if r.bundle != nil {
		_ = r.bundle.Event(e)
	}
}

// note keeps a line worth knowing, and shows it.
func (r *run) note(message string) {
	r.emit(results.Event{Offset: r.clock.Now(), Kind: results.EventNote, Source: "runner", Message: message})
	r.show.message(message)
}

func (r *run) stage(name string) {
	r.emit(results.Event{Offset: r.clock.Now(), Kind: results.EventStage, Source: "runner", Stage: name, Message: name})
	r.show.stage(name, "")
}

// before records the cluster as it was made.
func (r *run) before(ctx context.Context, c *site) error {
	roles := c.Roles(ctx)
	r.run.HealthyBefore = len(roles) == len(c.Nodes)
	for _, role := range roles {
		word := "replica"
		if role.Primary {
			word = "primary"
		}
		r.run.Nodes = append(r.run.Nodes, results.Node{Name: role.Node.Name, Addr: role.Addr, ID: role.Node.ID, Shard: role.Node.Shard, Role: word})
	}
	for i := range c.Shards {
		first, last := c.ShardSlots(i)
		shard := results.Shard{Index: i, Slots: fmt.Sprintf("%d-%d", first, last)}
		for _, n := range r.run.Nodes {
			if n.Shard != i {
				continue
			}
			shard.Nodes = append(shard.Nodes, n.Name)
			if n.Role == "primary" {
				shard.Primary = n.Name
			}
		}
		r.run.Shards = append(r.run.Shards, shard)
	}
	r.stage("ready")
	r.show.message(fmt.Sprintf("cluster is whole: %d shards × %d replicas, Redis %s, %s", r.s.Redis.Shards, r.s.Redis.ReplicasPerShard, r.run.Versions.Redis, c.environment(ctx).Isolation))
	return r.inspect(ctx, c, "before")
}

// storm drives the load and injects the faults.
func (r *run) storm(ctx context.Context, c *site) error {
	warmup, length := r.s.Workload.Warmup.Std(), r.s.Timeline.Length().Std()
	stop, stopNow := context.WithCancel(ctx)
	defer stopNow()
	interrupted := make(chan struct{})
	go func() {
		select {
		case <-r.o.Stop:
			close(interrupted)
			stopNow()
		case <-stop.Done():
		}
	}()
	r.keeper = &keeper{Writer: r.bundle, stop: stopNow}

	target := r.seated(c)
	if a := r.s.Workload.Audit; a != nil {
		r.auditor = ledger.NewAuditor(ledger.Audit{
			Target: target, Spec: *a, Run: r.run.ID, Clock: r.clock, Ledger: r.keeper.Ledger, Reads: r.keeper.AuditRead,
		})
	}
	plan := workload.Plan{
		Workload: r.s.Workload, Seed: r.s.Seed, Target: target, Clock: r.clock, Length: warmup + length, Times: r.times, Sink: r.keeper.Frame, Drain: drainLimit,
		Audit: r.auditor, Emit: r.emit,
	}
	if c.fleet != nil {
		plan.Remote = c.fleet.Driver
	} else {
		// The topology is watched from where the load comes from.
		watching, endWatch := context.WithCancel(ctx)
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			c.Watch(watching, plan.Workload.Probe.Interval.Std(), r.clock, r.emit)
		}()
		defer func() { endWatch(); <-watched }()
	}
	load, err := workload.Drive(ctx, stop, plan)
	if err != nil {
		return fmt.Errorf("starting the load: %w", err)
	}
	r.run.LoadStart = r.clock.At(load.Start)
	r.run.TimelineStart = r.run.LoadStart + results.DurationOf(warmup)
	r.run.Client = load.Client()
	r.run.Versions.GoRedis = r.run.Client.Version
	from := r.run.TimelineStart
	for _, p := range r.s.Timeline.Phases {
		r.run.Phases = append(r.run.Phases, results.PhaseWindow{Name: p.Name, From: from, To: from + results.DurationOf(p.Duration.Std())})
		from = r.run.Phases[len(r.run.Phases)-1].To
	}

	timeline := load.Start.Add(warmup)
	faults := make(chan []results.Fault, 1)
	go func() {
		storm := &chaos.Storm{
			Engine: c.engine, Recorder: faultLog{r.keeper, &r.show}, Clock: r.clock, Roles: c.Roles, Shards: c.Shards, Length: length, Whole: c.AwaitWhole,
		}
		faults <- storm.Rage(ctx, stop, timeline, chaos.Plan(r.s.Timeline, r.s.Seed))
	}()

	upgraded := r.upgrade(ctx, stop, c, timeline, timeline.Add(length))

	following, endFollow := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		r.follow(following, load, timeline)
	}()

	loadErr := load.Wait()
	r.run.LoadEnd = min(r.clock.Now(), r.run.TimelineStart+results.DurationOf(length))
	endFollow()
	<-followed
	r.stage("drain")
	r.stage("heal")
	r.run.Faults = <-faults
	upgradeErr := upgraded()
	generators, closeErr := load.Close(ctx)
	r.run.Generators = generators
	err = errors.Join(loadErr, closeErr)
	if errors.Is(err, remote.ErrLost) {
		// What is missing is missing from the bundle: the report says so.
		r.emit(results.Event{Offset: r.clock.Now(), Kind: results.EventNote, Source: "runner", Message: err.Error()})
		r.show.message(err.Error())
		err = nil
	}
	r.run.ProbeOutages, r.run.ClientOutages = load.Outages()
	select {
	case <-interrupted:
		r.run.Interrupted = "stopped by a signal"
		r.stage("interrupted")
	default:
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	unwritten := r.unwritten()
	if unwritten != nil && errors.Is(err, r.keeper.err) {
		err = nil // it is in the other one
	}
	return errors.Join(err, upgradeErr, unwritten)
}

// follow tells stages and phases as they come, and looks at the load between.
func (r *run) follow(ctx context.Context, load *workload.Load, timeline time.Time) {
	type mark struct {
		at time.Time
		// label is what is shown; phase is empty for a stage that is no phase.
		stage, phase, label string
	}
	var marks []mark
	if r.s.Workload.Warmup > 0 {
		marks = append(marks, mark{at: load.Start, stage: results.StageWarmup, label: results.StageWarmup})
	}
	at := timeline
	for _, p := range r.s.Timeline.Phases {
		marks = append(marks, mark{at, results.StagePhase, p.Name, "phase: " + p.Name})
		at = at.Add(p.Duration.Std())
	}
	total := at.Sub(load.Start)
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	for {
		for len(marks) > 0 && !time.Now().Before(marks[0].at) {
			m := marks[0]
			marks = marks[1:]
			r.emit(results.Event{Offset: r.clock.At(m.at), Kind: results.EventStage, Source: "runner", Stage: m.stage, Phase: m.phase, Message: m.label})
			r.show.stage(m.label, m.phase)
		}
		p := load.Progress()
		r.show.tick(Progress{Elapsed: min(time.Since(load.Start), total), Total: total, Requests: p.Requests, Errors: p.Errors, Rate: p.Rate, P99: p.P99})
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// settle waits until the cluster is whole again and reads the audited keys back.
func (r *run) settle(ctx context.Context, c *site) error {
	r.stage("settle")
	settling, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	err := c.AwaitWhole(settling)
	r.run.HealthyAfter = err == nil
	if err != nil {
		r.note("the cluster is not whole at the end: " + err.Error())
	}
	if r.auditor == nil {
		return nil
	}
	r.stage("audit")
	auditing, cancel := context.WithTimeout(ctx, auditLimit)
	defer cancel()
	return r.auditor.ReadBack(auditing)
}

// after records the cluster as it was left, and what its logs tell.
func (r *run) after(ctx context.Context, c *site) error {
	r.stage("collect")
	r.run.Environment = c.environment(ctx)
	if c.Dialer.Security().Password != "" {
		r.run.Environment.Auth = results.AuthPassword
	}
	r.persistence(ctx, c)
	if err := r.inspect(ctx, c, "after"); err != nil {
		return err
	}
	for _, n := range c.Nodes {
		f, err := c.Log(ctx, n.Name)
		if err != nil {
			return fmt.Errorf("collecting logs: %w", err)
		}
		err = c.ReadLog(n, f, r.clock, r.emit)
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// inspect keeps what every node says of itself and of the cluster. A node that
// does not answer is told so in its file.
func (r *run) inspect(ctx context.Context, c *site, when string) error {
	for _, n := range c.Nodes {
		text := describe(ctx, c.Cluster, n)
		if err := results.WriteFile(r.bundle.Path("nodes/"+n.Name+"."+when+".txt"), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

func describe(ctx context.Context, c *deployer.Cluster, n deployer.Node) string {
	cl := c.Client(n, 2*time.Second)
	defer cl.Close()
	var b strings.Builder
	for _, ask := range []struct {
		title string
		do    func() (string, error)
	}{
		{"CLUSTER NODES", func() (string, error) { return cl.ClusterNodes(ctx).Result() }},
		{"CLUSTER INFO", func() (string, error) { return cl.ClusterInfo(ctx).Result() }},
		{"INFO", func() (string, error) { return cl.Info(ctx, "everything").Result() }},
	} {
		text, err := ask.do()
		if err != nil {
			text = "no answer: " + err.Error()
		}
		fmt.Fprintf(&b, "# %s\n%s\n\n", ask.title, strings.TrimSpace(strings.ReplaceAll(text, "\r", "")))
	}
	return b.String()
}

// report derives the summary from the bundle alone, renders it and seals it.
func (r *run) report() (*Result, error) {
	r.stage("done")
	r.run.End = r.clock.Now()
	if err := r.bundle.Close(); err != nil {
		return nil, err
	}
	if err := r.bundle.SaveRun(&r.run); err != nil {
		return nil, err
	}
	b, err := results.Read(r.bundle.Dir())
	if err != nil {
		return nil, err
	}
	if err := r.judge(b); err != nil {
		return nil, err
	}
	summary, err := judge.Analyze(b)
	if err != nil {
		return nil, fmt.Errorf("analysing the run: %w", err)
	}
	b.Run.Summary = summary
	if err := r.bundle.SaveRun(&b.Run); err != nil {
		return nil, err
	}
	if err := report.Write(b.Dir, b, summary); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	if err := results.Seal(b.Dir); err != nil {
		return nil, err
	}
	return &Result{Dir: b.Dir, Bundle: b, Summary: summary}, nil
}
