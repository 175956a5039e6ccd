package stream

import (
	"encoding/binary"
	"math"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
)

// values draws the sizes and contents of values.
type values struct {
	shape        shape
	compressible float64
	fixed        int
	min, max     int
	mu, sigma    float64 // of the size's logarithm
	sizes        []int
	shares       random.Shares
}

// shape is how sizes are drawn.
type shape int

const (
	fixed shape = iota
	between
	weighted
	logNormal
)

func newValues(v *scenarios.Values) *values {
	s := &values{compressible: v.Compressible, fixed: v.Size}
	switch {
	case v.Range != nil:
		s.shape, s.min, s.max = between, v.Range.Min, v.Range.Max
	case v.LogNormal != nil:
		l := v.LogNormal
		s.shape, s.mu, s.sigma, s.min, s.max = logNormal, math.Log(l.Median), l.Sigma, l.Min, l.Max
	case v.Sizes != nil:
		s.shape = weighted
		var weights []float64
		for _, one := range v.Sizes {
			s.sizes, weights = append(s.sizes, one.Size), append(weights, one.Weight)
		}
		s.shares = random.SharesOf(weights...)
	}
	return s
}

// draw draws the size of a value in bytes.
func (v *values) draw(d *random.Draws) int {
	switch v.shape {
	case between:
		return v.min + int(d.Int(int64(v.max-v.min+1)))
	case weighted:
		return v.sizes[v.shares.Pick(d.Float())]
	case logNormal:
		return int(min(max(math.Round(math.Exp(v.mu+v.sigma*d.Normal())), float64(v.min)), float64(v.max)))
	}
	return v.fixed
}

// appendContent appends a value of n bytes: first the compressible share, then random
// bytes.
func (v *values) appendContent(b []byte, n int, d *random.Draws) []byte {
	same := int(math.Round(v.compressible * float64(n)))
	for range same {
		b = append(b, 'x')
	}
	n -= same
	for ; n >= 8; n -= 8 {
		b = binary.LittleEndian.AppendUint64(b, d.Uint64())
	}
	if n > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], d.Uint64())
		b = append(b, last[:n]...)
	}
	return b
}
