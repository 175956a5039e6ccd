package judge

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

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
			[]string{"570 requests were answered with an error that a script or a transaction may meet after its first write (ERR 570): Redis may have executed them; the latency figures do not include them"}},
		{"of each kind", results.PhaseLoad{Counts: results.Counts{Unknown: 6}, Errors: map[string]int{"ERR": 9, "eof": 2, "unreplicated": 3}, Answered: map[string]int{"ERR": 1}},
			[]string{
				"2 requests got no answer: Redis may have executed them; the latency figures do not include them",
				"1 request was answered with an error that a script or a transaction may meet after its first write (ERR 1): Redis may have executed it; the latency figures do not include it",
				"3 writes were acknowledged by too few replicas: the primary executed them and may lose them; the latency figures do not include them",
			}},
	} {
		if got := unknownWarnings(&tc.load); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}
