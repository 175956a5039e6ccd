package wire

import (
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The geometry is HdrHistogram's for 1 µs to 10 minutes with three significant
// digits: 1024 linear steps in each power of two above 2047, so that every
// value here falls on a bucket there.
const (
	subBits = 10
	subHalf = 1 << subBits
	subMask = 2*subHalf - 1

	// MaxMicros is the largest time recorded; longer ones count as this.
	MaxMicros = 600_000_000
	chunks    = 21
)

// Histogram counts times in microseconds. It is an HdrHistogram that lacks what
// a loop does not need: only the powers of two that occur take memory, 4 KiB
// each, and recording is a few instructions.
type Histogram struct {
	chunk [chunks]*[subHalf]uint32
	total uint64
}

// record counts a time in nanoseconds, rounded to microseconds; negative ones
// count as 0.
func (h *Histogram) record(ns int64) {
	us := uint64(max(ns+500, 0)) / 1000
	if us > MaxMicros {
		us = MaxMicros
	}
	shift := 63 - subBits - bits.LeadingZeros64(us|subMask)
	flat := uint64(shift)<<subBits + us>>shift
	c := h.chunk[flat>>subBits]
	if c == nil {
		c = new([subHalf]uint32)
		h.chunk[flat>>subBits] = c
	}
	c[flat&(subHalf-1)]++
	h.total++
}

// Total is the number of times recorded.
func (h *Histogram) Total() uint64 { return h.total }

// each calls f with each recorded value, the lowest of its bucket, in rising
// order.
func (h *Histogram) each(f func(us int64, n uint32)) {
	for i, c := range h.chunk {
		if c == nil {
			continue
		}
		for j, n := range c {
			if n == 0 {
				continue
			}
			if i == 0 {
				f(int64(j), n)
			} else {
				f(int64(j+subHalf)<<(i-1), n)
			}
		}
	}
}

// AddTo adds what was recorded to an HdrHistogram of 1 to MaxMicros with three
// digits, as if it had been recorded there.
func (h *Histogram) AddTo(to *hdrhistogram.Histogram) {
	if h.total == 0 {
		return
	}
	h.each(func(us int64, n uint32) {
		// The only error is a value out of range, and there is none.
		_ = to.RecordValues(us, int64(n))
	})
}

// NewHDR makes an HdrHistogram that AddTo fits.
func NewHDR() *hdrhistogram.Histogram { return hdrhistogram.New(1, MaxMicros, 3) }

// merge adds another histogram.
func (h *Histogram) merge(from *Histogram) {
	for i, c := range from.chunk {
		if c == nil {
			continue
		}
		if h.chunk[i] == nil {
			h.chunk[i] = new([subHalf]uint32)
		}
		for j, n := range c {
			h.chunk[i][j] += n
		}
	}
	h.total += from.total
}

// reset empties the histogram and keeps its memory.
func (h *Histogram) reset() {
	if h.total == 0 {
		return
	}
	for _, c := range h.chunk {
		if c != nil {
			clear(c[:])
		}
	}
	h.total = 0
}
