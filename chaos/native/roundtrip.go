package native

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/chaos/agent"
)

// roundTrips are times from the first packet of a connection to its answer, which the
// kernel of the other end sends, however busy the program there is.
type roundTrips []time.Duration

// quantile is the least time that a share of the round trips does not exceed.
func (r roundTrips) quantile(share float64) time.Duration {
	if len(r) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(r))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

func (r roundTrips) String() string {
	if len(r) == 0 {
		return "no round trip"
	}
	return fmt.Sprintf("p50 %s, p99 %s of %d", milliseconds(r.quantile(0.5)), milliseconds(r.quantile(0.99)), len(r))
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

// mostDials bounds the dials of one look: they are made twice a second.
const mostDials = 24

// spread takes some of many dials, from all over the list.
func spread(list []dial, most int) []dial {
	if len(list) <= most {
		return list
	}
	some := make([]dial, most)
	for i := range some {
		some[i] = list[i*len(list)/most]
	}
	return some
}

// measure makes dials one after the other from each end, all ends at once, and gives
// the round trips of those that were open.
func (n roomNetwork) measure(ctx context.Context, dials []dial, limit time.Duration) (times roundTrips, silent []dial) {
	list := make(roundTrips, len(dials))
	outcomes := agent.Each(len(dials), func(i int) agent.Outcome {
		outcome, took := agent.Timed(ctx, dials[i].from.addr, dials[i].target(), limit)
		list[i] = took
		return outcome
	})
	for i, o := range outcomes {
		if o == agent.Open {
			times = append(times, list[i])
		} else {
			silent = append(silent, dials[i])
		}
	}
	return times, silent
}
