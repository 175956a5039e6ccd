package site

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// machine is a site on this machine.
type machine struct {
	*processes.Deployment
	engine native.Local
	room   local.Room
}

func (m *machine) Engine() chaos.Engine { return m.engine }
func (m *machine) Upgrader() Upgrader   { return m.Deployment }
func (m *machine) Fleet() *remote.Fleet { return nil }

func (m *machine) Seats(n int) (generators []dial.Dialer, probes dial.Dialer) {
	if !m.room.Sealed {
		return nil, m.Dialer
	}
	for i := range n {
		generators = append(generators, m.Dialer.From(m.room.Seat(i)))
	}
	return generators, m.Dialer.From(m.room.Seat(local.ProbeSeat))
}

func (m *machine) Environment(context.Context) results.Environment {
	e := thisMachine()
	e.Provider, e.Isolation = "local", m.room.String()
	return e
}

func onMachine(ctx context.Context, s *scenarios.Scenario, o Options) (Site, error) {
	if u := s.Timeline.Upgrade; u != nil {
		if _, err := processes.Usable(ctx, u.To.Binary); err != nil {
			return nil, fmt.Errorf("the Redis to upgrade to: %w", err)
		}
	}
	if err := native.Able(o.Room, s); err != nil {
		return nil, err
	}
	size, err := volumeSize(s, o.KeepVolumes)
	if err != nil {
		return nil, err
	}
	disks := slices.ContainsFunc(s.Timeline.Faults, func(f scenarios.Fault) bool { return f.Traits().Disk })
	d, err := processes.Deploy(ctx, processes.Options{
		Room: o.Room, Redis: s.Redis, MostShards: s.MostShards(), RestartDelay: s.Cluster.Local.RestartDelay.Std(),
		Volumes: o.Volumes, VolumeSize: size, Disks: disks, Logs: o.Logs, Clock: o.Recorder.Clock(), Emit: o.Recorder.Emit,
		Journal: o.Recorder.Journal,
	})
	if err != nil {
		return nil, err
	}
	return &machine{Deployment: d, engine: native.Local{Cluster: d, Room: o.Room, Aim: o.Aim(d.Cluster)}, room: o.Room}, nil
}

// volumeSize is that of local volumes: 0, folders, unless one is to be filled.
func volumeSize(s *scenarios.Scenario, kept bool) (int64, error) {
	full := slices.ContainsFunc(s.Timeline.Faults, func(f scenarios.Fault) bool { return f.Traits().Volume })
	if !full || s.Redis.Storage == nil {
		return 0, nil
	}
	if kept {
		return 0, errors.New("volumes for diskFull are in memory and end with the run: leave out --keep-volumes")
	}
	return scenarios.Bytes(s.Redis.Storage.Size)
}
