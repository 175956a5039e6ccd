package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Place changes what nodes run. Each kind of place has its own.
type Place interface {
	// Replace ends a node gracefully and starts it again as release, on its own
	// volume. It returns when the node answers; its error says in the node's
	// own words why it does not.
	Replace(ctx context.Context, node string, release scenarios.Release) error
	// Backup saves what Restore goes back to: each shard's data and each node's
	// place in the cluster.
	Backup(ctx context.Context) error
	// Restore ends all nodes, puts the backup back, and starts them as release.
	Restore(ctx context.Context, release scenarios.Release) error
	// Complaints are the last warnings in a node's log.
	Complaints(node string) string
}

// Upgrade rolls a cluster to another Redis, and back if its plan says so:
//
//	wait ─▶ whole? ─▶ survey ─▶ (hand over ─▶) replace ─▶ whole ─▶ next node ... ─▶ survey
type Upgrade struct {
	Cluster *Cluster
	Place   Place
	Plan    scenarios.Upgrade
	// From is the release that runs now.
	From  scenarios.Release
	Clock results.Clock
	Emit  results.Emit

	result   results.Upgrade
	surfaces results.Surfaces
	// way is the one that is under way: RollForward or RollBack.
	way string
	// on are the nodes that run the other release now.
	on map[string]bool
}

// Time limits of what is not bounded by the plan's stepLimit.
const (
	handoverLimit = 20 * time.Second
	wholeBefore   = 5 * time.Second
)

// Run takes the upgrade through its steps; start is the timeline's. Once stop
// ends no further step begins. ctx ends everything at once.
func (u *Upgrade) Run(ctx, stop context.Context, start time.Time) (results.Upgrade, results.Surfaces) {
	at := func(d scenarios.Duration) results.Duration { return u.Clock.At(start.Add(d.Std())) }
	u.on = map[string]bool{}
	u.result = results.Upgrade{
		FromRelease: releaseText(u.From), ToRelease: releaseText(u.Plan.To), Order: u.Plan.Order, Handover: u.Plan.Handover,
		Forward: results.Roll{Status: results.RollPlanned, Reason: "its time did not come", Planned: at(u.Plan.At)},
	}
	back := u.Plan.Rollback
	if back != nil {
		u.result.Back = &results.Roll{Status: results.RollPlanned, Reason: "its time did not come", From: back.From, Planned: at(back.At)}
	}
	if !until(stop, start.Add(u.Plan.At.Std())) {
		return u.result, u.surfaces
	}
	u.roll(ctx, &u.result.Forward, results.RollForward, func() error { return u.forward(ctx, stop) })
	switch {
	case back == nil:
		return u.result, u.surfaces
	case len(u.on) == 0:
		u.result.Back.Reason = "no node runs the other version: there is nothing to go back from"
		return u.result, u.surfaces
	case !until(stop, start.Add(back.At.Std())):
		return u.result, u.surfaces
	}
	u.roll(ctx, u.result.Back, results.RollBack, func() error { return u.back(ctx, stop) })
	return u.result, u.surfaces
}

// until waits for a time; it is false if stop ended before.
func until(stop context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return stop.Err() == nil
	case <-stop.Done():
		return false
	}
}

func releaseText(r scenarios.Release) string {
	if r.Binary != "" {
		return r.Binary
	}
	return r.Image
}

// errStopped ends a roll whose run ended.
var errStopped = errors.New("the run ended before it did")

// errRefused ends a roll that did not begin.
var errRefused = errors.New("the cluster was not whole before it")

// roll runs one way and notes how it ended.
func (u *Upgrade) roll(ctx context.Context, r *results.Roll, name string, f func() error) {
	u.way = name
	r.Began, r.Reason, r.Steps = u.Clock.Now(), "", []results.UpgradeStep{}
	u.emit(results.EventUpgradeBegin, nil, name)
	err := f()
	r.Ended = u.Clock.Now()
	switch {
	case err == nil:
		r.Status = results.RollDone
	case errors.Is(err, errRefused):
		r.Status, r.Reason = results.RollRefused, err.Error()
	case errors.Is(err, errStopped) || ctx.Err() != nil:
		r.Status, r.Reason = results.RollUnfinished, errStopped.Error()
	default:
		r.Status, r.Reason = results.RollFailed, err.Error()
	}
	text := name + " " + string(r.Status)
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	u.emit(results.EventUpgradeEnd, nil, text)
}

