package sections

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// TestMatrixRowOfWhatWasNotSeen: a value that was not measured is a dash, and losses of an audit
// that could not read everything back are a lower bound.
func TestMatrixRowOfWhatWasNotSeen(t *testing.T) {
	row := func(change func(r *results.Run, s *results.Summary)) []string {
		b := fixture.Killed()
		s, err := judge.Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		change(&b.Run, s)
		// verdict, acknowledged, lost, failover, client, outage
		return matrixRow(judge.Judged{Run: &b.Run, Summary: s})[1:6]
	}
	for name, tt := range map[string]struct {
		change func(r *results.Run, s *results.Summary)
		want   []string
	}{
		"all seen":       {func(*results.Run, *results.Summary) {}, []string{"3,480", "0", "3.00 s", "4.25 s", "3.06 s"}},
		"altered writes": {func(r *results.Run, _ *results.Summary) { r.Audit.Lost, r.Audit.Altered = 2, 3 }, []string{"3,480", "5", "3.00 s", "4.25 s", "3.06 s"}},
		"partial audit":  {func(r *results.Run, _ *results.Summary) { r.Audit.ReadBack = 0 }, []string{"3,480", "–", "3.00 s", "4.25 s", "3.06 s"}},
		"losses of a partial audit": {func(r *results.Run, _ *results.Summary) { r.Audit.ReadBack, r.Audit.Lost = 7, 2 },
			[]string{"3,480", "≥ 2", "3.00 s", "4.25 s", "3.06 s"}},
		"no probe": {func(_ *results.Run, s *results.Summary) { s.Availability = results.Availability{} }, []string{"3,480", "0", "3.00 s", "4.25 s", "–"}},
		"a later failover without the client": {func(_ *results.Run, s *results.Summary) {
			s.Failovers = append(s.Failovers, results.Failover{From: "node-1", To: "node-4", Complete: true, Server: fixture.MS(2000)})
		}, []string{"3,480", "0", "2.00 s", "–", "3.06 s"}},
	} {
		if got := row(tt.change); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
