package judge

import (
	"math"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// with gives b's scenario these objectives.
func with(t *testing.T, b *results.Bundle, objectives string) *scenarios.Scenario {
	t.Helper()
	text := string(b.Scenario)
	b.Scenario = []byte(text[:strings.Index(text, "objectives:")] + "objectives:\n" + objectives)
	sc, err := scenarios.Parse("test.yaml", b.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

const relativeObjectives = `
  - {metric: response.p50, phase: steady, max: baseline+10%}
  - {metric: throughput, min: baseline-5%}
  - {metric: failover.server, max: baseline+500ms}
  - {metric: writes.lost, max: baseline}
`

func TestRelativeObjectives(t *testing.T) {
	slow := fixture.Night(7, 1.3, fixture.Killed)
	sc := with(t, slow, relativeObjectives)
	s := summary(t, slow)
	if s.Verdict != results.Inconclusive || !strings.Contains(s.Objectives[0].Evidence, "--baseline RUN names one") {
		t.Errorf("without a baseline: %s, %+v", s.Verdict, s.Objectives[0])
	}
	var runs []*results.Bundle
	for i := range 3 {
		runs = append(runs, fixture.Night(uint64(i), 1, fixture.Killed))
	}
	base, err := Baseline(sc, runs)
	if err != nil {
		t.Fatal(err)
	}
	if v := base.Values["failover.server"]; v.N != 3 || math.Abs(v.Value-3.004) > 1e-9 || len(base.Runs) != 3 {
		t.Errorf("the baseline is %+v", base)
	}
	slow.Run.Baseline = base
	s = summary(t, slow)
	p50, failover := s.Objectives[0], s.Objectives[2]
	if p50.Result != results.Fail || *p50.Margin > -0.1 || !strings.HasPrefix(p50.Bound, "≤ baseline+10% (") || !strings.Contains(p50.Evidence, "the baseline's") {
		t.Errorf("30 %% slower: %+v", p50)
	}
	if failover.Result != results.Pass || failover.Bound != "≤ baseline+500ms (3.50 s)" || s.Verdict != results.Fail {
		t.Errorf("%s, %+v", s.Verdict, failover)
	}
	if s.Objectives[3].Result != results.Pass {
		t.Errorf("as many lost as the baseline: %+v", s.Objectives[3])
	}
	for _, text := range s.Warnings {
		if strings.Contains(text, "baseline") {
			t.Errorf("a baseline of the same load and machine is warned of: %s", text)
		}
	}
	slow.Run.Environment.CPUs = 96
	slow.Run.Scenario = []byte(`{"workload": {"rate": 9}}`)
	text := strings.Join(summary(t, slow).Warnings, "\n")
	for _, want := range []string{"another machine", "another load"} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings %q lack %q", text, want)
		}
	}
	runs[0].Run.HealthyBefore, runs[1].Run.HealthyBefore, runs[2].Run.HealthyBefore = false, false, false
	if _, err := Baseline(sc, runs); err == nil {
		t.Error("runs whose figures do not count make a baseline")
	}
}

func TestNarrowObjectives(t *testing.T) {
	b := fixture.Killed()
	with(t, b, `
  - {metric: outage.shard, shard: 0, max: 4s}
  - {metric: outage.shard, shard: 1, max: 1s}
  - {metric: failover.server, shard: 0, max: 4s}
  - {metric: failover.server, shard: 1, max: 4s}
  - {metric: failover.pfail, max: 3s}
  - {metric: failover.election, max: 500ms}
  - {metric: failover.synced, max: 10s}
  - {metric: failovers, shard: 2, max: 0}
  - {metric: response.p99, shard: 1, phase: steady, max: 20ms}
  - {metric: writes.kept, max: 0}
  - {metric: writes.lost, shard: 1, max: 0}
`)
	want := []results.Verdict{results.Pass, results.Pass, results.Pass, results.Inconclusive, results.Pass, results.Fail, results.Pass, results.Pass, results.Pass, results.Pass, results.Pass}
	for i, o := range summary(t, b).Objectives {
		if o.Result != want[i] {
			t.Errorf("%s: %s, %s (%s), want %s", o.Name, o.Result, o.Shown, o.Evidence, want[i])
		}
	}
}

func TestRecovery(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*results.Bundle)
		want   float64
		result results.Verdict
	}{
		// The kill acts 2 ms into the second 13 of the load; second 16 has 60 %
		// bad, second 17 has 9 %, which is within 10 %.
		{"after four seconds", func(*results.Bundle) {}, 3.998, results.Pass},
		{"at once", func(b *results.Bundle) { b.Frames = fixture.Quiet().Frames }, 0, results.Pass},
		{"relapses", func(b *results.Bundle) {
			b.Frames[19].Commands = map[string]results.Counts{"GET": {OK: 100, Failed: 900}}
		}, 6.998, results.Pass},
		{"never", func(b *results.Bundle) {
			for s := 13; s < 38; s++ {
				b.Frames[s].Commands = map[string]results.Counts{"GET": {OK: 100, Failed: 900}}
			}
		}, 24.998, results.Fail},
		{"nothing is due any more", func(b *results.Bundle) {
			for s := 13; s < 38; s++ {
				b.Frames[s].Commands = nil
			}
		}, 0, results.Inconclusive},
		{"nothing is due for some seconds", func(b *results.Bundle) {
			b.Frames[17].Commands, b.Frames[18].Commands = nil, nil
		}, 3.998, results.Pass},
		{"another fault in the same second", func(b *results.Bundle) {
			again := b.Run.Faults[0]
			again.Name, again.Injected = "again", again.Injected+fixture.MS(200)
			b.Run.Faults = append(b.Run.Faults, again)
		}, 3.998, results.Pass},
		{"another fault two seconds later", func(b *results.Bundle) {
			again := b.Run.Faults[0]
			again.Name, again.Injected = "again", again.Injected+fixture.MS(2000)
			b.Run.Faults = append(b.Run.Faults, again)
		}, 3.998, results.Pass},
		{"a fault in the last second", func(b *results.Bundle) {
			b.Frames = fixture.Quiet().Frames
			b.Run.Faults[0].Injected = b.Run.LoadStart + fixture.MS(36_500)
		}, 0, results.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := fixture.Killed()
			with(t, b, "\n  - {metric: recovery.throughput, max: 20s}\n  - {metric: recovery.p99, within: 1, max: 20s}\n")
			tt.change(b)
			o := summary(t, b).Objectives[0]
			if o.Value == nil || math.Abs(*o.Value-tt.want) > 1e-9 || o.Result != tt.result {
				t.Errorf("%+v, want %v s and %s", o, tt.want, tt.result)
			}
		})
	}
}

