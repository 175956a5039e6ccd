package runner

import (
	"bytes"
	"context"
	"fmt"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/schedule"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// replayFile is the copy of a replay's times in the bundle, so that the scenario
// there runs again as it is.
const replayFile = "replay.txt"

// readTimes reads the times of a replay, and has the bundle's scenario name its
// own copy of them.
func (r *run) readTimes(ctx context.Context) error {
	p := r.s.Workload.Pattern
	if p == nil || p.Replay == nil {
		return nil
	}
	ctx, cancel := r.untilStopped(ctx)
	defer cancel()
	text, err := bounded.ReadFile(ctx, p.Replay.File, bounded.Bound{What: "a file of times", Bytes: schedule.MaxBytes})
	if err != nil {
		return fmt.Errorf("reading the times to replay: %w", err)
	}
	if r.times, err = schedule.ReadTimes(bytes.NewReader(text)); err != nil {
		return fmt.Errorf("%s: %w", p.Replay.File, err)
	}
	if err := results.WriteFile(r.bundle.Path(replayFile), text); err != nil {
		return err
	}
	s, pattern, replay := *r.s, *p, *p.Replay
	replay.File = replayFile
	pattern.Replay = &replay
	s.Workload.Pattern = &pattern
	r.s = &s
	return nil
}

// untilStopped gives a context that a gentle stop ends: for steps after which
// there is nothing to heal.
func (r *run) untilStopped(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		select {
		case <-r.o.Stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// prefill writes keys before the load.
func (r *run) prefill(ctx context.Context, c *site) error {
	if r.s.Workload.Prefill == nil {
		return nil
	}
	r.stage("prefill")
	ctx, cancel := r.untilStopped(ctx)
	defer cancel()
	last := 0
	err := workload.Prefill(ctx, targetOf(c.Cluster), &r.s.Workload, r.s.Seed, func(percent int) {
		// A line for each percent would bury the others.
		if percent >= last+5 || percent == 100 {
			last = percent
			r.show.message(fmt.Sprintf("prefill %d %%", percent))
		}
	})
	if err != nil {
		return fmt.Errorf("prefill: %w", err)
	}
	return nil
}

// seated is the cluster as the load sees it: where the place has seats, each
// generator and the probes dial from addresses of their own.
func (r *run) seated(c *site) servers.Target {
	t := targetOf(c.Cluster)
	if c.seat == nil {
		return t
	}
	for i := range r.s.Workload.Generators {
		t.Seats = append(t.Seats, c.seat(i))
	}
	t.Dialer = c.seat(local.ProbeSeat)
	return t
}

// targetOf is the cluster as the load needs to know it.
func targetOf(c *deployer.Cluster) servers.Target {
	t := servers.Target{Cluster: true, Shards: make([][]servers.Member, c.Shards), ShardOf: c.ShardOf, NameOf: c.Announced, Dialer: c.Dialer}
	for _, n := range c.Nodes {
		t.Addrs = append(t.Addrs, n.Addr)
		t.Shards[n.Shard] = append(t.Shards[n.Shard], servers.Member{Name: n.Name, Addr: n.Addr, ID: n.ID})
	}
	return t
}

// aim is what choosing a fault's targets needs to know of the run.
func (r *run) aim(c *deployer.Cluster) chaos.Aim {
	return chaos.Aim{
		Nodes: c.Nodes, Generators: r.s.Workload.Generators, ShardOf: c.ShardOf,
		SlotOf: func(key string) int { return int(resp.Slot([]byte(key))) },
		Hottest: func() (int, string, error) {
			slot, share, err := workload.Hottest(&r.s.Workload, r.s.Seed, (r.clock.Now() - r.run.LoadStart).Std())
			return slot, fmt.Sprintf("%.1f %% of the requests that are due now go to it", 100*share), err
		},
	}
}
