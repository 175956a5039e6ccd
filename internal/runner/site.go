package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// deployment is a Redis Cluster that runs, wherever it does.
type deployment interface {
	// Redis is the cluster, and how to talk to it.
	Redis() *deployer.Cluster
	// Log is what a node has written to its log since it was deployed.
	Log(ctx context.Context, node string) (io.ReadCloser, error)
	// Remove ends the nodes and deletes what was made for them, their volumes
	// only if they are not to be kept. It bounds its own time.
	Remove(keepVolumes bool) error
}

// site is a deployment with what the line needs beside it.
type site struct {
	*deployer.Cluster
	deployment
	engine chaos.Engine
	// seat reaches the cluster from the n-th client's place in the network; nil
	// where there are no such places.
	seat func(n int) dial.Dialer
	// fleet are generators near the cluster; nil is generators in this process.
	fleet *remote.Fleet
	// environment tells about the place, as it is now.
	environment func(ctx context.Context) results.Environment
	upgrader    upgrader
}

// upgrader is what an upgrade needs of the place.
type upgrader interface {
	deployer.Place
	// Readable tries which of two releases reads the files that the other writes.
	Readable(ctx context.Context, releases ...scenarios.Release) ([]results.Readable, error)
}

// deployTo deploys to the place that the scenario names.
func (r *run) deployTo(ctx context.Context) (*site, error) {
	switch p := r.s.Cluster.Provider; p {
	case "local":
		return r.deployLocal(ctx)
	case "kind", "kube":
		return r.deployPods(ctx)
	default:
		return nil, fmt.Errorf("there is no provider %q", p)
	}
}

func (r *run) deployLocal(ctx context.Context) (*site, error) {
	if u := r.s.Timeline.Upgrade; u != nil {
		if _, err := processes.Usable(ctx, u.To.Binary); err != nil {
			return nil, fmt.Errorf("the Redis to upgrade to: %w", err)
		}
	}
	if err := native.Able(r.o.Room, r.s.Timeline); err != nil {
		return nil, err
	}
	size, err := r.volumeSize()
	if err != nil {
		return nil, err
	}
	d, err := processes.Deploy(ctx, processes.Options{
		Room: r.o.Room, Redis: r.s.Redis, RestartDelay: r.s.Cluster.Local.RestartDelay.Std(),
		Volumes: r.bundle.Path(results.VolumesDir), VolumeSize: size, Logs: r.bundle.Path("nodes"), Clock: r.clock, Emit: r.emit,
		Journal: r.bundle.Journal,
	})
	if err != nil {
		return nil, err
	}
	s := &site{
		Cluster: d.Cluster, deployment: d, upgrader: d,
		engine:      native.Local{Cluster: d, Room: r.o.Room, Aim: r.aim(d.Cluster)},
		environment: func(context.Context) results.Environment { return environment(r.o.Room) },
	}
	if r.o.Room.Sealed {
		s.seat = func(n int) dial.Dialer { return d.Dialer.From(r.o.Room.Seat(n)) }
	}
	return s, nil
}

// volumeSize is that of local volumes: 0, folders, unless one is to be filled.
func (r *run) volumeSize() (int64, error) {
	full := slices.ContainsFunc(r.s.Timeline.Faults, func(f scenarios.Fault) bool { return f.Traits().Volume })
	if !full || r.s.Redis.Storage == nil {
		return 0, nil
	}
	if r.o.KeepVolumes {
		return 0, errors.New("volumes that can be filled are in memory, and go with the run: leave out --keep-volumes")
	}
	return scenarios.Bytes(r.s.Redis.Storage.Size)
}
