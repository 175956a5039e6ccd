package scenarios

import (
	"fmt"
	"slices"
	"testing"
)

// TestRemarksOnALoadThatDecidesNothing: a verdict needs some requests before anything breaks.
func TestRemarksOnALoadThatDecidesNothing(t *testing.T) {
	remark := func(at string, due int) []string {
		return []string{fmt.Sprintf("%s: %d requests are due in the whole seconds before the first fault; with fewer than 100 the verdict is inconclusive: raise workload.rate, or inject the fault later", at, due)}
	}
	for text, want := range map[string][]string{
		"workload: {rate: 10, warmup: 5s}\ntimeline: {phases: [{name: a, duration: 10s}]}":                                                                              nil,
		"workload: {rate: 9, warmup: 5s}\ntimeline: {phases: [{name: a, duration: 10s}, {name: b, duration: 10s}]}":                                                     remark("timeline.phases[0].duration", 90),
		"workload: {rate: 50}\ntimeline: {phases: [{name: a, duration: 60s}], faults: [{name: f, at: 1900ms, kill: {target: primary of shard 0}}]}":                     remark("timeline.faults[0].at", 50),
		"workload: {rate: 50}\ntimeline: {phases: [{name: a, duration: 60s}], faults: [{name: f, at: 2s, kill: {target: primary of shard 0}}]}":                         nil,
		"workload: {rate: max, client: {type: wire}}\ntimeline: {phases: [{name: a, duration: 60s}], faults: [{name: f, at: 0s, kill: {target: primary of shard 0}}]}":  remark("timeline.faults[0].at", 0),
		"workload: {rate: max, client: {type: wire}}\ntimeline: {phases: [{name: a, duration: 60s}], faults: [{name: f, at: 10s, kill: {target: primary of shard 0}}]}": nil,
	} {
		s, err := Parse("a.yaml", []byte("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: test}\n"+text+"\n"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := s.Remarks(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
