package native

import (
	"fmt"
	"math"

	"github.com/slotstorm/slotstorm/scenarios"
)

// carried is how many packets per second the process that shapes packets carries beside
// a load on two processors. Source: docs/measurements.md, 'Shaped packets'.
const carried = 30000

// packetsPerRequest are a request and its reply, which acknowledge each other.
const packetsPerRequest = 2

// affordable refuses a fault that more packets would pass than the process that shapes
// them carries. A closed loop waits for its replies: it has no rate to refuse.
func affordable(s *scenarios.Scenario, f scenarios.Fault) error {
	rate := s.Workload.Peak()
	packets := rate * packetsPerRequest * crossing(s, f.Action().Aim())
	if packets <= carried {
		return nil
	}
	return fmt.Errorf("about %.0f packets per second would pass it, of %g requests per second, and slotstorm can delay, lose or hold back %d: lower workload.rate, or name fewer nodes or clients", packets, rate, carried)
}

// crossing is the share of the packets of clients that pass between the sides.
func crossing(s *scenarios.Scenario, a scenarios.Aim) float64 {
	if a.Traffic == "bus" {
		return 0
	}
	one := weigh(s, a.Between, weight{})
	other := weigh(s, a.And, one)
	share := one.clients*other.primaries + other.clients*one.primaries
	if a.Direction == "one-way" {
		share /= 2
	}
	return share
}

// weight is which shares of the clients and of the primaries are on a side.
type weight struct{ clients, primaries float64 }

func weigh(s *scenarios.Scenario, side []scenarios.Party, other weight) (w weight) {
	for _, p := range side {
		switch p.Clients {
		case scenarios.Rest:
			return weight{1 - other.clients, 1 - other.primaries}
		case scenarios.OneGenerator:
			w.clients += 1 / float64(s.Workload.Generators)
		case scenarios.Generators, scenarios.AllClients:
			w.clients = 1
		case "":
			w.primaries += primariesOf(s, p.Target) / float64(s.Redis.Shards)
		}
	}
	return weight{min(1, w.clients), min(1, w.primaries)}
}

// primariesOf is how many primaries a target has at most.
func primariesOf(s *scenarios.Scenario, t scenarios.Target) float64 {
	shards := float64(s.Redis.Shards)
	switch {
	case t.Role == scenarios.Replica:
		return 0
	case t.Count == scenarios.Minority:
		return math.Floor((shards - 1) / 2)
	case t.Count == scenarios.Majority:
		return math.Floor(shards/2) + 1
	case t.Count == scenarios.Every && t.By == scenarios.ByShard && t.Shard == scenarios.AnyShard:
		return shards
	}
	return 1
}
