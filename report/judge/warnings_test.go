package judge

import (
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// A primary that served until some time after the fault was down for less than the failover
// took.
func TestDriftWarnings(t *testing.T) {
	const differs = "the probe saw an outage of"
	for name, tc := range map[string]struct {
		ended, outage float64
		want          bool
	}{
		"at once":                  {8, 3007, false},
		"later, and served until":  {732, 2275, false},
		"later, without serving":   {732, 3007, false},
		"later, and served longer": {732, 1000, true},
		"at once, and served more": {8, 2275, true},
	} {
		b := fixture.Killed()
		b.Events[1].Offset = fixture.MS(fixture.Injected + tc.ended)
		b.Run.ProbeOutages[0].From = b.Run.ProbeOutages[0].To - fixture.MS(tc.outage)
		s := summary(t, b)
		if got := strings.Contains(strings.Join(s.Warnings, "\n"), differs); got != tc.want {
			t.Errorf("%s: %q", name, s.Warnings)
		}
	}
}

// A warning about requests of unknown outcome says which were answered.
func TestUnknownWarnings(t *testing.T) {
	for _, tc := range []struct {
		name string
		load results.PhaseLoad
		want []string
	}{
		{"without an answer", results.PhaseLoad{Counts: results.Counts{Unknown: 2}, Errors: map[string]int{"timeout": 2}},
			[]string{"2 requests got no answer: Redis may have executed them; the latency figures do not include them"}},
		{"answered", results.PhaseLoad{Counts: results.Counts{Unknown: 570}, Errors: map[string]int{"ERR": 570}, Answered: map[string]int{"ERR": 570}},
			[]string{"570 requests were answered with an error that can come after an execution (ERR 570): Redis may have executed them; the latency figures do not include them"}},
		{"of each kind", results.PhaseLoad{Counts: results.Counts{Unknown: 6}, Errors: map[string]int{"ERR": 9, "eof": 2, "unreplicated": 3}, Answered: map[string]int{"ERR": 1}},
			[]string{
				"2 requests got no answer: Redis may have executed them; the latency figures do not include them",
				"1 request was answered with an error that can come after an execution (ERR 1): Redis may have executed it; the latency figures do not include it",
				"3 writes were acknowledged by too few replicas: the primary executed them and may lose them; the latency figures do not include them",
			}},
	} {
		if got := unknownWarnings(&tc.load); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

// Limits of processors that neither the scenario nor slotstorm set are a warning.
func TestThrottledPods(t *testing.T) {
	of := func(b *results.Bundle, s *scenarios.Scenario) string {
		for _, w := range Summary(facts.New(b, s)).Warnings {
			if strings.Contains(w, "limit of processors") {
				return w
			}
		}
		return ""
	}
	b, s := fixture.OnPods(), fixture.Scenario(t)
	if got := of(b, s); got != "" {
		t.Errorf("without a limit: %s", got)
	}
	pods := b.Run.Environment.Kubernetes.Pods
	pods[0].CPULimit, pods[len(pods)-1].CPULimit, pods[1].CPULimit = "500m", "500m", "500m" // node-0 twice
	if got := of(b, s); !strings.HasPrefix(got, "2 pods have a limit of processors that the scenario does not state (node-0 500m)") {
		t.Errorf("with a limit: %s", got)
	}
	s.Redis.Resources = &scenarios.Resources{CPU: "500m"}
	if got := of(b, s); got != "" {
		t.Errorf("with a limit that is stated: %s", got)
	}
	b.Run.Environment.Kubernetes.Pods = append(pods, results.Pod{Name: "slotstorm-load-0", UID: "g", CPULimit: "1"})
	if got := of(b, s); !strings.HasPrefix(got, "1 pod has") {
		t.Errorf("a generator: %s", got)
	}
}
