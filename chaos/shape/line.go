package shape

import (
	"math/rand/v2"
	"time"
)

// packet is what the model must know of one.
type packet struct {
	bytes int
	// flow is the same for packets of one connection and direction.
	flow uint32
}

// fate is when a packet arrives, and whether it does.
type fate struct {
	lost bool
	// due is when it arrives.
	due time.Time
	// late says that it is overtaken on purpose.
	late bool
	// waited is how long it waited for the rate; full says that it was lost because too
	// many did.
	waited time.Duration
	full   bool
}

// line decides the fate of the packets of one direction.
type line struct {
	link      Link
	random    *rand.Rand
	losses    *losses
	latencies *latencies
	// free is when the last packet has left the line that Rate bounds.
	free time.Time
	// order is when the last packet of a connection is due. Connections that share a
	// place keep the order of both.
	order [4096]time.Time
}

// newLine is a line whose decisions follow from the seed and the number of the
// direction alone.
func newLine(l Link, seed, direction uint64) *line {
	random := rand.New(rand.NewPCG(seed, direction))
	return &line{link: l, random: random, losses: newLosses(l.Loss, l.Burst, random), latencies: newLatencies(l, random)}
}

// pass decides the fate of a packet that comes at now.
func (l *line) pass(now time.Time, p packet) fate {
	f := fate{due: now}
	if l.link.Loss > 0 && l.losses.next() {
		f.lost = true
		return f
	}
	if l.link.Rate > 0 && !l.leave(&f, now, p.bytes) {
		return f
	}
	f.due = f.due.Add(l.latencies.next())
	if l.link.Reorder > 0 && l.random.Float64() < l.link.Reorder {
		f.due, f.late = f.due.Add(l.link.Behind), true
		return f
	}
	last := &l.order[p.flow%uint32(len(l.order))]
	if f.due.Before(*last) {
		f.due = *last
	}
	*last = f.due
	return f
}

// leave has the packet wait until the line has carried those before it and itself;
// false if too many bytes wait.
func (l *line) leave(f *fate, now time.Time, bytes int) bool {
	if l.free.Before(now) {
		l.free = now
	}
	if waiting := l.free.Sub(now).Seconds() * l.link.Rate; waiting+float64(bytes) > float64(l.link.Buffer) {
		f.lost, f.full = true, true
		return false
	}
	l.free = l.free.Add(time.Duration(float64(bytes) / l.link.Rate * float64(time.Second)))
	f.due, f.waited = l.free, l.free.Sub(now)
	return true
}
