package native

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
)

// network is what nodes and clients are connected by: a sealed room's, or that of
// pods.
type network interface {
	// hosts are those of a side, with the addresses that they have now; missing says of each
	// that has none why.
	hosts(s chaos.Side) (list []host, missing []error)
	// cut puts rules in force under a name, for limit at most.
	cut(ctx context.Context, name string, rules []local.Rule, limit time.Duration) error
	// mend takes them out of force, all or those of a part that is gone too;
	// dropped is how many packets they took, nil if that is not known.
	mend(ctx context.Context, name string) (dropped *uint64, err error)
	// same gives an error if a host that hosts has found has been replaced since: rules
	// for its address do not hold for what came in its place.
	same() error
	// try tries dials, each from where it begins. One that cannot be tried has the reason as
	// its outcome.
	try(ctx context.Context, dials []dial) []agent.Outcome
	// halfOpens are the connections that somebody has asked a host for.
	halfOpens(ctx context.Context, h host) ([]local.HalfOpen, error)
	// bounded reports whether the limit of rules is what ends them if this program
	// does not.
	bounded() bool
}

// host is one end of a connection. A client does not listen.
type host struct {
	name   string
	addr   netip.Addr
	client bool
}

func addrs(list []host) []netip.Addr {
	var all []netip.Addr
	for _, h := range list {
		all = append(all, h.addr)
	}
	return all
}

// dial is a connection to try, from an address of the one side to a node of the
// other: what the node or client there would do itself.
type dial struct {
	from, to host
	port     uint16
}

func (d dial) String() string {
	return fmt.Sprintf("%s to %s port %d", d.from.name, d.to.name, d.port)
}

// target is where the dial goes.
func (d dial) target() netip.AddrPort { return netip.AddrPortFrom(d.to.addr, d.port) }

// ports narrow rules to a scenario's traffic; the bus is at a fixed distance from the
// client port.
func ports(traffic string) []uint16 {
	if traffic == "all" {
		return nil
	}
	return dialled(traffic)
}

// dialled are the ports that are probed.
func dialled(traffic string) []uint16 {
	switch traffic {
	case "client":
		return []uint16{local.RedisPort}
	case "bus":
		return []uint16{local.RedisPort + local.BusOffset}
	}
	return []uint16{local.RedisPort, local.RedisPort + local.BusOffset}
}
