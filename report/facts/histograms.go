package facts

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// Histograms are merged histograms by key. Percentiles are never averaged.
type Histograms[K comparable] map[K]*hdrhistogram.PackedHistogram

// Merge adds h to the histogram of k.
func (m Histograms[K]) Merge(k K, h *hdrhistogram.PackedHistogram) {
	if m[k] == nil {
		m[k] = results.NewHistogram()
	}
	m[k].Merge(h)
}
