package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// askBash completes command lines in a real bash, one a line of words, and
// gives its answers. The words are as bash splits them: --a=b is three.
func askBash(t *testing.T, dir string, lines []string) []string {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "slotstorm")); err != nil {
		t.Fatal(err)
	}
	script := `set -u
source <(slotstorm completion bash)
handler=$(complete -p slotstorm | sed 's/.*-F \([^ ]*\).*/\1/')
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    "$handler" slotstorm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    echo "${COMPREPLY[*]-}"
}
` + "ask slotstorm " + strings.Join(lines, "\nask slotstorm ") + "\n"
	cmd := exec.Command("bash", "--norc", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("bash: %v\n%s", err, stderr.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// completion is a command line as bash splits it, and the words that complete it.
type completion struct{ words, want string }

func completions() []completion {
	return []completion{
		{`ru`, "run"},
		{`""`, "run load capacity tune explore init validate inspect list report audit ui compare trend up down discover manifests image recover clean prune explain schema doctor completion version help"},
		{`--js`, "--json"},
		{`run kill-primary-r`, "kill-primary-repeat"},
		{`run st`, "steady steady-mine.yaml"},
		{`validate steady st`, "steady steady-mine.yaml"},
		{`run --se`, "--set --seed --serve --serve-host"},
		{`run steady --see`, "--seed"},
		{`run --cluster ""`, "local kind kube attach"},
		{`run --cluster = l`, "local"},
		{`explore --isolation ""`, "namespaces none"},
		{`explore --allow m`, "majority-down"},
		{`run --cluster =`, "local kind kube attach"},
		{`--json run --kee`, "--keep-volumes"},
		{`report ""`, "latest kill-primary-aa"},
		{`report --out elsewhere o`, "other-bb"},
		{`report --out = elsewhere o`, "other-bb"},
		{`report --format ma`, "markdown"},
		{`report --format = j`, "json junit jsonl"},
		{`report -o st`, "steady-mine.yaml"},
		{`--out else`, "elsewhere"},
		{`list s`, "scenarios"},
		{`list --verdict k`, "killed"},
		{`list --scenario ""`, "kill-primary"},
		{`audit k`, "kill-primary-aa"},
		{`recover k`, "kill-primary-aa"},
		{`run --baseline k`, "kill-primary-aa"},
		{`run --against x --metric failover.c`, "failover.client"},
		{`run steady --set workload.ra`, "workload.rate="},
		{`run steady --set workload.profile = s`, "session-store"},
		{`run steady --set cluster.provider =`, "local kind kube attach"},
		{`run steady --set = cluster.provider = l`, "local"},
		{`run steady --set = cluster.provider =`, "local kind kube attach"},
		{`run kill-primary --set objectives[1].phase = ""`, "steady failure recovered"},
		{`run kill-primary --set objectives[1].metric = writes.k`, "writes.kept"},
		{`run kill-primary --set timeline.faults[0].kill.target = 'primary\ of\ sh'`, `primary\ of\ shard\ 0`},
		{`run kill-primary --set timeline.faults[1].kill.t`, ""},
		{`init --fault ""`, "kill pause partition failover rolling-restart none"},
		{`init --profile = c`, "cache-aside cart"},
		{`init --cluster k`, "kind kube"},
		{`init st`, "steady-mine.yaml"},
		{`completion ""`, "bash zsh fish"},
		{`help exi`, "exit-codes"},
		{`run --seed ""`, ""},
		{`run -- --se`, ""},
		{`schema ""`, ""},
		{`tune ""`, "timeout"},
		{`tune timeout st`, "steady steady-mine.yaml"},
		{`tune timeout --traffic b`, "bus"},
	}
}

func TestBashCompletion(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := t.TempDir()
	root := filepath.Join(dir, filepath.FromSlash(results.DefaultRoot))
	write(t, root, "kill-primary-aa", nil)
	write(t, filepath.Join(dir, "elsewhere"), "other-bb", nil)
	if err := os.WriteFile(filepath.Join(dir, "steady-mine.yaml"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cases := completions()
	var lines []string
	for _, c := range cases {
		lines = append(lines, c.words)
	}
	answers := askBash(t, dir, lines)
	if len(answers) != len(cases) {
		t.Fatalf("%d answers to %d questions:\n%s", len(answers), len(cases), strings.Join(answers, "\n"))
	}
	for i, c := range cases {
		if answers[i] != c.want {
			t.Errorf("slotstorm %s<TAB> gives %q, want %q", c.words, answers[i], c.want)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range shellNames {
		code, stdout, stderr := do(t, "completion", shell)
		if code != exitOK || !strings.Contains(stdout, completeVerb) {
			t.Errorf("%s: exit code %d, %s", shell, code, stderr)
		}
	}
	for _, typed := range []string{"completion", "completion bash zsh", "completion tcsh"} {
		if code, _, stderr := do(t, strings.Fields(typed)...); code != exitInvalid || !strings.Contains(stderr, "zsh") {
			t.Errorf("%q: exit code %d, %s", typed, code, stderr)
		}
	}
}

// TestCompleteTellsAbout: zsh and fish show what a candidate is.
func TestCompleteTellsAbout(t *testing.T) {
	t.Parallel()
	_, stdout, _ := do(t, completeVerb, "run", "--keep")
	if want := "--keep-volumes\tkeep the data of the nodes in the folder of the run (local runs only)\n:none\n"; stdout != want {
		t.Errorf("got %q, want %q", stdout, want)
	}
}
