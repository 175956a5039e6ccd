package workload

import (
	"math"
	"strconv"

	"github.com/slotstorm/slotstorm/scenarios"
)

// stream turns a request's index into what it asks for.
type stream struct {
	seed     uint64
	commands []string
	// upTo[i] is the share of requests with commands[0..i].
	upTo   []float64
	prefix string
	keys   keyPicker
}

type request struct {
	// command is an index into the stream's commands.
	command int
	key     int64
}

func newStream(w scenarios.Workload, seed uint64) *stream {
	s := &stream{seed: seed, prefix: w.Keys.Prefix}
	var sum float64
	for _, m := range w.Mix {
		sum += m.Weight
	}
	var upTo float64
	for _, m := range w.Mix {
		upTo += m.Weight / sum
		s.commands = append(s.commands, m.Command)
		s.upTo = append(s.upTo, upTo)
	}
	s.upTo[len(s.upTo)-1] = 1 // whatever the rounding
	if w.Keys.Distribution == "zipfian" {
		s.keys = newZipf(w.Keys.Theta, w.Keys.Count)
	} else {
		s.keys = uniform(w.Keys.Count)
	}
	return s
}

func (s *stream) request(index int64) request {
	d := drawsFor(s.seed, index)
	u, command := d.float(), 0
	for u >= s.upTo[command] {
		command++
	}
	return request{command, s.keys.pick(&d)}
}

// appendKey appends the name of a key.
func (s *stream) appendKey(b []byte, key int64) []byte {
	return strconv.AppendInt(append(b, s.prefix...), key, 10)
}

// keyPicker draws a key's number.
type keyPicker interface{ pick(d *draws) int64 }

type uniform int64

func (n uniform) pick(d *draws) int64 {
	return min(int64(d.float()*float64(n)), int64(n)-1)
}

// zipf draws rank k of n, from 0, with probability proportional to 1/(k+1)^theta,
// for any theta above 0, by rejection-inversion: no table, so that 10⁹ keys cost
// nothing to set up. Source: Hörmann and Derflinger, 'Rejection-inversion to
// generate variates from monotone discrete distributions', ACM TOMACS 6(3), 1996.
type zipf struct {
	theta      float64
	n          float64
	low, width float64 // of the inverted integral
	shortcut   float64
}

func newZipf(theta float64, n int64) *zipf {
	z := &zipf{theta: theta, n: float64(n)}
	z.low = z.integral(1.5) - 1
	z.width = z.integral(z.n+0.5) - z.low
	z.shortcut = 2 - z.inverse(z.integral(2.5)-math.Pow(2, -theta))
	return z
}

func (z *zipf) pick(d *draws) int64 {
	for {
		u := z.low + d.float()*z.width
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.n)
		if k-x <= z.shortcut || u >= z.integral(k+0.5)-math.Pow(k, -z.theta) {
			return int64(k) - 1
		}
	}
}

// integral is an antiderivative of x^-theta; written with expm1 it holds at
// theta 1, and near it, where the plain formula divides by nothing.
func (z *zipf) integral(x float64) float64 {
	log := math.Log(x)
	t := (1 - z.theta) * log
	if math.Abs(t) < 1e-8 {
		return log * (1 + t/2)
	}
	return log * math.Expm1(t) / t
}

// inverse undoes integral.
func (z *zipf) inverse(y float64) float64 {
	t := max(y*(1-z.theta), -1)
	if math.Abs(t) < 1e-8 {
		return math.Exp(y * (1 - t/2))
	}
	return math.Exp(y * math.Log1p(t) / t)
}
