package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func TestParseOut(t *testing.T) {
	t.Parallel()
	root, targets, err := parseOut([]string{"junit=a/b.xml", "else/where", "json=-"})
	if err != nil || root != "else/where" || !slices.Equal(targets, []target{{"junit", "a/b.xml"}, {"json", "-"}}) {
		t.Errorf("%q %v %v", root, targets, err)
	}
	if root, targets, err = parseOut(nil); err != nil || root != results.DefaultRoot || targets != nil {
		t.Errorf("nothing asked for: %q %v %v", root, targets, err)
	}
	if root, _, err = parseOut([]string{"./a=b"}); err != nil || root != "./a=b" {
		t.Errorf("a folder with = in its name: %q %v", root, err)
	}
	for _, tt := range []struct{ out, says string }{
		{"jnit=a.xml", `unknown format "jnit" (did you mean junit?)`},
		{"json=", "needs a file after the ="},
		{"a b", "two folders for runs"},
		{"json=- text=-", "only one result to standard output"},
	} {
		if _, _, err := parseOut(strings.Fields(tt.out)); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("--out %s: %v, want %q", tt.out, err, tt.says)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "one", nil)
	write(t, root, "two", nil)
	for _, tt := range []struct {
		typed string
		want  exitCode
		says  string
	}{
		{"compare one", exitInvalid, "takes two sets of runs, A and B, but got 1"},
		{"compare one one", exitInvalid, "is given twice, or is in both A and B"},
		{"compare one three", exitError, `no run "three"`},
		{"compare one nothing-*", exitError, "no run fits the pattern"},
		{"compare one two --metric p99", exitInvalid, `unknown metric "p99"`},
		{"compare one two --metric writes.lost@steady", exitInvalid, "whole timeline"},
		{"run steady --against redis.shards=4 --metric response.p99@stedy", exitInvalid, `--metric response.p99@stedy: steady has no phase "stedy" (did you mean steady?); it has steady`},
		{"run steady --against redis.shards=4 --metric response.p99@steady", exitInvalid, "--metric response.p99@steady: steady has only this phase: leave out @steady"},
		{"run steady --against redis.shards=4 --metric response.p99:GTE", exitInvalid, `steady has no command "GTE" (did you mean GET?); it has `},
		{"compare one two --threshold 5", exitInvalid, "write it as 10%"},
		{"compare one two --out junit=a.xml", exitInvalid, "slotstorm compare writes text, markdown"},
		{"compare one two", exitInconclusive, "no run of one can be used (one: the cluster was not healthy"},
		{"list --out json=a.json", exitInvalid, "slotstorm list writes no files"},
		{"run kill-primary --threshold 5%", exitInvalid, "need --against"},
		{"run kill-primary --against nowhere.yaml", exitInvalid, "nowhere.yaml"},
		{"run kill-primary --against steady --against redis.shards=4", exitInvalid, "a scenario cannot be combined with other --against flags"},
		{"run kill-primary --against redis.shards=2", exitInvalid, "redis.shards"},
		{"run kill-primary --against cluster.local.isolation=none", exitInvalid, "the same place"},
	} {
		args := append(strings.Fields(tt.typed), "--out", root)
		code, stdout, stderr := do(t, args...)
		if code != tt.want || stdout != "" {
			t.Errorf("%q gives %d and prints %q, want %d", tt.typed, code, stdout, tt.want)
		}
		contains(t, stderr, tt.says)
	}
}

// steadyRuns plays runs that are alike, but for those that are slow.
func steadyRuns(t *testing.T, b *bench, slow func(s *scenarios.Scenario) bool) *[]*scenarios.Scenario {
	t.Helper()
	var asked []*scenarios.Scenario
	b.play = func(_ context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		asked = append(asked, s)
		return &runner.Result{Dir: o.Root, Bundle: played(t, o.Root, len(asked), s, slow != nil && slow(s)), Summary: &results.Summary{Verdict: results.Pass}}, nil
	}
	return &asked
}

func TestRunAgainst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := steadyRuns(t, b, func(s *scenarios.Scenario) bool { return s.Redis.Binary != "redis-server" })
	root, page := t.TempDir(), filepath.Join(t.TempDir(), "page.html")
	other := filepath.Join(t.TempDir(), "redis-server-8")
	if err := os.WriteFile(other, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := b.do("run", "steady", "--against", other, "--out", root, "--out", "html="+page, "--fail-on-regression", "--metric", "response.p50")
	if code != exitFailed {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	contains(t, stdout, "B IS WORSE THAN A", "response.p50", "redis.binary", other)
	contains(t, stderr, "run 12 of 12, A: steady, seed 6")
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "<h1>B is worse than A</h1>") {
		t.Errorf("the page: %v", err)
	}
	// AB BA AB ..., and each pair with one seed.
	var order strings.Builder
	for i, s := range *asked {
		side := "A"
		if s.Redis.Binary == other {
			side = "B"
		}
		order.WriteString(side)
		if s.Seed != uint64(1+i/2) {
			t.Errorf("run %d has the seed %d", i+1, s.Seed)
		}
	}
	if order.String() != "ABBAABBAABBA" {
		t.Errorf("the runs were %s", order.String())
	}
}

