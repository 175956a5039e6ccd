package facts

import (
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// TestPrediction has the range of each version, with the wait that the winner logged
// and, under delay -1, without one.
func TestPrediction(t *testing.T) {
	redis := func(version string) results.Server {
		return results.Server{Product: results.ProductRedis, Version: version}
	}
	valkey := func(version string) results.Server {
		return results.Server{Product: results.ProductValkey, Version: version}
	}
	for _, tt := range []struct {
		server    results.Server
		directive string
		delay     float64
		low, high float64
	}{
		{redis("7.0.15"), "2000", -1, 2500, 5405},
		{redis("7.0.15"), "2000", 700, 2700, 5105},
		{redis("8.0.2"), "1000", -1, 1500, 3405},
		{redis("6.2.14"), "5000", -1, 5500, 11405},
		{redis("7.0.15"), "", -1, 15500, 31405},
		{redis("7.0.15"), "soon", -1, 15500, 31405},
		{valkey("7.2.9"), "2000", -1, 2500, 5405},
		{valkey("8.0.4"), "2000", -1, 2500, 5405},
		{valkey("8.1.1"), "2000", -1, 2500, 5405},
		{valkey("9.0.1"), "2000", -1, 2066.666667, 4538.333333},
		{valkey("9.0.1"), "30000", -1, 30500, 61405},
		{valkey("9.1.2"), "2000", -1, 2000, 4338.333333},
		// It logs a wait of 0 ms, which is no missing one.
		{valkey("9.1.2"), "2000", 0, 2000, 4205},
		{valkey("9.1.2"), "15000", 0, 15000, 30205},
		{valkey("10.0.0"), "2000", 0, 2000, 4205},
		{results.Server{Product: "another", Version: "9.1.2"}, "2000", 0, 0, 0},
		{results.Server{}, "2000", 700, 0, 0},
	} {
		sc := fixture.Scenario(t)
		sc.Redis.Config = map[string]string{"cluster-node-timeout": tt.directive}
		b := fixture.Quiet()
		b.Run.Versions.Server = tt.server
		var delay *results.Duration
		if tt.delay >= 0 {
			delay = fixture.Ptr(fixture.MS(tt.delay))
		}
		low, high := New(b, sc).predict(delay)
		near := func(a results.Duration, ms float64) bool {
			return max(a-fixture.MS(ms), fixture.MS(ms)-a) <= fixture.MS(0.001)
		}
		if !near(low, tt.low) || !near(high, tt.high) {
			t.Errorf("%s, node-timeout %q, delay %v: %s to %s, want %v to %v ms", tt.server, tt.directive, tt.delay, low, high, tt.low, tt.high)
		}
	}
}

// near reports whether a duration is so many milliseconds, to the microsecond.
func near(a results.Duration, ms float64) bool {
	return max(a-fixture.MS(ms), fixture.MS(ms)-a) <= fixture.MS(0.001)
}

// TestPredictionOfSeveralPrimaries: from 8.1 on, Valkey lets them go one by one.
func TestPredictionOfSeveralPrimaries(t *testing.T) {
	for version, want := range map[string]float64{"8.0.4": 5405, "8.1.1": 5905, "9.0.1": 4605} {
		b := fixture.Killed()
		b.Run.Versions.Server = results.Server{Product: results.ProductValkey, Version: version}
		second := b.Run.Faults[0]
		second.Name, second.Node, second.Shard = "second", "node-1", 1
		b.Run.Faults = append(b.Run.Faults, second)
		if _, high := New(b, fixture.Scenario(t)).predict(nil); !near(high, want) {
			t.Errorf("Valkey %s with two primaries down: at most %s, want %v ms", version, high, want)
		}
	}
}

// TestWaitsThatChange reads the wait of the winner from all lines that changed it.
func TestWaitsThatChange(t *testing.T) {
	at := func(ms float64, kind string, delay float64) results.Event {
		return results.Event{Offset: fixture.MS(ms), Kind: kind, Source: "log", Node: "node-3", Delay: fixture.MS(delay)}
	}
	scheduled := at(2400, results.EventElectionDelay, 612)
	for name, tt := range map[string]struct {
		events []results.Event
		want   float64
	}{
		"as scheduled":        {[]results.Event{scheduled}, 612},
		"at once":             {[]results.Event{at(2400, results.EventElectionDelay, 0)}, 0},
		"another one ahead":   {[]results.Event{scheduled, at(2450, results.EventElectionPostponed, 1000)}, 1612},
		"none ahead any more": {[]results.Event{at(2400, results.EventElectionDelay, 1612), at(2450, results.EventElectionPostponed, -1000)}, 612},
		"the best after all":  {[]results.Event{at(2400, results.EventElectionDelay, 100), at(2437, results.EventElectionHastened, 0)}, 37},
		"a second attempt":    {[]results.Event{scheduled, at(2450, results.EventElectionPostponed, 1000), at(9000, results.EventElectionDelay, 700)}, 700},
	} {
		el := readElection(tt.events, &sighting{at: fixture.MS(10000), node: "node-3"}, func(results.Event) bool { return true })
		if el.delay == nil || *el.delay != fixture.MS(tt.want) {
			t.Errorf("%s: waited %v, want %v ms", name, el.delay, tt.want)
		}
	}
	if el := readElection(nil, &sighting{node: "node-3"}, func(results.Event) bool { return true }); el.delay != nil {
		t.Errorf("nothing was logged, and it waited %s", el.delay)
	}
}
