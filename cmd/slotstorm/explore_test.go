package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/explore"
	"github.com/slotstorm/slotstorm/internal/explore/trial"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// tries makes the runs of explore: sound ones, but those of a scenario that flawed
// picks crash.
func tries(t *testing.T, b *bench, flawed func(*scenarios.Scenario) bool) {
	t.Helper()
	b.canEncrypt = func(context.Context, string) bool { return true }
	s, err := scenarios.Load("steady", "timeline.phases=[{name: steady, duration: 2s}]", "workload.warmup=0s", "objectives=null", "workload.generators=1", "workload.audit=null")
	if err != nil {
		t.Fatal(err)
	}
	whole := soundRun(t, t.TempDir(), s)
	b.try = func(_ context.Context, r trial.Request) (explore.Ended, error) {
		s, err := scenarios.Parse("trial", r.Scenario)
		if err != nil {
			t.Errorf("a trial of an invalid scenario: %v", err)
			return explore.Ended{}, err
		}
		if err := os.MkdirAll(r.Dir, 0o755); err != nil {
			return explore.Ended{}, err
		}
		if err := os.WriteFile(filepath.Join(r.Dir, trial.ScenarioFile), r.Scenario, 0o644); err != nil {
			return explore.Ended{}, err
		}
		if flawed(s) {
			return explore.Ended{Code: 134, Log: "panic: two at once\n", Took: 20 * time.Second}, nil
		}
		dir := filepath.Join(r.Dir, filepath.Base(whole))
		return explore.Ended{Dir: dir, Took: 20 * time.Second}, os.CopyFS(dir, os.DirFS(whole))
	}
}

// soundRun is the bundle of a run of s in which no fault acted.
func soundRun(t *testing.T, root string, s *scenarios.Scenario) (dir string) {
	t.Helper()
	made := played(t, root, 0, s, false)
	summary, err := judge.Analyze(made)
	if err != nil {
		t.Fatal(err)
	}
	r := made.Run
	r.Summary = summary
	raw, err := json.Marshal(&r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(results.WriteFile(filepath.Join(made.Dir, results.RunFile), raw), results.Seal(made.Dir)); err != nil {
		t.Fatal(err)
	}
	return made.Dir
}

func hasBoth(one, two string) func(*scenarios.Scenario) bool {
	return func(s *scenarios.Scenario) bool {
		kinds := map[string]bool{}
		for _, f := range s.Timeline.Faults {
			kinds[f.Kind()] = true
		}
		return kinds[one] && kinds[two]
	}
}

// TestExploreFindsAPlantedPair: the folder of the finding holds a scenario with these two
// faults alone, and the exit code says that there is one.
func TestExploreFindsAPlantedPair(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tries(t, b, hasBoth("pause", "isolate"))
	root := t.TempDir()
	code, stdout, stderr := b.do("explore", "--seed", "8", "--seeds", "3", "--out", root, "--isolation", "namespaces", "--tries", "60", "--faults", "kill,pause,isolate,failover")
	if code != exitFailed {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "3 seeds in ", "crash: panic: two at once", "Repeat them:\n  slotstorm run ", "combinations of fault, role and phase")
	contains(t, stderr, "FINDING crash", "shrinking, run 1", "kept with 2 of ")
	found, err := filepath.Glob(filepath.Join(root, "20260304T050607Z", "finding-*", explore.FindingFile))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	s, err := scenarios.Load(filepath.Join(filepath.Dir(found[0]), trial.ScenarioFile))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Timeline.Faults) != 2 || !hasBoth("pause", "isolate")(s) {
		t.Errorf("the finding has the faults %+v", s.Timeline.Faults)
	}
	if _, err := scenarios.Load(filepath.Join(filepath.Dir(found[0]), explore.DrawnFile)); err != nil {
		t.Error(err)
	}
}

