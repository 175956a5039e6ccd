package loader

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// GenerateOptions are those of a generator.
type GenerateOptions struct {
	// Listen is the host:port to await the controller at.
	Listen string
	// Identity is the file with the key of the run.
	Identity string
	Patience time.Duration
	Log      *slog.Logger
	// Listening is called with the address once the generator listens.
	Listening func(addr net.Addr)
}

// Generate is a generator: it drives the share of a load that a run elsewhere
// gives it, and watches the cluster for it.
func Generate(ctx context.Context, o GenerateOptions) error {
	text, err := bounded.ReadFile(ctx, o.Identity, bounded.Bound{What: "the key of a run", Bytes: 64 << 10})
	if err != nil {
		return fmt.Errorf("reading the key of the run: %w", err)
	}
	identity, err := remote.ParseIdentity(text)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("%w: %w", site.ErrEnvironment, err)
	}
	o.Listening(l.Addr())
	return remote.Serve(ctx, l, remote.Options{Identity: identity, Patience: o.Patience, Log: o.Log, Watch: watchTarget})
}

// watchTarget polls the nodes of a load's target.
func watchTarget(ctx context.Context, p workload.Plan, emit results.Emit) {
	t := p.Target
	c := &deployer.Cluster{Shards: len(t.Shards), Dialer: t.Dialer}
	for shard, members := range t.Shards {
		for _, m := range members {
			c.Nodes = append(c.Nodes, deployer.Node{Name: m.Name, Addr: m.Addr, ID: m.ID, Shard: shard})
		}
	}
	c.Watch(ctx, p.Workload.Probe.Interval.Std(), p.Clock, emit)
}
