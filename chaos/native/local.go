// Package native is slotstorm's own fault engine. On this machine it acts by
// signals to the processes that this run started, by rules in the network of the
// run's sealed room, and by commands to the nodes. One file holds one fault.
package native

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Cluster is what the engine needs of a deployment on this machine.
type Cluster interface {
	// Process runs a node now, or ran it last.
	Process(node string) (*local.Process, error)
	// KeepDown has a node stay down once it has ended, or lets it start again, at once if
	// it is down.
	KeepDown(node string, on bool) error
	// AwaitNext waits until a node runs as another process than old.
	AwaitNext(ctx context.Context, node string, old *local.Process) (*local.Process, error)
	// AwaitAnswer waits until a node answers PING.
	AwaitAnswer(ctx context.Context, node string) error
	// Volume is the folder of a node's data.
	Volume(node string) (string, error)
	// Disk is the disk of a node's volume.
	Disk(node string) (*disk.Volume, error)
	// Redis is the cluster, and how to talk to it.
	Redis() *deployer.Cluster
	// Starter starts and ends the nodes that a run adds and removes.
	deployer.Starter
}

// Local is the engine for processes on this machine.
type Local struct {
	Cluster Cluster
	Room    local.Room
	Aim     chaos.Aim
}

// localFault is a kind of fault that this engine knows on this machine.
type localFault struct {
	kind string
	// able tries whether it can be injected in a room, before anything is deployed.
	able func(local.Room) error
	// bears refuses a fault under a load that it could not bear; nil if it bears any.
	bears func(*scenarios.Scenario, scenarios.Fault) error
	// action makes the action of an injection; nil where able always refuses.
	action func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action
}

// anywhere is able for faults that need nothing of the room.
func anywhere(local.Room) error { return nil }

// processes are those that run the targets now.
func (e Local) processes(targets []chaos.Target) ([]*local.Process, error) {
	var list []*local.Process
	for _, t := range targets {
		p, err := e.Cluster.Process(t.Node)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// generator names a generator.
func generator(index int) string { return fmt.Sprintf("generator %d", index) }

// names are those of the targets' nodes.
func names(targets []chaos.Target) []string {
	var list []string
	for _, t := range targets {
		list = append(list, t.Node)
	}
	return list
}