// TestExploreWithoutFinding: nothing is left but the answer, which is the JSON as well.
func TestExploreWithoutFinding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tries(t, b, func(*scenarios.Scenario) bool { return false })
	root := t.TempDir()
	code, stdout, stderr := b.do("explore", "--seeds", "2", "--jobs", "2", "--out", root, "--isolation", "namespaces", "--json")
	if code != exitOK {
		t.Fatalf("exit code %d: %s %s", code, stdout, stderr)
	}
	var got explore.Answer
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Seeds != 2 || len(got.Findings) != 0 || got.Coverage.Verdicts == nil {
		t.Errorf("%v in\n%s", err, stdout)
	}
	left, err := os.ReadDir(filepath.Join(root, "20260304T050607Z"))
	if err != nil || len(left) != 1 || left[0].Name() != "explore.json" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestExploreOnAMachineThatCannot: the first run says why none is possible.
func TestExploreOnAMachineThatCannot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.canEncrypt = func(context.Context, string) bool { return false }
	b.try = func(context.Context, trial.Request) (explore.Ended, error) {
		return explore.Ended{Code: int(exitEnvironment), Log: "slotstorm: redis-server is not on PATH\n"}, nil
	}
	root := t.TempDir()
	code, stdout, stderr := b.do("explore", "--out", root)
	if code != exitEnvironment || stdout != "" {
		t.Errorf("exit code %d, printed %q", code, stdout)
	}
	contains(t, stderr, "no run is possible", "redis-server is not on PATH")
	b.try = func(context.Context, trial.Request) (explore.Ended, error) {
		return explore.Ended{}, errors.New("the disk is full")
	}
	if code, _, stderr := b.do("explore", "--out", root); code != exitError || !strings.Contains(stderr, "the disk is full") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestExploreStops(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.canEncrypt = func(context.Context, string) bool { return false }
	b.try = func(_ context.Context, r trial.Request) (explore.Ended, error) {
		b.caught <- os.Interrupt
		<-r.Stop
		return explore.Ended{Code: 130, Stopped: true}, nil
	}
	code, stdout, _ := b.do("explore", "--out", t.TempDir())
	if code != exitInterrupted || !strings.Contains(stdout, "no finding") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}

func TestExploreDryRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.canEncrypt = func(context.Context, string) bool { return true }
	code, stdout, stderr := b.do("explore", "--dry-run", "--seed", "7", "--seeds", "3", "--isolation", "namespaces", "--binary", "/opt/a", "--binary", "/opt/b")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for i, text := range strings.Split(stdout, "---\n") {
		s, err := scenarios.Parse("drawn", []byte(text))
		if err != nil || s.Seed != uint64(7+i) || s.Redis.Binary != []string{"/opt/b", "/opt/a", "/opt/b"}[i] {
			t.Errorf("scenario %d: %v in\n%s", i, err, text)
		}
	}
}

// TestExploreDryRunPrintsJSON: the scenarios as an array.
func TestExploreDryRunPrintsJSON(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.canEncrypt = func(context.Context, string) bool { return true }
	code, stdout, stderr := b.do("explore", "--dry-run", "--seeds", "2", "--isolation", "none", "--json")
	var list []struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal([]byte(stdout), &list); code != exitOK || err != nil || len(list) != 2 || list[1].Kind != "Scenario" {
		t.Errorf("exit code %d, %v, %s\n%.200s", code, err, stderr, stdout)
	}
}

func TestExploreRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, says string }{
		{"explore kill-primary", "takes no arguments"},
		{"explore --seeds 0", "--seeds must be greater than 0"},
		{"explore --jobs 0", "--jobs must be 1 to 64"},
		{"explore --faults kill,melt", `"melt" is no fault that can be drawn`},
		{"explore --roles leader", `"leader" is no role`},
		{"explore --nodes 2", "3 to 100 nodes"},
		{"explore --steps 11", "1 to 10 faults"},
		{"explore --allow everything", `"everything" is no permission`},
		{"explore --isolation room", "namespaces or none"},
		{"explore --isolation none --faults partition", "partition needs a sealed room"},
		{"explore --time 5m --dry-run", "--dry-run needs --seeds"},
		{"explore --out json=x", "writes no files"},
	} {
		b := newBench(t)
		b.canEncrypt = func(context.Context, string) bool { return false }
		code, _, stderr := b.do(strings.Fields(tt.typed)...)
		if code != exitInvalid {
			t.Errorf("%q gives %d", tt.typed, code)
		}
		contains(t, stderr, tt.says)
	}
}