// TestABaselineIsOneThingMeasuredAgain: the median of runs at two rates is no value of
// either, and a single run does not show how far runs differ by chance.
func TestABaselineIsOneThingMeasuredAgain(t *testing.T) {
	b := fixture.Night(7, 1, fixture.Killed)
	sc := with(t, b, relativeObjectives)
	other := fixture.Night(1, 1, fixture.Killed)
	other.Run.Scenario = []byte(`{"redis": {"shards": 3}, "workload": {"rate": 2000}}`)
	if _, err := Baseline(sc, []*results.Bundle{fixture.Night(0, 1, fixture.Killed), other}); err == nil || !strings.Contains(err.Error(), "differ in load or timeline") {
		t.Errorf("runs at two rates: %v", err)
	}
	for n, want := range map[int]bool{1: true, 2: false} {
		var runs []*results.Bundle
		for i := range n {
			runs = append(runs, fixture.Night(uint64(i), 1, fixture.Killed))
		}
		base, err := Baseline(sc, runs)
		if err != nil {
			t.Fatal(err)
		}
		b.Run.Baseline = base
		if got := strings.Contains(strings.Join(summary(t, b).Warnings, "\n"), "the baseline is a single run"); got != want {
			t.Errorf("%d runs: the warning is given: %v", n, got)
		}
	}
}
