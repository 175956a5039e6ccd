package wire

import "github.com/slotstorm/slotstorm/workload/resp"

// flight is a request, or a command of the driver's own, on its way. Times are
// the loop's; the struct holds no pointer, so that the collector does not look
// into rings of it.
type flight struct {
	intended int64 // undrawn until a closed loop's request gets a connection
	since    int64 // when it came to where it is now: a queue or a connection
	sent     int64 // first written, 0 before
	queued   int64 // how long it waited for room before that
	tag      uint64
	size     uint32 // bytes
	sec      int32  // number of the second that counts it
	slot     uint16
	shard    uint16
	command  uint8
	replies  uint8 // to come in all
	got      uint8 // of these, come
	class    Class // first error among several replies
	fate     fate  // what the replies so far say
	effect   resp.Effect
	hops     uint8 // redirects followed
	ask      bool  // needs ASKING before it
	read     bool  // a replica may answer
	wait     uint8 // copies that the last reply must count: replicas
	local    uint8 // and append-only files
	kind     kind
}

// fate collects what the replies of a request of several say about its execution.
type fate uint8

const (
	// loose: MULTI failed, so that each command behind it stands alone.
	loose fate = 1 << iota
	// acted: a command that stands alone was carried out.
	acted
	// refused: nothing was executed.
	refused
)

// undrawn marks a request that has been drawn ahead and not begun.
const undrawn = -1

// kind parts requests from the driver's own commands.
type kind uint8

const (
	request kind = iota
	hello
	asking
)

// outbox is a queue of flights with their bytes. A connection's keeps them until
// the reply, since a redirect may call for them again; written is how far
// they were sent.
type outbox struct {
	buf     []byte
	start   int // of the first flight's bytes
	written int
	ring    []flight // a power of two
	head    uint32
	tail    uint32
}

func newOutbox(flights, bytes int) outbox {
	n := 1
	for n < flights {
		n *= 2
	}
	return outbox{buf: make([]byte, 0, bytes), ring: make([]flight, n)}
}

func (o *outbox) len() int { return int(o.tail - o.head) }

func (o *outbox) front() *flight { return &o.ring[o.head&uint32(len(o.ring)-1)] }

// bytes are those of the first flight, valid until the next push.
func (o *outbox) bytes() []byte {
	return o.buf[o.start : o.start+int(o.front().size)]
}

func (o *outbox) push(f *flight, b []byte) {
	if o.tail-o.head == uint32(len(o.ring)) {
		o.growRing()
	}
	if len(o.buf)+len(b) > cap(o.buf) {
		o.makeRoom(len(b))
	}
	at := &o.ring[o.tail&uint32(len(o.ring)-1)]
	*at = *f
	at.size = uint32(len(b))
	o.buf = append(o.buf, b...)
	o.tail++
}

func (o *outbox) pop() {
	o.start += int(o.front().size)
	o.head++
	if o.head == o.tail {
		o.buf, o.start, o.written = o.buf[:0], 0, 0
	}
}

// makeRoom drops the bytes of flights that are gone, and grows where that frees
// less than half.
func (o *outbox) makeRoom(n int) {
	live := o.buf[o.start:]
	to := o.buf[:0]
	if need := len(live) + n; need > cap(o.buf)/2 {
		to = make([]byte, 0, max(2*cap(o.buf), 2*need))
	}
	o.written = max(o.written-o.start, 0)
	o.buf, o.start = append(to, live...), 0
}

func (o *outbox) growRing() {
	bigger := make([]flight, 2*len(o.ring))
	for i := o.head; i != o.tail; i++ {
		bigger[i&uint32(len(bigger)-1)] = o.ring[i&uint32(len(o.ring)-1)]
	}
	o.ring = bigger
}

// clear forgets everything and keeps the memory.
func (o *outbox) clear() {
	o.buf, o.start, o.written, o.head, o.tail = o.buf[:0], 0, 0, 0, 0
}
