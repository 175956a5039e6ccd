package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/starter"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TestInitByFlags: with a flag, init asks nothing. It prints the next commands.
func TestInitByFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t)
	b.asks = true
	code, stdout, stderr := b.do("init", "--fault", "pause", "--rate", "700", "--shards=4", "--replicas", "2", "--outage", "3s", "shop.yaml")
	if code != exitOK || stderr != "" {
		t.Fatalf("%d %s", code, stderr)
	}
	if want := "Wrote shop.yaml. Next:\n  slotstorm validate shop.yaml\n  slotstorm run shop.yaml\n"; stdout != want {
		t.Errorf("%q, want %q", stdout, want)
	}
	s, err := scenarios.Load("shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if s.Metadata.Name != "shop" || s.Timeline.Faults[0].Pause == nil || s.Workload.Rate.PerSecond != 700 || s.Redis.Shards != 4 || s.Redis.ReplicasPerShard != 2 {
		t.Errorf("%+v", s)
	}
	if code, stdout, stderr := do(t, "validate", "shop.yaml"); code != exitOK || stderr != "" {
		t.Errorf("validate: %d %s%s", code, stdout, stderr)
	}
}

// TestInitOverwritesNothing: a file that exists stays as it is, unless --force replaces it.
func TestInitOverwritesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	const mine = "mine\n"
	if err := os.WriteFile(starter.FileName, []byte(mine), 0o644); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		text, err := os.ReadFile(starter.FileName)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if code, _, stderr := do(t, "init"); code != exitInvalid || !strings.Contains(stderr, "--force") || read() != mine {
		t.Errorf("%d %s%s", code, stderr, read())
	}
	if code, _, stderr := do(t, "init", "--force"); code != exitOK || !strings.Contains(read(), "kind: Scenario") {
		t.Errorf("%d %s%s", code, stderr, read())
	}
	if err := writeNew(starter.FileName, nil, false); err == nil || len(read()) == 0 {
		t.Error("a file that appeared in between was overwritten")
	}
}

// TestInitToStandardOutput: nothing but the scenario is printed, and no file is made.
func TestInitToStandardOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	code, stdout, stderr := do(t, "init", "--attach", "10.0.0.1:7000", "-")
	s, err := scenarios.Parse("x.yaml", []byte(stdout))
	if code != exitOK || stderr != "" || err != nil {
		t.Fatalf("%d %s %v", code, stderr, err)
	}
	if s.Cluster.Provider != scenarios.Attach || s.Cluster.Attach.Seeds[0] != "10.0.0.1:7000" || s.Timeline.Faults[0].Failover == nil {
		t.Errorf("%s", stdout)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// TestInitAsks: at a terminal init asks six questions. It repeats a question after a wrong
// answer, and Enter takes the default.
func TestInitAsks(t *testing.T) {
	into, err := filepath.Abs("testdata/init.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	b := newBench(t)
	b.asks, b.in = true, strings.NewReader("kubernetes\nkube\nstaging\n2\n3\n0\n\ncart\nfailover\nkill\n\n")
	code, stdout, stderr := b.do("init", "shop.yaml")
	if code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	golden(t, into, stderr+stdout)
	s, err := scenarios.Load("shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if s.Cluster.Kube.Context != "staging" || s.Redis.Shards != 3 || s.Redis.ReplicasPerShard != 0 || s.Workload.Profile != "cart" || s.Timeline.Faults[0].Kill == nil {
		t.Errorf("%+v", s)
	}
}

// TestInitEndsEarly: without all answers nothing is written.
func TestInitEndsEarly(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t)
	b.asks, b.in = true, strings.NewReader("local\n3\n")
	if code, _, stderr := b.do("init", "shop.yaml"); code != exitInvalid || !strings.Contains(stderr, "nothing was written") {
		t.Errorf("%d %s", code, stderr)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// TestInitNext: the command that runs the scenario has what the run needs beside the file.
func TestInitNext(t *testing.T) {
	t.Chdir(t.TempDir())
	for flags, want := range map[string]string{
		"--cluster kube --context staging": "slotstorm run a.yaml --context staging\n",
		"--cluster kube":                   "slotstorm run a.yaml\n",
		"--attach [::1]:7000":              "slotstorm run a.yaml --i-own '[::1]:7000'\n",
		"--cluster kind":                   "slotstorm run a.yaml\n",
	} {
		code, stdout, stderr := do(t, append([]string{"init", "--force", "a.yaml"}, strings.Fields(flags)...)...)
		if code != exitOK || !strings.HasSuffix(stdout, want) {
			t.Errorf("%s: %d %s%s", flags, code, stdout, stderr)
		}
	}
}
