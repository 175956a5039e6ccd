// Package frame collects the outcomes and times of requests into frames of one second.
package frame

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// Sink takes the frames of generators. wall is the start of the frame's second.
type Sink func(f results.Frame, wall time.Time, histograms map[string]*hdrhistogram.Histogram) error

// Progress is the state of a load for a live display.
type Progress struct {
	// Requests and Errors count since the start; InFlight is now.
	Requests, Errors, InFlight int64
	// Rate is ok replies in the last whole second; P99 their response time.
	Rate float64
	P99  time.Duration
	// Last is when the last request ended, as an offset from the start.
	Last time.Duration
}

// Second is the number of the second that an offset from the start lies in.
func Second(offset time.Duration) int { return int(offset / time.Second) }

// Times are those of one request, in the order of histograms.
var Times = [3]results.Time{results.Response, results.Service, results.Slip}

// Histogram gives the histogram of a tag, and makes it if there is none.
func Histogram(histograms map[string]*hdrhistogram.Histogram, tag string) *hdrhistogram.Histogram {
	h := histograms[tag]
	if h == nil {
		h = newHistogram()
		histograms[tag] = h
	}
	return h
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
}
