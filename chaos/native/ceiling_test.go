package native

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// A load is refused by the packets that pass between the sides of a fault, and not by
// its rate alone.
func TestLoadsThatCannotBeShaped(t *testing.T) {
	for name, tc := range map[string]struct{ workload, fault, refused string }{
		"all of a high rate":      {"rate: 16000", "delay: {between: [clients], latency: 5ms}", "about 32000 packets per second"},
		"all of a low rate":       {"rate: 14000", "delay: {between: [clients], latency: 5ms}", ""},
		"one of three shards":     {"rate: 40000", "loss: {between: [primary of shard 0], percent: 1}", ""},
		"one shard, too much":     {"rate: 60000", "loss: {between: [primary of shard 0], percent: 1}", "about 40000 packets per second"},
		"one direction":           {"rate: 60000", "loss: {between: [primary of shard 0], percent: 1, direction: one-way}", ""},
		"the bus":                 {"rate: 90000", "delay: {between: [all nodes], and: [clients], latency: 5ms, traffic: bus}", ""},
		"replicas":                {"rate: 90000", "delay: {between: [all replicas], latency: 5ms}", ""},
		"one of two generators":   {"rate: 40000, generators: 2", "delay: {between: [generator 0], latency: 5ms}", "about 40000 packets per second"},
		"a closed loop":           {"rate: max", "delay: {between: [clients], latency: 5ms}", ""},
		"a burst":                 {"rate: 10, pattern: {bursts: {rate: 20000, length: 1s, every: 5s}}", "bandwidth: {between: [clients], kBps: 5}", "of 20000 requests per second"},
		"nodes beside each other": {"rate: 90000", "delay: {between: [all primaries], and: [all replicas], latency: 5ms}", ""},
	} {
		s, err := scenarios.Parse("test.yaml", []byte("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: test}\nworkload: {"+tc.workload+"}\ntimeline: {phases: [{name: a, duration: 120s}], faults: [{name: f, at: 1s, duration: 2s, "+tc.fault+"}]}\n"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = affordable(s, s.Timeline.Faults[0])
		if (err == nil) != (tc.refused == "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
