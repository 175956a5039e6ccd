// Package wire drives a Redis server or a Redis Cluster at high rates and for
// audited writes. It is slotstorm's own client, built for two things: that a
// request costs as little as possible, and that every reported outcome is
// true.
//
// One locked OS thread per core runs an event loop of its own; a turn of it is
//
//	Pacer ─▶ Source ─▶ slot ─▶ node ─▶ connection's buffer    draw what is due
//	                                   └▶ one write each      flush, node by node
//	epoll ─▶ one read each ─▶ resp ─▶ ring of send times      match replies
//	                                   └▶ Second              count and time
//
// and nothing in it allocates, locks or wakes a goroutine. Threads share an
// immutable Topology, which a goroutine beside them keeps fresh over
// connections of its own. Once a second is over and all its requests have ended,
// the threads' shares of it are merged on yet another goroutine and handed to
// Config.OnSecond.
//
// A request ends in one of four ways. OK and Failed are certain: executed, and
// refused before execution. Unknown is everything in between: the request may
// have left and no answer came, or a script or a transaction has failed on its way
// and may have acted before. Such a request is never sent again; only MOVED
// and ASK, which say that nothing was done, lead to a second attempt. Overflow
// is a request of an open loop that was due and found no room.
//
// While replies come, the loops wait in raw system calls and hold a P of the Go
// scheduler, because that is what makes them cheap. Give the program more
// (runtime.GOMAXPROCS above Config.Cores) or its other goroutines run only every
// 10 ms, when the scheduler takes the P away. A garbage collection is not held up:
// its preemption signal ends the wait. (Do not set GODEBUG=asyncpreemptoff=1: then
// it would be, for up to 100 ms.) In silence the P is given away.
package wire

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// Request describes an encoded command.
type Request struct {
	// Tag is handed to Entry and Observer; 0 is not tagged, and has neither.
	Tag uint64
	// Slot is that of the key, 0 to 16383; without a cluster it is not used.
	Slot uint16
	// Command counts into Config.Commands.
	Command uint8
	// Replies is how many replies the bytes call forth; 0 counts as 1. A request
	// of several, such as SET and WAIT or MULTI to EXEC, goes to one connection
	// and is judged as one: ok if no reply is or holds an error, failed if the replies
	// say that nothing was executed, else unknown. It is not re-sent after MOVED.
	Replies uint8
	// Effect is what an error reply says about the execution.
	Effect resp.Effect
	// Wait is how many replicas, and Local how many append-only files, the last
	// reply must count, which is that of WAIT or WAITAOF: fewer make the request
	// unknown, ClassUnreplicated.
	Wait, Local uint8
	// Read marks a request of one command that only reads keys: a replica may answer it,
	// and it counts as a hit or a miss.
	Read bool
}

// Source draws the requests of one core. It is used by one goroutine.
type Source interface {
	// Next appends the next request, encoded as by resp.AppendCommand, to buf.
	// intended is when it should start, in nanoseconds since the load started;
	// in a closed loop it is the time of the call. more is false when there are
	// no more requests; buf and the request are ignored then.
	Next(buf []byte, intended int64) (out []byte, r Request, more bool)
}

// Observer is a Source that wants to see how its tagged requests ended, for
// instance to verify what was read.
type Observer interface {
	// Observe is called once per tagged request, from the goroutine that calls
	// Next. The reply is the last one of the request and valid during the call;
	// its kind is resp.None where there was none.
	Observe(tag uint64, o Outcome, r resp.Reply)
}

// Pacer fixes the intended starts of one core's requests. It is used by one
// goroutine.
type Pacer interface {
	// Next is the next intended start, in nanoseconds since the load started, not
	// before the one returned last. ok is false when the schedule is over.
	Next() (ns int64, ok bool)
}

