package explore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

const trace = `panic: runtime error: index out of range [7] with length 3

goroutine 41 [running]:
runtime.gopanic({0x1, 0x2})
	/usr/local/go/src/runtime/panic.go:792 +0x132
github.com/slotstorm/slotstorm/report/facts.(*Analysis).owner(0xc000123456, 0x7)
	/src/report/facts/owners.go:41 +0x1d
`

// TestProcess: how a process ends, and what it leaves.
func TestProcess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		e    Ended
		want []string
	}{
		{"pass", Ended{Code: 0, Dir: "x"}, nil},
		{"fail", Ended{Code: 4, Dir: "x"}, nil},
		{"inconclusive", Ended{Code: 5, Dir: "x"}, nil},
		{"a crash", Ended{Code: 134, Log: "slotstorm: something\n" + trace, Dir: "x"}, []string{"crash: report/facts.(*Analysis).owner"}},
		{"a race", Ended{Code: 66, Log: "WARNING: DATA RACE\nRead at 0x1 by goroutine 7:\ngithub.com/slotstorm/slotstorm/chaos.Storm()\n"}, []string{"crash: chaos.Storm"}},
		{"a crash elsewhere", Ended{Code: 2, Log: "fatal error: out of memory 12\n"}, []string{"crash: fatal error: out of memory #"}},
		{"a hang", Ended{Code: -1, Hung: true, Limit: time.Minute}, []string{"hang"}},
		{"an error", Ended{Code: 1, Log: "slotstorm: writing x: no space left\n"}, []string{"error: exit code 1"}},
		{"unhealed, which the bundle says", Ended{Code: 7, Dir: "x"}, nil},
		{"no folder", Ended{Code: 5}, []string{"error: no folder"}},
		{"leftovers", Ended{Dir: "x", Left: []string{"a process: redis-server 127.0.1.3:6379", "volumes/ in the folder of the run"}},
			[]string{"left behind: a process: redis-server #", "left behind: volumes/ in the folder of the run"}},
	} {
		var got []string
		for _, v := range process(tt.e) {
			got = append(got, v.Key())
			if v.What == "" {
				t.Errorf("%s: %s says nothing", tt.name, v.Key())
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// sound is a bundle of which each part is as it should be.
func sound() *results.Bundle {
	b := &results.Bundle{Seal: &results.Sealed{}}
	b.Run = results.Run{
		HealthyBefore: true, HealthyAfter: true, LoadEnd: results.DurationOf(3 * time.Second),
		Audit:   &results.Audit{Writes: 3, OK: 1, Failed: 1, Unknown: 1},
		Faults:  []results.Fault{{Name: "kill-1", Kind: "kill", Status: results.StatusHealed, Injected: 10, Proved: 20, Verified: 90}},
		Summary: &results.Summary{Verdict: results.Pass, Availability: results.Availability{All: 1, Any: 2, Observed: 3}},
	}
	b.Writes = make([]results.Write, 3)
	b.Frames = []results.Frame{{Seq: 0}, {Seq: 1}, {Seq: 2}}
	return b
}

// TestParts: each rule finds what breaks it, and nothing in a sound bundle.
// lost are lost writes with a cause.
func lost(cause string, n int) []results.Finding {
	return slices.Repeat([]results.Finding{{Class: results.ClassLost, Cause: cause}}, n)
}

func TestParts(t *testing.T) {
	t.Parallel()
	other := results.Fault{Name: "pause-2", Kind: "pause", Status: results.StatusHealed, Injected: 80, Proved: 85, Verified: 99}
	for _, tt := range []struct {
		want string
		edit func(*results.Bundle)
	}{
		{"", func(*results.Bundle) {}},
		{"ledger: outcomes", func(b *results.Bundle) { b.Run.Audit.OK = 2 }},
		{"ledger: outcomes", func(b *results.Bundle) { b.Writes = b.Writes[1:] }},
		{"", func(b *results.Bundle) { // a write that found no free client
			b.Writes, b.Run.Audit.Overflow = append(b.Writes, results.Write{Outcome: string(results.Overflow)}), b.Run.Audit.Overflow+1
		}},
		{"ledger: lost", func(b *results.Bundle) { b.Run.Audit.Lost = 1 }},
		{"", func(b *results.Bundle) { b.Run.Audit.Lost, b.Findings = 1, lost(results.CauseAsyncTail, 1) }},
		{"loss: lost", func(b *results.Bundle) { b.Run.Audit.Lost, b.Findings = 2, lost(results.CauseUnexplained, 2) }},
		{"loss: phantom", func(b *results.Bundle) { b.Findings = []results.Finding{{Class: results.ClassPhantom}} }},
		{"loss: failed-kept", func(b *results.Bundle) { b.Findings = []results.Finding{{Class: results.ClassFailedKept}} }},
		{"fault: unproved kill", func(b *results.Bundle) { b.Run.Faults[0].Status = results.StatusUnproved }},
		{"", func(b *results.Bundle) {
			b.Run.Faults[0].Status, b.Run.Faults = results.StatusUnproved, append(b.Run.Faults, other)
		}},
		{"", func(b *results.Bundle) {
			b.Run.Faults[0].Status, b.Run.Faults[0].Takes = results.StatusUnproved, results.TakesRole
		}},
		{"", func(b *results.Bundle) { b.Run.Faults[0].Status = results.StatusRefused }},
		{"fault: unhealed kill", func(b *results.Bundle) { b.Run.Faults[0].Status = results.StatusUnhealed }},
		{"", func(b *results.Bundle) { // a server does not start on what a power failure left
			b.Run.Faults[0].Status, b.Run.Faults[0].Unsyncs, b.Run.HealthyAfter = results.StatusUnhealed, true, false
		}},
		{"fault: status", func(b *results.Bundle) { b.Run.Faults[0].Status = "half" }},
		{"evidence: reasons", func(b *results.Bundle) { b.Run.Summary.Verdict = results.Invalid }},
		{"evidence: objective failovers", func(b *results.Bundle) {
			b.Run.Summary.Objectives = []results.Objective{{Metric: "failovers"}}
		}},
		{"evidence: frames", func(b *results.Bundle) { b.Frames = b.Frames[:2] }},
		{"evidence: availability", func(b *results.Bundle) { b.Run.Summary.Availability.All = 5 }},
		{"evidence: steps", func(b *results.Bundle) {
			b.Run.Summary.Failovers = []results.Failover{{Steps: []results.Step{{Name: "FAIL", At: 9}, {Name: "promoted", At: 5}}}}
		}},
		{"", func(b *results.Bundle) {
			b.Run.Summary.Failovers = []results.Failover{{Steps: []results.Step{{Name: "FAIL", At: 9}, {Name: "promoted", At: 5, Missing: true}}}}
		}},
	} {
		b := sound()
		tt.edit(b)
		var got []string
		for _, v := range slices.Concat(audited(b), faults(b), evidence(b)) {
			got = append(got, v.Key())
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestRecordedRuns: bundles of real runs break no invariant, and those that were changed
// do.
func TestRecordedRuns(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("../../examples/nightly/runs/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	list, b := Judge(Ended{Dir: dirs[0]})
	// An older version derived the report.
	list = slices.DeleteFunc(list, func(v Violation) bool { return v.Rule == RuleRepeats })
	if b == nil || len(list) > 0 {
		t.Errorf("%s: %v", dirs[0], list)
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(dirs[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, results.SeriesFile), 100); err != nil {
		t.Fatal(err)
	}
	if list, _ := Judge(Ended{Dir: dir}); len(list) != 1 || list[0].Rule != RuleBundle {
		t.Errorf("a file that was cut short gives %v", list)
	}
	if list, _ := Judge(Ended{Dir: dir, Hung: true}); len(list) != 1 || list[0].Rule != RuleHang {
		t.Errorf("a folder of a run that hung gives %v", list)
	}
}

// TestCoverage: the phase of a fault is that of the others.
func TestCoverage(t *testing.T) {
	t.Parallel()
	hit := func(name, kind, role string, from, to results.Duration) results.Fault {
		return results.Fault{Name: name, Kind: kind, Injected: from, Proved: from, Verified: to, Nodes: []results.Hit{{Node: "n", Role: role}}}
	}
	r := &results.Run{Faults: []results.Fault{
		hit("a", "kill", "primary", 10, 20), hit("b", "pause", "replica", 15, 18), hit("c", "kill", "primary", 40, 50),
		{Name: "d", Kind: "cpu", Status: results.StatusRefused, Nodes: []results.Hit{{Role: "primary"}}},
	}}
	got := Covered(r)
	want := []Cell{{"kill", "primary", PhaseWhole}, {"pause", "replica", PhaseDuring}, {"kill", "primary", PhaseAfter}}
	if !slices.Equal(got, want) {
		t.Errorf("covered %v, want %v", got, want)
	}
}
