// Package client drives a generator's share of the schedule through a client: the
// batches, and the bytes of each request, are the same for every client.
//
//	schedule ─▶ stream ─▶ client ─▶ one Frame a second
//
// A client is a row of kinds. One that is a Go library implements library, and
// generator drives it; any other implements Driver.
package client

import (
	"context"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// Plan is what one generator drives.
type Plan struct {
	// Index is the generator's number among those of the workload.
	Index    int
	Workload scenarios.Workload
	Seed     uint64
	Target   servers.Target
	Clock    results.Clock
	// Length is the time in which requests are due: warm-up and timeline.
	Length time.Duration
	// Requests, if above 0, ends a closed loop after so many.
	Requests int64
	// Times are the offsets of a replay from the timeline's start, in order.
	Times []time.Duration
	// Drain is how long requests under way may take after the last was due.
	Drain time.Duration
	// Seen, if not nil, follows the writes to every shard.
	Seen *gaps.Watch
}

// room is how many requests this generator may have in flight: its part of the
// workload's limit. The first generators have the rest.
func (p *Plan) room() int {
	n := p.Workload.Generators
	return (p.Workload.MaxInFlight + n - 1 - p.Index) / n
}

// giveUp is when a generator stops sending, as an offset from the start: without a
// limit a starved generator would go on catching up. Requests that were due by then
// and are still unsent count as overflow.
func (p *Plan) giveUp() time.Duration { return p.Length + p.Drain }

// Driver is one generator: it drives its share of the schedule through a client.
type Driver interface {
	// Warm connects, and Describe gives the client's version and options; both before Run.
	Warm(ctx context.Context) error
	Describe(ctx context.Context) (results.Client, error)
	// Run drives the load that begins at start, to its end or until stop ends. ctx
	// ends it at once.
	Run(ctx, stop context.Context, start time.Time, out Output) error
	Progress() frame.Progress
	// Close ends it and describes a generator that ran elsewhere.
	Close(ctx context.Context) (*results.Generator, error)
}

// Output takes the records of a driver. A driver that runs here has frames alone.
type Output struct {
	Frame frame.Sink
	View  func(generator int, v gaps.View)
	Event results.Emit
}
