package plot

import (
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestSeriesBins(t *testing.T) {
	b := fixture.Quiet()
	if sr := newSeries(b); sr.width != 1 || len(sr.bins) != 38 || sr.bins[0].from != -3 || len(sr.bins[0].quantiles) != 3 {
		t.Errorf("38 s: width %d, %d bins, the first %+v", sr.width, len(sr.bins), sr.bins[0])
	}
	for s := 38; s < 2*maxBins; s++ {
		b.Frames = append(b.Frames, results.Frame{Seq: s, Commands: map[string]results.Counts{"GET": {OK: 10}}})
	}
	sr := newSeries(b)
	if sr.width != 2 || len(sr.bins) != maxBins {
		t.Fatalf("%d s: width %d, %d bins", 2*maxBins, sr.width, len(sr.bins))
	}
	last := sr.bins[maxBins-1]
	if sr.perSecond(last.counts.OK) != 10 || last.quantiles != nil {
		t.Errorf("the last bin: %+v", last)
	}
}
