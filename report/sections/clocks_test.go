package sections

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

func TestClocks(t *testing.T) {
	at := func(offset, uncertainty float64) results.ClockOffset {
		return results.ClockOffset{Offset: fixture.MS(offset), Uncertainty: fixture.MS(uncertainty)}
	}
	for _, tc := range []struct {
		name   string
		clocks []results.ClockOffset
		row    []string
		warned string
	}{
		{"two machines", []results.ClockOffset{at(1203.25, 0.4), at(1203.5, 0.3)}, []string{"0", "pod g-0 on worker", "+1.20 s ± 400 µs", "+1.20 s ± 300 µs"}, ""},
		{"behind", []results.ClockOffset{at(-2.5, 0.4), at(-2.5, 0.3)}, []string{"0", "pod g-0 on worker", "−2.50 ms ± 400 µs", "−2.50 ms ± 300 µs"}, ""},
		{"drifting", []results.ClockOffset{at(0.1, 0.4), at(-30, 0.3)}, []string{"0", "pod g-0 on worker", "+100 µs ± 400 µs", "−30.0 ms ± 300 µs"}, "drifted by 30.1 ms"},
		{"as uncertain as that", []results.ClockOffset{at(0, 0.4), at(30, 28)}, []string{"0", "pod g-0 on worker", "+0 s ± 400 µs", "+30.0 ms ± 28.0 ms"}, ""},
		{"lost", []results.ClockOffset{at(1, 0.4)}, []string{"0", "pod g-0 on worker", "+1.00 ms ± 400 µs", words.None}, "not measured at the end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := fixture.Quiet()
			b.Run.Generators = []results.Generator{{Place: "pod g-0 on worker", Clocks: tc.clocks}}
			if diff := deep.Diff([][]string{tc.row}, clockTable(&b.Run).Rows); diff != "" {
				t.Error(diff)
			}
			got := strings.Join(judge.Summary(facts.New(b, fixture.Scenario(t))).Warnings, "\n")
			if tc.warned == "" && strings.Contains(got, "clock") || !strings.Contains(got, tc.warned) {
				t.Errorf("warnings: %s", got)
			}
		})
	}
}
