package compare

import (
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
)

// threshold is the smallest difference of a figure that matters in practice.
type threshold struct {
	// Share of A's value; Floor in the figure's unit. The larger one counts.
	Share float64 `json:"share"`
	Floor float64 `json:"floor"`
}

// of is the threshold in the figure's unit beside a value of A.
func (t threshold) of(value float64) float64 { return max(t.Floor, t.Share*max(value, -value)) }

// defaultThreshold suits a metric: what many requests decide repeats better than
// what a few do. Floors keep figures near zero from being compared by shares: 20
// µs of latency, 50 ms of an outage, a thousandth of availability, one write.
func defaultThreshold(metric string) threshold {
	family, rest, _ := strings.Cut(metric, ".")
	switch family {
	case "throughput":
		return threshold{Share: 0.05}
	case "availability":
		return threshold{Floor: 0.001}
	case "response", "service", "slip":
		share := 0.10
		if rest == "p50" || rest == "mean" {
			share = 0.05
		}
		return threshold{Share: share, Floor: (20 * time.Microsecond).Seconds()}
	case "failover", "outage", "recovery":
		return threshold{Share: 0.10, Floor: (50 * time.Millisecond).Seconds()}
	}
	return threshold{Share: 0.10, Floor: 1}
}

// judgedByDefault reports whether a figure decides a comparison: few, so that noise
// has few chances, and each a question that people ask. The latency is that of
// the steady phase, before anything breaks; what a fault did shows in the rest.
// Service time leaves out how late the generator was: a busy machine blurs it less.
// In an open loop the schedule decides the throughput, so availability says more.
func judgedByDefault(id FigureID, steady string, closedLoop bool) bool {
	switch id.Metric {
	case "throughput":
		return closedLoop && id.Phase == facts.All && id.Command == facts.All
	case "availability":
		return id.Phase == facts.All && id.Command == facts.All
	case "response.p50", "response.p99", "service.p50":
		return id.Phase == steady && id.Command == facts.All
	}
	return slices.Contains([]string{"failover.server", "failover.client", "writes.lost"}, id.Metric)
}
