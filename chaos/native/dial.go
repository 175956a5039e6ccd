package native

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
)

// between are the dials from each of one set to each node of the other.
func between(from, to []host, ports []uint16) []dial {
	var list []dial
	for _, f := range from {
		for _, t := range to {
			if t.client {
				continue
			}
			for _, p := range ports {
				list = append(list, dial{f, t, p})
			}
		}
	}
	return list
}

// open wants every dial to have succeeded once, unless another fault hides the other end.
// came are those that have: a dial that came through once on a busy machine, or on a network
// that loses packets, is not tried again.
func open(ctx context.Context, n network, dials []dial, came map[dial]bool, hides func(dial) bool) error {
	left := slices.DeleteFunc(slices.Clone(dials), func(d dial) bool { return came[d] })
	var closed error
	for i, o := range n.try(ctx, left) {
		switch d := left[i]; {
		case o == agent.Open:
			came[d] = true
		case closed == nil && !hides(d):
			closed = fmt.Errorf("%s is not open: %s", d, o)
		}
	}
	return closed
}

// closed wants no dial to come through: each has one of the outcomes wanted, of which the first
// is the usual one. Where the rules drop, a refusal comes from the other side, so a packet got
// there, unless another fault is why. seen are the dials that are as wanted.
func closed(ctx context.Context, n network, dials []dial, want []agent.Outcome, hides func(dial) bool) (seen []dial, err error) {
	for i, o := range n.try(ctx, dials) {
		switch d := dials[i]; {
		case slices.Contains(want, o):
			seen = append(seen, d)
		case o == agent.Open:
			return nil, fmt.Errorf("%s is open", d)
		case !hides(d):
			return nil, fmt.Errorf("%s is %s, and was to be %s", d, o, want[0])
		}
	}
	return seen, nil
}

// arrives wants every dial to reach the other side, though no answer comes back:
// the kernel there holds a half-open connection for it, until it gives up.
func arrives(ctx context.Context, n network, dials []dial) error {
	ctx, cancel := context.WithTimeout(ctx, arriveLimit)
	defer cancel()
	// The dials go on, without an answer, while their other ends are looked for.
	var wg sync.WaitGroup
	wg.Go(func() { n.try(context.WithoutCancel(ctx), dials) })
	defer wg.Wait()
	return until(ctx, func(ctx context.Context) error {
		for _, to := range ends(dials) {
			seen, err := n.halfOpens(ctx, to)
			if err != nil {
				return err
			}
			for _, d := range dials {
				if d.to == to && !slices.Contains(seen, local.HalfOpen{Local: d.target(), Remote: d.from.addr}) {
					return fmt.Errorf("%s does not arrive", d)
				}
			}
		}
		return nil
	})
}

// arriveLimit bounds arrives. A half-open connection stands for a minute.
const arriveLimit = 5 * time.Second

// ends are the hosts that dials go to.
func ends(dials []dial) []host {
	var list []host
	for _, d := range dials {
		if !slices.Contains(list, d.to) {
			list = append(list, d.to)
		}
	}
	return list
}