// Config says what to drive, and how.
type Config struct {
	// Addrs are host:port of one or more nodes. Without Cluster all requests go
	// to the first that answers.
	Addrs []string
	// Cluster follows a Redis Cluster's topology.
	Cluster bool
	// ShardOf numbers the shards of slots as the caller does, whatever becomes of the
	// topology. Without it they are numbered by their lowest slot as first seen, and a node
	// that was not known before adds one.
	ShardOf func(slot int) int
	// Dialer opens the connections. Those that are not plain TCP cost two
	// goroutines and a socket pair each, beside the loop.
	Dialer dial.Dialer

	// Conns is the number of connections to each node, over all cores; Cores to
	// 65535. Default: Cores.
	Conns int
	// Depth is how many requests may be under way on one connection, 1 to 4096.
	// Default: 1.
	Depth int
	// Clients, in a closed loop, is the number of logical clients over all cores
	// that share the connections: each has one request under way, and a request
	// may wait behind others' on its connection. 0 gives every place on every
	// connection a client of its own.
	Clients int
	// Cores is the number of event loops, 1 to 1024. Default: 1.
	Cores int
	// Protocol is the RESP version, 2 or 3. Default: 2.
	Protocol int
	// Timeout is how long a reply may take, from 1 ms. The connection of a request
	// that is older is closed. It bounds connecting as well. Default: 3 s.
	Timeout time.Duration
	// MaxInFlight bounds the requests of an open loop that are under way or wait
	// for a connection, over all cores; at least Cores. Default: four times
	// Conns*Depth, and at least 1024.
	MaxInFlight int
	// Refresh is the least time between two readings of the topology.
	// Default: 100 ms.
	Refresh time.Duration
	// ReadReplicas sends requests marked Read to replicas, in turn, over as many
	// connections to each; a shard without one that answers has its primary. No reply
	// says that a replica has come: the topology is read every second.
	ReadReplicas bool
	// Retire gives what a core's connections are to lose, and when.
	Retire func(core int) []Retirement
	// OnNoScript is called from the loops, at most every 10 ms each, when a node
	// lacks a script. It must not block.
	OnNoScript func()
	// Spin is how long before an intended start the loop stops sleeping and
	// watches the clock, 0 to 1 ms. It buys punctuality with CPU.
	Spin time.Duration
	// Limits bound replies. Default: resp.DefaultLimits.
	Limits resp.Limits

	// Commands names the commands, 1 to 256.
	Commands []string
	// NewSource makes the source of a core.
	NewSource func(core int) Source
	// NewPacer makes the pacer of a core: an open loop. Nil is a closed loop, in
	// which every place on a connection sends its next request as soon as it has
	// the answer to the last.
	NewPacer func(core int) Pacer
	// GiveUp is when an open loop that is behind sends no more, since the load's
	// start: what is drawn later is counted as overflow. 0 is never.
	GiveUp time.Duration
	// Start is when the load starts. Zero is as soon as all connections stand or
	// have failed once.
	Start time.Time
	// OnSecond takes the load's seconds in order, from one goroutine. It must not
	// keep the Second. A slow OnSecond holds up no loop.
	OnSecond func(*Second)
}

// Retirement ends connections in good order: requests under way on them are
// answered, no more are sent, and the connections are made anew.
type Retirement struct {
	// At is the first time, since the load's start, and Every the distance to the
	// next; 0 is once.
	At, Every time.Duration
	// All ends all at once, else it is the oldest one.
	All bool
}

// withDefaults fills what was left at zero and refuses what cannot be, with all
// errors at once.
func (c Config) withDefaults() (Config, error) {
	c.Cores = cmp.Or(c.Cores, 1)
	c.Conns = cmp.Or(c.Conns, c.Cores)
	c.Depth = cmp.Or(c.Depth, 1)
	c.Protocol = cmp.Or(c.Protocol, 2)
	c.Timeout = cmp.Or(c.Timeout, 3*time.Second)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, max(4*c.Conns*c.Depth, 1024, c.Cores))
	c.Refresh = cmp.Or(c.Refresh, 100*time.Millisecond)
	c.Limits = cmp.Or(c.Limits, resp.DefaultLimits())
	var errs []error
	check := func(good bool, format string, args ...any) {
		if !good {
			errs = append(errs, fmt.Errorf("wire: "+format, args...))
		}
	}
	check(len(c.Addrs) > 0, "no address")
	check(c.Cores >= 1 && c.Cores <= 1024, "cores: %d is not 1 to 1024", c.Cores)
	check(c.Conns >= c.Cores && c.Conns <= 65535, "conns: %d is not %d (one for each core) to 65535", c.Conns, c.Cores)
	check(c.Depth >= 1 && c.Depth <= 4096, "depth: %d is not 1 to 4096", c.Depth)
	check(c.Protocol == 2 || c.Protocol == 3, "protocol: %d is not 2 or 3", c.Protocol)
	check(c.Timeout >= time.Millisecond, "timeout: %v is below 1ms", c.Timeout)
	check(c.MaxInFlight >= c.Cores, "max in flight: %d is below the %d cores", c.MaxInFlight, c.Cores)
	check(c.Clients == 0 || c.Clients >= c.Cores && c.NewPacer == nil, "clients: %d are for a closed loop, and one for each core at least", c.Clients)
	check(c.Refresh > 0, "refresh: %v is not above 0", c.Refresh)
	check(c.Spin >= 0 && c.Spin <= time.Millisecond, "spin: %v is not 0 to 1ms", c.Spin)
	check(len(c.Commands) >= 1 && len(c.Commands) <= 256, "%d commands, not 1 to 256", len(c.Commands))
	check(c.NewSource != nil, "no source")
	check(c.OnSecond != nil, "no OnSecond")
	return c, errors.Join(errs...)
}

// Result sums up a run.
type Result struct {
	// Start is when the load started.
	Start time.Time
	// Elapsed is from Start to the end of the last request.
	Elapsed time.Duration
	Counts  Counts
	Stats   Stats
}
