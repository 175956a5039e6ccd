package wire

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// This file holds the state of the event loop: a loop for each core, the nodes that
// it knows and their connections. The methods stand in files that build on each
// other in this order: count, route, conn, retire, nodes, event, upkeep, loop.

const (
	// A turn draws at most this many requests before it looks for replies, so that
	// catching up after a stall does not blind it.
	drawAtOnce = 256
	// eventsAtOnce is how many connections one wait can report.
	eventsAtOnce = 256
	// longTick is the longest time between two checks of timeouts,
	// reconnects, the end of a second and news of the topology.
	longTick = 10 * time.Millisecond
	// farTick is how much later it may do so once, when events cease.
	farTick = 100 * time.Millisecond
	// shortWait is what a silent loop waits without giving its P away: giving it
	// back may take longer.
	shortWait = 2 * time.Millisecond
)

const (
	// maxHops is how often a request is redirected or routed anew.
	maxHops = 5
	// patience is how long a closed loop's request waits for a node that cannot
	// be reached, before it fails and another is drawn.
	patience = int64(100 * time.Millisecond)
	// maxNodes bounds the nodes that a loop ever knows, and maxStrangers those that
	// redirects name before the next topology.
	maxNodes, maxStrangers = 4096, 64
)

// loop is one core's event loop. Everything in it belongs to one thread but for
// control, stop and what the recorder hands over.
type loop struct {
	cfg        *Config
	ctx        context.Context
	core       int
	control    *control
	stop       *atomic.Bool
	source     Source
	observer   Observer // the source, if it is one
	pacer      Pacer
	closedLoop bool
	share      int // connections to each node

	base  time.Time // of all times here
	start int64     // of the load
	t     int64     // the latest reading of the clock
	spin  int64
	tick  int64 // when the next one is due
	every int64
	far   time.Duration // how long the first wait of a silence may take

	poll   *epoll
	nodes  []*node // 0 is nowhere: slots that no node serves
	byAddr map[string]uint16
	// strangers counts the nodes that redirects have added since the last topology.
	strangers int
	conns     []*conn
	slots     [resp.Slots]uint16 // node by slot
	shards    [resp.Slots]uint16 // shard by slot, the last one known
	numbered  bool               // shards are the caller's
	parts     [resp.Slots]uint16 // index into replicas by slot
	known     *topology
	// replicas of each shard, where reads go to them; next takes turns.
	replicas [][]uint16
	next     int
	retire   []retirement

	rec      *recorder
	stats    Stats
	reported Stats         // what seconds that are over have
	cpu      time.Duration // the thread's when the load started
	sec      int           // the second of the last tick
	missed   int64         // when a script was last reported missing
	asked    int64         // when a new topology was last requested

	limit    int // requests in flight, in an open loop
	clients  int // requests in flight, in a closed loop of shared connections; 0 is another
	inflight int // requests begun and not ended
	queued   int // requests in nodes' queues
	room     int // places on live connections
	due      int64
	more     bool  // there may be more requests
	hurry    bool  // there is something to flush that the last turn left
	seen     int64 // all that had come by then has been read
	idle     bool  // the last wait brought nothing
	lastDone int64

	draft []byte // the request being drawn
	hold  []byte // a request on its way from one buffer to another
	name  []byte
	again outbox
}

func (l *loop) clock() int64 {
	l.t = int64(time.Since(l.base))
	return l.t
}

// node is one Redis process, as one loop sees it.
type node struct {
	index  uint16
	addr   string
	ip     netip.AddrPort
	shard  uint16
	active bool // serves slots, so its connections are kept up
	down   bool // the last attempt failed and no connection is left
	// replica has its connections read-only; reads go there.
	replica bool
	why     Class

	conns []*conn
	live  int
	fill  *conn   // gets requests until it is full or flushed
	free  []*conn // have room, first in first out; a ring of len(conns)
	first int
	count int
	dirty []*conn
	queue outbox // requests that wait for room
}

type connState uint8

const (
	down       connState = iota // to be connected at retry
	connecting                  // until deadline
	greeting                    // HELLO or AUTH under way
	live
)

// conn is one connection. It keeps its place, index, for as long as its node is
// known; the descriptor and what flies on it change.
type conn struct {
	fd     int
	index  int32
	gen    int32 // marks events of an earlier descriptor as stale
	state  connState
	tried  bool // has been live or has failed, once
	dirty  bool // has bytes to flush, and is on its node's list
	listed bool // is in its node's free list
	stuck  bool // the kernel's buffer is full; EPOLLOUT reports room
	retire bool // gets no more requests, and ends when it has its answers

	node     *node
	out      outbox
	unsent   uint32 // first flight that has no send time yet
	users    int    // requests under way
	parser   resp.Parser
	in       []byte
	from, to int // unparsed bytes of in

	since   int64 // start of connecting
	retry   int64
	backoff int64
}

const (
	firstBackoff = int64(10 * time.Millisecond)
	lastBackoff  = int64(200 * time.Millisecond)
)

// retirement is one of Config.Retire, with the time of its next turn.
type retirement struct {
	Retirement
	next int64
}
