package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/scenarios"
)

// roomNetwork is that of a sealed room: all of it is this process' own.
type roomNetwork struct{ Local }

// roomDialLimit bounds a dial. On loopback the kernel answers within the call, even
// for a process that is stopped.
const roomDialLimit = 300 * time.Millisecond

func localPartition() localFault { return cutting(new(scenarios.Partition).Name()) }

func localIsolate() localFault { return cutting(new(scenarios.Isolate).Name()) }

// cutting are the kinds of faults that cut a room's network.
func cutting(kind string) localFault {
	return localFault{kind: kind, able: ableToCut, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return newPartition(roomNetwork{e}, e.Aim, in, random)
	}}
}

func (n roomNetwork) hosts(s chaos.Side) (list []host, missing []error) {
	if !n.Room.Sealed {
		return nil, []error{fmt.Errorf("the network can be cut only in a sealed room, and this is %s", n.Room)}
	}
	for _, t := range s.Nodes {
		node, _ := n.Cluster.Redis().Node(t.Node)
		if at, err := netip.ParseAddrPort(node.Addr); err == nil {
			list = append(list, host{name: t.Node, addr: at.Addr()})
		}
	}
	for _, g := range s.Generators {
		list = append(list, host{name: generator(g), addr: n.Room.Seat(g), client: true})
	}
	if s.Probes {
		list = append(list, host{name: probesName, addr: n.Room.Seat(local.ProbeSeat), client: true})
	}
	return list, nil
}

// cut needs no limit: the room ends with this process.
func (n roomNetwork) cut(_ context.Context, name string, rules []local.Rule, _ time.Duration) error {
	return local.Cut(name, rules, 0)
}

// mend tries until it is done: a lack of memory or of open files may pass, and the
// rules stay in force until then.
func (n roomNetwork) mend(ctx context.Context, name string) (*uint64, error) {
	var dropped *uint64
	if count, err := local.Dropped(name); err == nil {
		dropped = &count
	}
	return dropped, until(ctx, func(context.Context) error { return local.Mend(name) })
}

func (n roomNetwork) try(ctx context.Context, dials []dial) []agent.Outcome {
	return agent.Each(len(dials), func(i int) agent.Outcome {
		return agent.Try(ctx, dials[i].from.addr, dials[i].target(), roomDialLimit)
	})
}

func (n roomNetwork) halfOpens(context.Context, host) ([]local.HalfOpen, error) {
	return local.HalfOpens()
}

// same holds always: a node keeps its address.
func (n roomNetwork) same() error { return nil }

func (n roomNetwork) bounded() bool { return false }

// ableToCut cuts an address that no host has, and mends it.
func ableToCut(room local.Room) error {
	if !room.Sealed {
		return fmt.Errorf("the network can be cut only in a sealed room, and this is %s", room)
	}
	err := local.Cut("check", []local.Rule{{From: local.Unused(), To: local.Unused(), Do: local.Drop}}, 0)
	return errors.Join(err, local.Mend("check"))
}
