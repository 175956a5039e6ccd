package facts

import (
	"github.com/slotstorm/slotstorm/results"
)

// Measured is a summary without what judges it, and its failovers with what explains
// them, in the same order.
func (a *Analysis) Measured() (*results.Summary, []Failover) {
	s := &results.Summary{
		Latency:      a.latency(),
		Shards:       a.byShard(),
		Load:         a.load(),
		Failovers:    []results.Failover{},
		Availability: a.availability(),
	}
	failovers := a.failovers()
	for _, f := range failovers {
		s.Failovers = append(s.Failovers, f.Failover)
	}
	s.FailoverStats = distribution(ServerTimes(s.Failovers))
	s.Losses = a.losses(s.Failovers)
	for _, of := range []string{"throughput", "p99"} {
		list, _ := a.Recoveries(of, 0)
		s.Recoveries = append(s.Recoveries, list...)
	}
	return s, failovers
}
