package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each flag reaches exactly the tests that it is about, also where no list divides them.
func TestFlags(t *testing.T) {
	for _, c := range []struct {
		options options
		want    []string // of -race and -short
	}{
		{options{}, nil},
		{options{short: true}, []string{"-short"}},
		{options{race: true}, []string{"-race"}},
		{options{race: true, short: true}, []string{"-race", "-short"}},
	} {
		c.options.timed = []string{"a"}
		groups := c.options.divide([]string{"m/a", "m/b", "m/c"}, []string{"m/b"})
		whole, err := plan(t.Context(), c.options, []string{"./..."})
		if err != nil || len(groups) != 3 || len(whole) != 1 {
			t.Fatalf("%v %v %v", groups, whole, err)
		}
		for i, g := range append(whole, groups...) {
			got := slices.DeleteFunc(slices.Clone(g.args), func(a string) bool { return a != "-race" && a != "-short" })
			want := c.want
			if i == 3 {
				want = nil
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: group %d has %q, want %q", c.options, i, got, want)
			}
		}
	}
}

// Tests that are skipped are counted by the reason that they give.
func TestSkipsAreCounted(t *testing.T) {
	var out bytes.Buffer
	c := newCollector(&out, false)
	for _, name := range []string{"TestA", "TestB/one"} {
		c.take(event{Action: "output", Package: "p", Test: name, Output: "=== RUN   " + name + "\n"})
		c.take(event{Action: "output", Package: "p", Test: name, Output: "    p_test.go:7: takes long\n"})
		c.take(event{Action: "skip", Package: "p", Test: name})
	}
	c.take(event{Action: "skip", Package: "p", Test: "TestC"})
	c.take(event{Action: "skip", Package: "p"})
	c.printSkipped()
	if want := "skipped 1: no reason given\nskipped 2: takes long\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

// Every package is in one group, and a line of the list without a package is an error.
func TestNoPackageIsLeftOut(t *testing.T) {
	all := []string{"m/a", "m/b", "m/c", "m/d/c", "m/e", "m/f"}
	groups := options{race: true, timed: []string{"d/c", "b", "a"}, test: []string{"-v"}}.divide(all, []string{"m/b"})
	if len(groups) != 3 {
		t.Fatalf("%v", groups)
	}
	for i, want := range []struct {
		packages   []string
		race, idle bool
	}{{[]string{"m/d/c", "m/a"}, true, false}, {[]string{"m/c", "m/e", "m/f"}, true, true}, {[]string{"m/b"}, false, true}} {
		g := groups[i]
		if !slices.Equal(g.packages, want.packages) || slices.Contains(g.args, "-race") != want.race || g.idle != want.idle {
			t.Errorf("group %d is %+v; want %+v", i, g, want)
		}
	}
	if err := exist([]string{"m/b", "gone"}, all); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a package that does not exist: %v", err)
	}
}

func TestModulesAreFound(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{".", "a", "b/c", "b/testdata", ".git"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "go.mod"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := modules(root)
	if want := []string{filepath.Join(root, "a"), filepath.Join(root, "b/c")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// The output of a test that failed is printed, that of one that passed is not.
func TestFailuresAreReadable(t *testing.T) {
	var out bytes.Buffer
	c := newCollector(&out, false)
	for _, e := range []event{
		{Action: "output", Package: "p", Test: "TestGood", Output: "quiet\n"},
		{Action: "output", Package: "p", Test: "TestBad", Output: "    p_test.go:7: broken\n"},
		{Action: "pass", Package: "p", Test: "TestGood", Elapsed: 3},
		{Action: "fail", Package: "p", Test: "TestBad", Elapsed: 1},
		{Action: "fail", Package: "p", Elapsed: 4},
		{Action: "build-output", ImportPath: "q [q.test]", Output: "q.go:1: syntax error\n"},
		{Action: "fail", Package: "q", FailedBuild: "q [q.test]"},
		{Action: "pass", Package: "r", Elapsed: 2},
	} {
		c.take(e)
	}
	c.printSlowest(1)
	want := `    p_test.go:7: broken
FAIL     4.0 s  p
q.go:1: syntax error
FAIL     0.0 s  q
ok       2.0 s  r
slowest packages:
      4.0 s  p
slowest tests:
      3.0 s  p TestGood
`
	if out.String() != want || c.failed() != 2 {
		t.Errorf("%d failures in\n%s", c.failed(), out.String())
	}
}

// Only tests that failed, in packages that wait for processes, run again.
func TestWhatRunsAgain(t *testing.T) {
	waits, plain := &group{waits: true, args: []string{"-p=1"}}, &group{}
	c := newCollector(&bytes.Buffer{}, false)
	for _, e := range []event{
		{Action: "fail", Package: "m/slow", Test: "TestA/one"},
		{Action: "fail", Package: "m/slow", Test: "TestA"},
		{Action: "pass", Package: "m/slow", Test: "TestB"},
		{Action: "fail", Package: "m/slow", Test: "TestC"},
		{Action: "fail", Package: "m/slow", group: waits},
		{Action: "output", Package: "m/raced", Test: "TestD", Output: "WARNING: DATA RACE\n"},
		{Action: "fail", Package: "m/raced", Test: "TestD"},
		{Action: "fail", Package: "m/raced", group: waits},
		{Action: "output", Package: "m/panics", Output: "panic: test timed out after 10m\n"},
		{Action: "fail", Package: "m/panics", Test: "TestE"},
		{Action: "fail", Package: "m/panics", group: waits},
		{Action: "fail", Package: "m/left", group: waits},
		{Action: "fail", Package: "m/plain", Test: "TestF"},
		{Action: "fail", Package: "m/plain", group: plain},
	} {
		c.take(e)
	}
	if len(c.suspects) != 1 || c.failed() != 5 {
		t.Fatalf("%d failures, %+v", c.failed(), c.suspects)
	}
	got := c.suspects[0].alone()
	if want := []string{"-p=1", "-count=1", "-run=^(TestA|TestC)$"}; !slices.Equal(got.args, want) || !slices.Equal(got.packages, []string{"m/slow"}) {
		t.Errorf("%+v", got)
	}
}
