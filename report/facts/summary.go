package facts

import (
	"github.com/slotstorm/slotstorm/results"
)

// Measured is a summary without what judges it.
func (a *Analysis) Measured() *results.Summary {
	s := &results.Summary{
		Latency:      a.latency(),
		Shards:       a.byShard(),
		Load:         a.load(),
		Failovers:    a.failovers(),
		Availability: a.availability(),
	}
	s.FailoverStats = distribution(ServerTimes(s.Failovers))
	s.Losses = a.losses(s.Failovers)
	return s
}
