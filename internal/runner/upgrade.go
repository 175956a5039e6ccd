package runner

import (
	"context"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

// persistenceLimit bounds the trial of which version reads whose files.
const persistenceLimit = 30 * time.Second

// upgrade starts the timeline's upgrade, if there is one, and gives a function
// that awaits its end and keeps what became of it. No step begins after end.
func (r *run) upgrade(ctx, stop context.Context, c *site, timeline, end time.Time) (wait func() error) {
	plan := r.s.Timeline.Upgrade
	if plan == nil {
		return func() error { return nil }
	}
	u := &deployer.Upgrade{Cluster: c.Cluster, Place: c.upgrader, Plan: *plan, From: r.s.Redis.Release(), Clock: r.clock, Emit: r.upgradeEvent}
	done := make(chan error, 1)
	go func() {
		before, cancel := context.WithDeadline(stop, end)
		defer cancel()
		result, surfaces := u.Run(ctx, before, timeline)
		if result.From == "" {
			result.From = r.run.Versions.Redis
		}
		r.run.Upgrade = &result
		done <- r.bundle.SaveSurfaces(surfaces)
	}()
	return func() error { return <-done }
}

// upgradeEvent keeps an event of the upgrade and shows it.
func (r *run) upgradeEvent(e results.Event) {
	r.emit(e)
	text := e.Message
	if e.Node != "" {
		text = e.Node + ": " + text
	}
	switch e.Kind {
	case results.EventUpgradeBegin:
		r.show.fault(e.Roll, true, e.Roll+" begins")
	case results.EventUpgradeEnd:
		r.show.fault(e.Roll, false, text)
	default:
		r.show.message(text)
	}
}

// persistence tries which of the two versions reads the other's files. It comes
// after the load, which it would disturb.
func (r *run) persistence(ctx context.Context, c *site) {
	up := r.run.Upgrade
	if up == nil || up.To == "" || up.To == up.From {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, persistenceLimit)
	defer cancel()
	list, err := c.upgrader.Readable(ctx, r.s.Redis.Release(), r.s.Timeline.Upgrade.To)
	if err != nil {
		r.emit(results.Event{Offset: r.clock.Now(), Kind: results.EventNote, Source: "upgrade", Message: "which version reads whose files could not be tried: " + err.Error()})
		return
	}
	up.Persistence = list
}
