package deployer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// The measurement of a clock.
const (
	// exchanges is how many questions for its time a node gets: the answer with the least delay
	// counts.
	exchanges = 5
	// clocksLimit bounds it for all nodes.
	clocksLimit = 5 * time.Second
)

// Clocks measures the clocks of the nodes that are present against the clock of the run, by
// name. It leaves out a node that does not answer, or whose INFO lacks the time.
func (c *Cluster) Clocks(ctx context.Context, clock results.Clock) map[string]results.ClockOffset {
	ctx, cancel := context.WithTimeout(ctx, clocksLimit)
	defer cancel()
	var mu sync.Mutex
	offsets := map[string]results.ClockOffset{}
	var wg sync.WaitGroup
	for _, n := range c.PresentNodes() {
		wg.Go(func() {
			offset, err := c.clockOf(ctx, n, clock)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			offsets[n.Name] = offset
		})
	}
	wg.Wait()
	return offsets
}

// clockOf asks a node for its time.
func (c *Cluster) clockOf(ctx context.Context, n Node, clock results.Clock) (best results.ClockOffset, err error) {
	cl := c.Client(n, commandTimeout)
	defer cl.Close()
	// Connecting would count as delay.
	if err := cl.Ping(ctx).Err(); err != nil {
		return best, fmt.Errorf("measuring the clock of %s: %w", n.Name, err)
	}
	for i := range exchanges {
		sent := clock.Now()
		// TIME may be renamed, and an ACL may lack it.
		info, err := cl.Info(ctx, "server").Result()
		if err != nil {
			return best, fmt.Errorf("measuring the clock of %s: %w", n.Name, err)
		}
		got := clock.Now()
		theirs, err := serverTime(info)
		if err != nil {
			return best, fmt.Errorf("measuring the clock of %s: %w", n.Name, err)
		}
		one := results.ClockOffset{At: got, Offset: clock.At(theirs) - (sent+got)/2, Uncertainty: (got - sent + 1) / 2}
		if i == 0 || one.Uncertainty < best.Uncertainty {
			best = one
		}
	}
	return best, nil
}

// serverTime is the time of a server in INFO, in microseconds since 1970: that at which
// the command began. Source: genRedisInfoString and call in Redis' server.c.
func serverTime(info string) (time.Time, error) {
	for line := range strings.Lines(info) {
		if text, ok := strings.CutPrefix(line, "server_time_usec:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return time.Time{}, fmt.Errorf("server_time_usec: %w", err)
			}
			return time.UnixMicro(n), nil
		}
	}
	return time.Time{}, errors.New("INFO has no server_time_usec")
}
