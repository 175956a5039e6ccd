package scenarios

import "math"

// Stretch is a time in which the rate changes evenly, from From to To requests
// per second. Start and End are seconds from the start of the load, warm-up
// included; the last stretch has no end: +Inf.
type Stretch struct{ Start, End, From, To float64 }

// Area is the number of requests that are due from Start until t, which lies
// within the stretch.
func (s Stretch) Area(t float64) float64 {
	x := t - s.Start
	if s.From == s.To {
		if s.From == 0 {
			return 0 // even where x is infinite
		}
		return s.From * x
	}
	return x * (s.From + (s.To-s.From)*x/(s.End-s.Start)/2)
}

// Curve is the intended rate over time, without gaps.
type Curve struct {
	stretches []Stretch
	// bursts go on for ever: their stretches are not listed.
	bursts     *Bursts
	zero, rate float64
}

// Curve is the rate of an open loop. A replay has none of its own: after the
// warm-up its rate is 0 here, as is that of a closed loop.
func (w *Workload) Curve() Curve {
	c := Curve{zero: w.Warmup.Std().Seconds(), rate: w.Rate.PerSecond}
	at, rate := 0.0, c.rate
	add := func(end, from, to float64) {
		if end > at {
			c.stretches = append(c.stretches, Stretch{at, end, from, to})
			at = end
		}
	}
	switch p := w.Pattern; {
	case p == nil:
	case p.Replay != nil:
		add(c.zero, rate, rate)
		rate = 0
	case p.Ramp != nil:
		from := rate
		if p.Ramp.From != nil {
			from = *p.Ramp.From
		}
		add(c.zero+p.Ramp.At.Std().Seconds(), rate, rate)
		rate = p.Ramp.To
		add(at+p.Ramp.Over.Std().Seconds(), from, rate)
	case p.Bursts != nil:
		c.bursts = p.Bursts
	default:
		for _, s := range p.Steps {
			add(c.zero+s.At.Std().Seconds(), rate, rate)
			rate = s.Rate
		}
	}
	add(math.Inf(1), rate, rate)
	return c
}

// Stretch is the n-th stretch, from 0. None follows one that ends at +Inf.
func (c Curve) Stretch(n int) Stretch {
	if c.bursts == nil {
		return c.stretches[n]
	}
	every, length := c.bursts.Every.Std().Seconds(), c.bursts.Length.Std().Seconds()
	burst := c.zero + float64((n+1)/2)*every
	switch {
	case n == 0:
		return Stretch{0, c.zero + every, c.rate, c.rate}
	case n%2 == 1:
		return Stretch{burst, burst + length, c.bursts.Rate, c.bursts.Rate}
	}
	return Stretch{burst + length, c.zero + float64(n/2+1)*every, c.rate, c.rate}
}

// Due is the number of requests that are due from one offset from the start of
// the load to another, on average; known is false where that is not to be had
// from the scenario alone: in a closed loop and where times are replayed.
func (w *Workload) Due(from, to Duration) (requests float64, known bool) {
	if w.Rate.Max || w.Pattern != nil && w.Pattern.Replay != nil && to > w.Warmup {
		return 0, false
	}
	a, b := from.Std().Seconds(), to.Std().Seconds()
	c := w.Curve()
	for n := 0; ; n++ {
		s := c.Stretch(n)
		if s.Start < b && s.End > a {
			requests += s.Area(min(b, s.End)) - s.Area(max(a, s.Start))
		}
		if s.End >= b {
			return requests, true
		}
	}
}
