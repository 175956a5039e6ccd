package shape

import (
	"math"
	"testing"
	"time"
)

var epoch = time.Unix(1000, 0)

// A connection whose packets come faster than the bound gets the bound, and its packets
// wait; those that find the buffer full are lost.
func TestRateCarriesItsBytes(t *testing.T) {
	for _, rate := range []float64{1e6, 10e6} {
		l := newLine(Link{Rate: rate, Buffer: 256 << 10}, 1, 0)
		const size = 10000
		var passed, full float64
		var last time.Time
		for at := epoch; at.Before(epoch.Add(2 * time.Second)); at = at.Add(time.Duration(size / (2 * rate) * 1e9)) {
			f := l.pass(at, packet{bytes: size})
			if f.full {
				full++
				continue
			}
			passed, last = passed+size, f.due
		}
		if got := passed / last.Sub(epoch).Seconds(); math.Abs(got/rate-1) > 0.01 {
			t.Errorf("%.0f bytes per second pass, and the bound is %.0f", got, rate)
		}
		if full == 0 {
			t.Error("the buffer is never full")
		}
	}
}

func TestRateDelaysOnlyWhatExceedsIt(t *testing.T) {
	l := newLine(Link{Rate: 1e6, Buffer: 256 << 10}, 1, 0)
	for i := range 10 {
		at := epoch.Add(time.Duration(i) * 100 * time.Millisecond)
		if f := l.pass(at, packet{bytes: 1000}); f.due.Sub(at) != time.Millisecond || f.lost {
			t.Errorf("packet %d: %+v", i, f)
		}
	}
}

// Jitter does not change the order within a connection; reordering does.
func TestOrderOfPackets(t *testing.T) {
	link := Link{Latency: 10 * time.Millisecond, Jitter: 10 * time.Millisecond, Distribution: Uniform}
	overtaken := func(link Link) (n int) {
		l := newLine(link, 3, 0)
		var last time.Time
		for i := range 1000 {
			f := l.pass(epoch.Add(time.Duration(i)*100*time.Microsecond), packet{bytes: 100, flow: 1})
			if f.due.Before(last) {
				n++
			}
			last = f.due
		}
		return n
	}
	if n := overtaken(link); n != 0 {
		t.Errorf("%d packets overtook others", n)
	}
	link.Reorder, link.Behind = 0.1, 5*time.Millisecond
	if n := overtaken(link); n < 50 || n > 150 {
		t.Errorf("%d of 1000 packets were overtaken, and 100 were to be", n)
	}
}

// Packets leave by their due time, and those due at once as they came.
func TestHoldingOrdersByDueTime(t *testing.T) {
	var h holding
	for i := range 1000 {
		h.add(held{due: epoch.Add(time.Duration(i*7919%100) * time.Millisecond), id: uint32(i)})
	}
	if _, ok := h.take(epoch.Add(-time.Millisecond)); ok {
		t.Error("a packet left before it was due")
	}
	var last held
	for i := range 1000 {
		p, ok := h.take(epoch.Add(time.Second))
		if !ok || i > 0 && p.before(last) {
			t.Fatalf("packet %d: %+v after %+v", i, p, last)
		}
		last = p
	}
	if _, ok := h.next(); ok {
		t.Error("a packet is left")
	}
}

func TestLeastLatency(t *testing.T) {
	link := Link{Latency: 10 * time.Millisecond, Jitter: 4 * time.Millisecond, Distribution: Uniform}
	for d, want := range map[Distribution]time.Duration{Uniform: 6 * time.Millisecond, Normal: 0, Pareto: 7690 * time.Microsecond} {
		link.Distribution = d
		got := Task{Links: []Link{link, {}}}.Least()
		if diff := got - want; diff < -time.Microsecond*10 || diff > time.Microsecond*10 {
			t.Errorf("%s: at least %v, want %v", d, got, want)
		}
		l := newLine(link, 5, 0)
		for i := range 10000 {
			at := epoch.Add(time.Duration(i) * time.Second)
			if f := l.pass(at, packet{}); f.due.Sub(at) < got {
				t.Fatalf("%s: a packet takes %v, at least %v is promised", d, f.due.Sub(at), got)
			}
		}
	}
}