func (u *Upgrade) emit(kind string, n *Node, message string) {
	e := results.Event{Offset: u.Clock.Now(), Kind: kind, Source: "upgrade", Roll: u.way, Message: message}
	if n != nil {
		shard := n.Shard
		e.Node, e.Shard = n.Name, &shard
	}
	u.Emit(e)
}

// forward is the way there.
func (u *Upgrade) forward(ctx, stop context.Context) error {
	order, err := u.ready(ctx)
	if err != nil {
		return err
	}
	u.surfaces.Before, err = u.Cluster.Survey(ctx, order[0], nil)
	if err != nil {
		return fmt.Errorf("asking %s what it offers: %w", order[0].Name, err)
	}
	u.result.From = u.surfaces.Before.Server
	r := &u.result.Forward
	if b := u.Plan.Rollback; b != nil && b.From == scenarios.FromBackup {
		step := results.UpgradeStep{Kind: results.StepBackup, Shard: -1}
		if err := u.step(ctx, r, nil, step, act{u.Plan.StepLimit.Std(), u.Place.Backup}); err != nil {
			return err
		}
	}
	for i, n := range order {
		if err := u.node(ctx, stop, r, n, false); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if u.surfaces.After, err = u.Cluster.Survey(ctx, n, u.surfaces.Before); err != nil {
			return fmt.Errorf("asking %s what it offers: %w", n.Name, err)
		}
		u.result.To = u.surfaces.After.Server
	}
	return nil
}

// back is the way back.
func (u *Upgrade) back(ctx, stop context.Context) error {
	if u.Plan.Rollback.From == scenarios.FromBackup {
		step := results.UpgradeStep{Kind: results.StepRestore, Shard: -1}
		return u.step(ctx, u.result.Back, nil, step, act{u.Plan.StepLimit.Std(), func(ctx context.Context) error {
			return u.Place.Restore(ctx, u.From)
		}})
	}
	order, err := u.ready(ctx)
	if err != nil {
		return err
	}
	for _, n := range order {
		if !u.on[n.Name] {
			continue
		}
		if err := u.node(ctx, stop, u.result.Back, n, true); err != nil {
			return err
		}
	}
	return nil
}

// ready wants the cluster whole, and gives the nodes in the order to replace
// them: replicas before the primaries, in the cluster or in each shard.
func (u *Upgrade) ready(ctx context.Context) ([]Node, error) {
	waiting, cancel := context.WithTimeout(ctx, wholeBefore)
	defer cancel()
	if err := u.Cluster.AwaitWhole(waiting); err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	roles := u.Cluster.Roles(ctx)
	if len(roles) != len(u.Cluster.Nodes) {
		return nil, fmt.Errorf("%w: %d of %d nodes answer", errRefused, len(roles), len(u.Cluster.Nodes))
	}
	rank := func(r Role) int {
		rank := 0
		if r.Primary {
			rank = 1
		}
		if u.Plan.Order == scenarios.ShardByShard {
			rank += 2 * r.Node.Shard
		}
		return rank
	}
	slices.SortStableFunc(roles, func(a, b Role) int { return rank(a) - rank(b) })
	var order []Node
	for _, r := range roles {
		order = append(order, r.Node)
	}
	return order, nil
}

// node brings one node to the other release, or back, after a hand-over if it is
// a primary. One that fails gets the release again that it had.
func (u *Upgrade) node(ctx, stop context.Context, r *results.Roll, n Node, back bool) error {
	to, old := u.Plan.To, u.From
	if back {
		to, old = old, to
	}
	if len(r.Steps) > 0 && !until(stop, time.Now().Add(u.Plan.Pause.Std())) || stop.Err() != nil {
		return errStopped
	}
	role, err := u.roleOf(ctx, n)
	if err != nil {
		return err
	}
	if role.Primary && u.Plan.Handover {
		if err := u.handover(ctx, r, n); err != nil {
			return err
		}
		if !until(stop, time.Now().Add(u.Plan.Pause.Std())) {
			return errStopped
		}
		if role, err = u.roleOf(ctx, n); err != nil {
			return err
		}
	}
	step := results.UpgradeStep{Kind: results.StepReplace, Node: n.Name, Shard: n.Shard, Role: roleWord(role.Primary)}
	err = u.step(ctx, r, &n, step, act{u.Plan.StepLimit.Std(), func(ctx context.Context) error { return u.Place.Replace(ctx, n.Name, to) }})
	if err != nil {
		u.undo(ctx, r, n, old)
		return err
	}
	u.on[n.Name] = !back
	return nil
}

