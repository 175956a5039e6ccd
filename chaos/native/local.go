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
	"github.com/slotstorm/slotstorm/deployer"
)

// Cluster is what the engine needs of a deployment on this machine.
type Cluster interface {
	// Process runs a node now, or ran it last.
	Process(node string) (*local.Process, error)
	// AwaitNext waits until a node runs as another process than old.
	AwaitNext(ctx context.Context, node string, old *local.Process) (*local.Process, error)
	// AwaitAnswer waits until a node answers PING.
	AwaitAnswer(ctx context.Context, node string) error
	// Volume is the folder of a node's data.
	Volume(node string) (string, error)
	// Redis is the cluster, and how to talk to it.
	Redis() *deployer.Cluster
}

// Local is the engine for processes on this machine.
type Local struct {
	Cluster Cluster
	Room    local.Room
	Aim     chaos.Aim
}

// Action makes the action of an injection.
func (e Local) Action(in chaos.Injection) (chaos.Action, error) {
	random := rand.New(rand.NewPCG(in.Seed, 0))
	switch f := in.Fault; {
	case f.Kill != nil:
		return &kill{Local: e, spec: *f.Kill, random: random}, nil
	case f.Pause != nil:
		return &pause{Local: e, spec: *f.Pause, random: random}, nil
	case f.Partition != nil, f.Isolate != nil:
		return newPartition(roomNetwork{e}, e.Aim, in, random), nil
	case f.Failover != nil:
		return &failover{aim: e.Aim, cluster: e.Cluster.Redis(), spec: *f.Failover, random: random}, nil
	case f.CPU != nil:
		return &busy{Local: e, spec: *f.CPU, random: random}, nil
	case f.Memory != nil:
		return &memory{Local: e, spec: *f.Memory, random: random}, nil
	case f.DiskFull != nil:
		return &diskFull{Local: e, spec: *f.DiskFull, random: random}, nil
	}
	return nil, fmt.Errorf("fault %s: this engine knows no such action", in.Name)
}

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
