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

// each tries all dials, and gives the first error that judge has of an outcome.
func each(ctx context.Context, n network, dials []dial, judge func(d dial, o agent.Outcome) error) error {
	outcomes, err := n.try(ctx, dials)
	if err != nil {
		return err
	}
	for i, d := range dials {
		if err := judge(d, outcomes[i]); err != nil {
			return err
		}
	}
	return nil
}

// open wants every dial to succeed.
func open(ctx context.Context, n network, dials []dial) error {
	return each(ctx, n, dials, func(d dial, o agent.Outcome) error {
		if o != agent.Open {
			return fmt.Errorf("%s is not open: %s", d, o)
		}
		return nil
	})
}

// closed wants no dial to come through: without an answer, or, where the rules
// reject, refused. A refusal else comes from the other side: a packet got there.
func closed(ctx context.Context, n network, dials []dial, rejected bool) error {
	want := agent.Silent
	if rejected {
		want = agent.Refused
	}
	return each(ctx, n, dials, func(d dial, o agent.Outcome) error {
		switch o {
		case want:
			return nil
		case agent.Open:
			return fmt.Errorf("%s is open", d)
		}
		return fmt.Errorf("%s got an answer: %s", d, o)
	})
}

// arrives wants every dial to reach the other side, though no answer comes back:
// the kernel there holds a half-open connection for it, until it gives up.
func arrives(ctx context.Context, n network, dials []dial) error {
	ctx, cancel := context.WithTimeout(ctx, arriveLimit)
	defer cancel()
	// The dials go on, without an answer, while their other ends are looked for.
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = n.try(context.WithoutCancel(ctx), dials) })
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
