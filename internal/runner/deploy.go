package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// siteOptions are the options of the site of a run.
func siteOptions(s *scenarios.Scenario, o Options, rec *recorder) site.Options {
	so := site.Options{
		Run: rec.facts.ID, Room: o.Room, Context: o.Context, On: o.On, KeepVolumes: o.KeepVolumes,
		Recorder: rec, Stop: o.Stop,
		Aim: func(c *deployer.Cluster) chaos.Aim { return aim(s, rec, c) },
	}
	if rec.bundle != nil {
		so.Volumes, so.Logs = rec.bundle.Path(results.VolumesDir), rec.bundle.Path("nodes")
	}
	return so
}

// deploy makes the site of the run, and notes what runs there. It gives the scenario as it
// takes place there.
func deploy(ctx context.Context, s *scenarios.Scenario, o Options, rec *recorder) (site.Site, *scenarios.Scenario, error) {
	so := siteOptions(s, o, rec)
	so.Lost = o.lost
	st, own, err := site.Deploy(ctx, s, so)
	if err != nil {
		return nil, nil, err
	}
	if own != s {
		err = rec.scenario(own)
	}
	server, serr := st.Redis().Server(ctx)
	if err := errors.Join(err, serr); err != nil {
		return nil, nil, errors.Join(err, removal(st.Remove(false)))
	}
	rec.facts.Versions = results.Versions{Slotstorm: o.Version, Go: runtime.Version(), Server: server}
	return st, own, nil
}

// Up deploys what a scenario says, and leaves it to later runs under a name. Of
// the options Context, Observer and Stop count.
func Up(ctx context.Context, s *scenarios.Scenario, name string, o Options) (*site.Kept, error) {
	clock := results.Clock{Start: time.Now()}
	rec := &recorder{clock: clock, facts: results.Run{ID: results.NewID(s.Metadata.Name, clock.Start)}, show: display{observer: o.Observer}}
	return site.Up(ctx, s, name, siteOptions(s, o, rec))
}

// before records the cluster as it was made.
func before(ctx context.Context, s *scenarios.Scenario, st site.Site, rec *recorder) error {
	c, run := st.Redis(), &rec.facts
	roles := c.Roles(ctx)
	run.HealthyBefore = len(roles) == len(c.PresentNodes())
	own := map[string]map[string]string{}
	for i, n := range c.Nodes {
		if own[n.Name] = s.Redis.OwnConfig(i); len(c.Config[n.Name]) > 0 {
			own[n.Name] = c.Config[n.Name]
		}
	}
	for _, role := range roles {
		word := "replica"
		if role.Primary {
			word = "primary"
		}
		run.Nodes = append(run.Nodes, results.Node{Name: role.Node.Name, Addr: role.Addr, ID: role.Node.ID, Shard: role.Node.Shard, Role: word, Config: own[role.Node.Name]})
	}
	for _, n := range c.Nodes {
		if !c.Present(n.Name) {
			run.Nodes = append(run.Nodes, results.Node{Name: n.Name, Addr: n.Addr, ID: n.ID, Shard: n.Shard, Role: results.RoleAbsent})
		}
	}
	measureClocks(ctx, c, rec)
	for i := range c.Shards {
		shard := results.Shard{Index: i, Slots: c.SlotsOf(i).String()}
		if c.Scales() {
			shard.First = &results.Slots{}
			if i < c.PresentShards() {
				*shard.First = c.Layout(c.PresentShards())[i]
			}
		}
		for _, n := range run.Nodes {
			if n.Shard != i {
				continue
			}
			shard.Nodes = append(shard.Nodes, n.Name)
			if n.Role == "primary" {
				shard.Primary = n.Name
			}
		}
		run.Shards = append(run.Shards, shard)
	}
	addresses := map[string]string{}
	for _, n := range c.Nodes {
		addresses[n.Name] = n.Addr
	}
	if err := rec.Journal(results.JournalEntry{Offset: rec.clock.Now(), Step: "nodes", Addresses: addresses, Why: "what faults act on"}); err != nil {
		return err
	}
	rec.Stage("ready")
	rec.Show(fmt.Sprintf("cluster is whole: %d shards × %d replicas, %s, %s", s.Redis.Shards, s.Redis.ReplicasPerShard, run.Versions.Server, st.Environment(ctx).Isolation))
	return inspect(ctx, c, rec.bundle, "before")
}
