package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/rdb"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/remote"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// prefill writes keys before the load.
func prefill(ctx context.Context, s *scenarios.Scenario, st site.Site, source *rdb.Source, rec *recorder) error {
	if s.Workload.Prefill == nil {
		return nil
	}
	rec.Stage("prefill")
	if fleet := st.Fleet(); fleet != nil {
		defer fleet.Keep(ctx, s.Workload.Generators, remote.KeepEvery)()
	}
	last := 0
	progress := func(percent int) {
		// A line for each percent would bury the others.
		if percent >= last+5 || percent == 100 {
			last = percent
			rec.Show(fmt.Sprintf("prefill %d %%", percent))
		}
	}
	var err error
	if source == nil {
		err = workload.Prefill(ctx, asFormed(st.Redis()), &s.Workload, s.Seed, progress)
	} else {
		var set results.DataSet
		set, err = source.Copy(ctx, st.Redis(), progress)
		rec.facts.DataSet = &set
		err = errors.Join(err, source.Close())
	}
	if err != nil {
		return fmt.Errorf("prefill: %w", err)
	}
	// Processor time and commands of the prefill are none of the load.
	return inspect(ctx, st.Redis(), rec.bundle, "before")
}

// seated is the cluster as the load sees it: where the site has seats, each
// generator and the probes dial from addresses of their own.
func seated(st site.Site, generators int) servers.Target {
	t := targetOf(st.Redis())
	t.Seats, t.Dialer = st.Seats(generators)
	return t
}

// targetOf is the cluster as the load needs to know it.
func targetOf(c *deployer.Cluster) servers.Target {
	t := servers.Target{Cluster: true, Shards: make([][]servers.Member, c.Shards), ShardOf: c.ShardOf, NameOf: c.Announced, Dialer: c.Dialer}
	if c.Scales() {
		t.Present = c.Present
	}
	for _, n := range c.Nodes {
		if c.Present(n.Name) {
			t.Addrs = append(t.Addrs, n.Addr)
		}
		t.Shards[n.Shard] = append(t.Shards[n.Shard], servers.Member{Name: n.Name, Addr: n.Addr, ID: n.ID})
	}
	return t
}

// asFormed is the cluster as long as nothing has changed the number of its shards.
func asFormed(c *deployer.Cluster) servers.Target {
	t := targetOf(c)
	if c.Scales() {
		shards := make([]int, deployer.Slots)
		for slot := range shards {
			shards[slot] = c.ServingShard(slot)
		}
		t.Shards, t.ShardOf = t.Shards[:c.PresentShards()], func(slot int) int { return shards[slot] }
	}
	return t
}

// aim is what choosing the targets of faults needs to know of the run.
func aim(s *scenarios.Scenario, rec *recorder, c *deployer.Cluster) chaos.Aim {
	return chaos.Aim{
		Nodes: c.Nodes, Generators: s.Workload.Generators, ShardOf: c.ServingShard, Present: c.Present,
		SlotOf: func(key string) int { return int(resp.Slot([]byte(key))) },
		Hottest: func() (int, string, error) {
			slot, share, err := workload.Hottest(&s.Workload, s.Seed, (rec.clock.Now() - rec.facts.LoadStart).Std())
			return slot, words.Percent(share) + " of the requests that are due now go to it", err
		},
	}
}