func roleWord(primary bool) string {
	if primary {
		return "primary"
	}
	return "replica"
}

func (u *Upgrade) roleOf(ctx context.Context, n Node) (Role, error) {
	for _, role := range u.Cluster.Roles(ctx) {
		if role.Node.Name == n.Name {
			return role, nil
		}
	}
	return Role{}, fmt.Errorf("%s does not answer before its step", n.Name)
}

// act is what a step does, and how long it and the wait for a whole cluster may take.
type act struct {
	limit time.Duration
	do    func(context.Context) error
}

// step does one act, waits until the cluster is whole, and notes both.
func (u *Upgrade) step(ctx context.Context, r *results.Roll, n *Node, s results.UpgradeStep, a act) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.limit, fmt.Errorf("not done after %v", a.limit))
	defer cancel()
	s.Began = u.Clock.Now()
	text := s.Kind
	if s.To != "" {
		text += " to " + s.To
	}
	u.emit(results.EventUpgradeStep, n, text)
	err := a.do(ctx)
	if err == nil {
		s.Answered = u.Clock.Now()
		if err = u.Cluster.AwaitWhole(ctx); err != nil && n != nil {
			err = fmt.Errorf("%w; %s says: %s", err, n.Name, u.Place.Complaints(n.Name))
		}
	}
	if err == nil {
		s.Whole = u.Clock.Now()
		if s.Kind == results.StepReplace || s.Kind == results.StepRestore {
			s.Server, err = u.server(ctx, n)
		}
	}
	if err != nil {
		s.Failed = err.Error()
		text += " failed: " + s.Failed
		what := s.Kind
		if n != nil {
			what += " of " + n.Name
		}
		err = fmt.Errorf("%s: %w", what, err)
	}
	r.Steps = append(r.Steps, s)
	u.emit(results.EventUpgradeDone, n, text)
	return err
}

// server asks a node, or the first one, what it runs.
func (u *Upgrade) server(ctx context.Context, n *Node) (results.Server, error) {
	if n == nil {
		n = &u.Cluster.Nodes[0]
	}
	cl := u.Cluster.Client(*n, commandTimeout)
	defer cl.Close()
	info, err := cl.Info(ctx, "server").Result()
	if err != nil {
		return results.Server{}, fmt.Errorf("asking %s for its version: %w", n.Name, err)
	}
	return results.ServerOfInfo(info), nil
}

// undo gives a node that failed its old release back.
func (u *Upgrade) undo(ctx context.Context, r *results.Roll, n Node, old scenarios.Release) {
	ctx, cancel := context.WithTimeout(ctx, u.Plan.StepLimit.Std())
	defer cancel()
	s := &r.Steps[len(r.Steps)-1]
	err := u.Place.Replace(ctx, n.Name, old)
	if err == nil {
		err = u.Cluster.AwaitWhole(ctx)
	}
	if err != nil {
		s.Failed += "; and its old version does not come back either: " + err.Error()
		return
	}
	s.Undone = u.Clock.Now()
	u.emit(results.EventUpgradeDone, &n, "back on the version before")
}

// handover moves a primary's role to the replica that is furthest and, if there
// is a choice, runs another release than the primary.
func (u *Upgrade) handover(ctx context.Context, r *results.Roll, n Node) error {
	var best *Role
	for _, role := range u.Cluster.Roles(ctx) {
		if role.Primary || role.Node.Shard != n.Shard || !role.LinkUp {
			continue
		}
		other, chosen := u.on[role.Node.Name] != u.on[n.Name], best != nil && u.on[best.Node.Name] != u.on[n.Name]
		if best == nil || other && !chosen || other == chosen && role.Offset > best.Offset {
			best = &role
		}
	}
	if best == nil {
		return fmt.Errorf("hand-over of %s: shard %d has no replica in sync", n.Name, n.Shard)
	}
	to := best.Node
	step := results.UpgradeStep{Kind: results.StepHandover, Node: n.Name, To: to.Name, Shard: n.Shard, Role: roleWord(true)}
	return u.step(ctx, r, &n, step, act{handoverLimit, func(ctx context.Context) error { return u.Cluster.Handover(ctx, n, to) }})
}
