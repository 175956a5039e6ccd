package native

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos/shape"
	"github.com/slotstorm/slotstorm/scenarios"
)

func localDelay() localFault {
	return shaping(new(scenarios.Delay).Name(), func(f scenarios.Fault) (shape.Link, sight) {
		d := *f.Delay
		link := shape.Link{Latency: d.Latency.Std(), Jitter: d.Jitter.Std(), Distribution: shape.Distribution(d.Distribution), Correlation: d.Correlation, Reorder: d.Reorder / 100, Behind: d.Latency.Std()}
		return link, slower{}
	})
}

func localLoss() localFault {
	return shaping(new(scenarios.Loss).Name(), func(f scenarios.Fault) (shape.Link, sight) {
		return shape.Link{Loss: f.Loss.Percent / 100, Burst: f.Loss.Burst}, rarer{}
	})
}

func localBandwidth() localFault {
	return shaping(new(scenarios.Bandwidth).Name(), func(f scenarios.Fault) (shape.Link, sight) {
		rate := float64(f.Bandwidth.KBps) * 1000
		return shape.Link{Rate: rate, Buffer: max(leastBuffer, int(rate*bufferTime.Seconds()))}, new(narrower)
	})
}

// The buffer of a narrow network holds what it carries in a while, and at least some
// packets of the largest size.
const (
	bufferTime  = 100 * time.Millisecond
	leastBuffer = 1 << 20
)

// slower sees a delay by round trips.
type slower struct{}

func (slower) look(s *shaped, now shape.State) error {
	// One look in 20,000 at the right share sees none.
	const expected = 10
	come, _ := total(now)
	if r := s.link().Reorder; r*float64(come) > expected && overtaken(now) == 0 {
		return fmt.Errorf("none of %d packets was overtaken", come)
	}
	least, added := s.task.Least(), s.added()
	if len(s.during) == 0 {
		return fmt.Errorf("no round trip within %v", s.latest()+shapedLimit)
	}
	if fastest := s.during.quantile(0); fastest < least {
		return fmt.Errorf("a round trip took %s, and the packets are delayed by at least %s", milliseconds(fastest), milliseconds(least))
	}
	if p50 := s.during.quantile(0.5); p50 < added/2 {
		return fmt.Errorf("the round trips take %s, and the packets are to be delayed by %s", milliseconds(p50), milliseconds(added))
	}
	return nil
}

// added is what the delay adds to a round trip.
func (s *shaped) added() time.Duration { return time.Duration(s.ways()) * s.link().Latency }

func (slower) seen(s *shaped, now shape.State) string {
	return fmt.Sprintf("round trips between the two sides: %s, and %s before; a delay of %s was to be added; %s", s.during, milliseconds(s.before.quantile(0.5)), milliseconds(s.added()), passed(now))
}

// passed says how many packets passed, and how exactly.
func passed(now shape.State) string {
	var passed, lost uint64
	var late time.Duration
	for _, w := range now.Ways {
		passed, lost, late = passed+w.Passed, lost+w.Lost, max(late, w.Behind)
	}
	text := fmt.Sprintf("%d packets passed, none more than %s after its time", passed, milliseconds(late))
	if lost > 0 {
		text += fmt.Sprintf(", and %d were lost", lost)
	}
	if late := overtaken(now); late > 0 {
		text += fmt.Sprintf("; %d were overtaken", late)
	}
	return text
}

// overtaken are the packets that were delayed once more, so that others overtake them.
func overtaken(now shape.State) (n uint64) {
	for _, w := range now.Ways {
		n += w.Late
	}
	return n
}

// rarer sees loss by counters.
type rarer struct{}

func (rarer) look(s *shaped, now shape.State) error {
	come, lost := total(now)
	if lost == 0 {
		return fmt.Errorf("none of %d packets was lost", come)
	}
	// It is looked at many times: once in 100,000 looks at the right share is refused.
	const sigmas = 4.4
	if low, high := interval(s.link(), come, sigmas); float64(lost) < low || float64(lost) > high {
		return fmt.Errorf("%d of %d packets were lost, and %.4g %% were to be", lost, come, 100*s.link().Loss)
	}
	return nil
}

func (rarer) seen(s *shaped, now shape.State) string {
	come, lost := total(now)
	const sigmas99 = 2.576
	low, high := interval(s.link(), come, sigmas99)
	share := 100 / float64(max(come, 1))
	text := fmt.Sprintf("%d of %d packets between the two sides were lost, %.3g %%; %.4g %% were to be, within %.3g to %.3g %% (99 %% interval)", lost, come, float64(lost)*share, 100*s.link().Loss, low*share, high*share)
	if s.link().Burst > 0 {
		var bursts uint64
		for _, w := range now.Ways {
			bursts += w.Bursts
		}
		text += fmt.Sprintf("; %.3g in a row", float64(lost)/float64(max(bursts, 1)))
	}
	return text + "; round trips of new connections: " + s.during.String()
}

func total(now shape.State) (come, lost uint64) {
	for _, w := range now.Ways {
		come, lost = come+w.Come, lost+w.Lost
	}
	return come, lost
}

// interval bounds the number of lost packets of n, by a number of standard deviations.
// Losses in bursts vary more: by (1+r)/(1-r), where r is the correlation of two packets
// in a row of a Markov chain with two states.
func interval(l shape.Link, n uint64, sigmas float64) (low, high float64) {
	mean := l.Loss * float64(n)
	inflation := 1.0
	if l.Burst > 0 {
		r := 1 - 1/l.Burst - l.Loss/(1-l.Loss)/l.Burst
		inflation = (1 + r) / (1 - r)
	}
	// One more, because few losses are no normal distribution.
	wide := sigmas*math.Sqrt(mean*(1-l.Loss)*inflation) + max(1, l.Burst)
	return max(0, mean-wide), min(float64(n), mean+wide)
}

// narrower sees a bound of bandwidth by bytes.
type narrower struct {
	last shape.State
	most float64 // bytes per second, between two looks
}

// tolerance is how much more than the bound may be seen: the times of two reports are
// not exact.
const tolerance = 1.05

func (n *narrower) look(s *shaped, now shape.State) error {
	last := n.last
	if len(last.Ways) == 0 {
		last = s.began
	}
	n.last = now
	for i, w := range now.Ways {
		bytes, took := float64(w.PassedBytes-last.Ways[i].PassedBytes), (now.At - last.At).Seconds()
		n.most = max(n.most, bytes/took)
		if rate := s.link().Rate; bytes > rate*took*tolerance+shape.MostPacket {
			return fmt.Errorf("%.0f kB passed within %.2f s, and the bound is %.0f kB per second", bytes/1000, took, rate/1000)
		}
	}
	return nil
}

func (n *narrower) seen(s *shaped, now shape.State) string {
	var ways []string
	for i, w := range now.Ways {
		waited := "none waited"
		if w.Waited > 0 {
			waited = fmt.Sprintf("they waited for up to %s", milliseconds(w.Waited))
		}
		way := [...]string{"there", "back"}[i]
		ways = append(ways, fmt.Sprintf("%s: %d kB passed, %.0f kB per second on average, %s, %d of %d packets were lost because the buffer was full", way, w.PassedBytes/1000, float64(w.PassedBytes)/1000/max(now.At-s.began.At, time.Millisecond).Seconds(), waited, w.Full, w.Come))
	}
	return fmt.Sprintf("at most %.0f kB passed in a second, and the bound is %.0f kB; %s", n.most/1000, s.link().Rate/1000, strings.Join(ways, "; "))
}
