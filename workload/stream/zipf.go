package stream

import (
	"math"

	"github.com/slotstorm/slotstorm/workload/random"
)

// zipf draws rank k of n, from 0, with probability proportional to 1/(k+1)^theta,
// for any theta above 0, by rejection-inversion: no table, so that 10¹² keys cost
// nothing to set up. That many is the bound of the numbers' 53 bits: of more, neighbouring
// ranks of the tail could not be distinguished. Source: Hörmann and Derflinger, 'Rejection-inversion to
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

// rank draws a rank.
func (z *zipf) rank(d *random.Draws) int64 {
	for {
		u := z.low + d.Float()*z.width
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.n)
		if k-x <= z.shortcut || u >= z.integral(k+0.5)-math.Pow(k, -z.theta) {
			return int64(k) - 1
		}
	}
}

// integral is an antiderivative of x^-theta; written with expm1 it holds at
// theta 1, and near it, where the plain formula divides by zero.
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
