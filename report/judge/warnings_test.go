package judge

import (
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
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