// TestRunAgainstNoise: two runs a side can show nothing, and say so.
func TestRunAgainstNoise(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	steadyRuns(t, b, func(s *scenarios.Scenario) bool { return s.Workload.MaxInFlight == 77 })
	code, stdout, _ := b.do("run", "steady", "--against", "workload.maxInFlight=77", "--repeat", "2", "--out", t.TempDir())
	if code != exitNoisy {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	contains(t, stdout, "TOO FEW RUNS TO SHOW A DIFFERENCE", "2 against 2 values cannot show a difference")
}

// TestRunAgainstEndsInAnError: the runs before it are compared, and the exit code is that of
// the error.
func TestRunAgainstEndsInAnError(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "", 1: "", 9: "comparing 5 runs of A: steady and 4 runs of B: "} {
		b := newBench(t)
		asked := steadyRuns(t, b, func(s *scenarios.Scenario) bool { return s.Redis.Binary != "redis-server" })
		play := b.play
		b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
			if len(*asked) == n {
				return nil, fmt.Errorf("%w: the disk is full", site.ErrEnvironment)
			}
			return play(ctx, s, o)
		}
		code, stdout, stderr := b.do("run", "steady", "--against", "redis.binary=./redis-9", "--metric", "response.p50", "--out", t.TempDir())
		if code != exitEnvironment || !strings.Contains(stderr, "the disk is full") {
			t.Errorf("after %d runs: exit code %d: %s", n, code, stderr)
		}
		if !strings.Contains(stderr, want) || want == "" && (stdout != "" || strings.Contains(stderr, "comparing")) || want != "" && !strings.Contains(stdout, "B IS WORSE THAN A") {
			t.Errorf("after %d runs: %s%s", n, stdout, stderr)
		}
	}
}

// TestRunAgainstWithTooFewRepeats: the number of repetitions that is advised is enough for the
// figures that decide, whether they are named or those of the scenario.
func TestRunAgainstWithTooFewRepeats(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"steady --repeat 3":                       "use --repeat 5 or more",
		"steady --repeat 4":                       "use --repeat 5 or more",
		"steady --repeat 5":                       "",
		"kill-primary --repeat 4":                 "use --repeat 6 or more",
		"kill-primary --repeat 6":                 "",
		"steady --repeat 3 --metric response.p50": "use --repeat 4 or more",
		"steady --repeat 4 --metric response.p50": "",
	} {
		b := newBench(t)
		b.play = func(context.Context, *scenarios.Scenario, runner.Options) (*runner.Result, error) {
			return nil, errors.New("no run")
		}
		_, _, stderr := b.do(append([]string{"run", "--against", "workload.maxInFlight=77", "--out", t.TempDir()}, strings.Fields(args)...)...)
		if want == "" && strings.Contains(stderr, "too few") || !strings.Contains(stderr, want) {
			t.Errorf("%s: want %q in %s", args, want, stderr)
		}
	}
}

// TestCompareStored compares what run --against left.
func TestCompareStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	steadyRuns(t, b, func(*scenarios.Scenario) bool { return false })
	root := t.TempDir()
	if code, stdout, stderr := b.do("run", "steady", "--repeat", "4", "--against", "redis.binary=./redis-9", "--metric", "response.p50", "--out", root, "-q"); code != exitOK || stdout != "" {
		t.Fatalf("%d %s %s", code, stdout, stderr)
	}
	code, stdout, _ := do(t, "compare", "*-1,*-4,*-5,*-8", "*-2,*-3,*-6,*-7", "--out", root, "--json", "--metric", "response.p50")
	if code != exitOK {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	contains(t, stdout, `"answer": "same"`, `"what": "redis.binary"`, fmt.Sprintf(`"schemaVersion": %d`, compare.ComparisonSchemaVersion))
}

// TestCompareSuggestsFigures: a misspelt phase or command is not a difference of the runs.
func TestCompareSuggestsFigures(t *testing.T) {
	t.Parallel()
	root := nightly(t, 2, 0)
	for metric, says := range map[string]string{
		"response.p99:GTE": "--metric response.p99:GTE: response.p99 GTE was not measured on both sides (did you mean response.p99?); compare without --metric lists all figures",
		"response.p99@std": "(did you mean response.p99?)",
		"failover.server":  "failover.server was not measured on both sides; compare without",
	} {
		code, _, stderr := do(t, "compare", "*-0", "*-1", "--out", root, "--metric", metric)
		if code != exitInvalid || strings.Contains(stderr, "--force") {
			t.Errorf("%s: exit code %d, %s", metric, code, stderr)
		}
		contains(t, stderr, says)
	}
}

// A copy of a run is the same run: it says nothing more.
func TestARunCountsOnce(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "one", nil)
	write(t, root, "two", nil)
	if err := os.CopyFS(filepath.Join(root, "copy"), os.DirFS(filepath.Join(root, "one"))); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{
		"compare one,copy two", "compare one copy --force", "trend", "trend one,two,copy",
		`run kill-primary --set objectives=[{"metric":"availability","min":"baseline"}] --baseline one,copy`,
	} {
		code, _, stderr := do(t, append(strings.Fields(typed), "--out", root)...)
		// A trend leaves the copy out.
		want := exitInvalid
		if strings.HasPrefix(typed, "trend") {
			want = 0
			contains(t, stderr, "the copy is left out")
		}
		if code != want {
			t.Errorf("%q gives %d", typed, code)
		}
		contains(t, stderr, "are the same run")
	}
}
