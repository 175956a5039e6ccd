//go:build e2e && linux

package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// masks hide what differs from one run and one machine to the next.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`slotstorm-\d{8}t\d{6}z-[0-9a-f]{4}`), "NAMESPACE"},
	{regexp.MustCompile(`https://[0-9.]+:\d+`), "https://SERVER"},
	{regexp.MustCompile(`0/\d+ nodes are available: .*Insufficient cpu.*`), "0/N nodes are available: ... Insufficient cpu ..."},
	{regexp.MustCompile(`(cannot be pulled: ).*`), "${1}..."},
	{regexp.MustCompile(`shard-\d-\d`), "POD"},
	{regexp.MustCompile(`\d+:C \d+ \w+ \d+ [0-9:.]+`), "TIME"},
	{regexp.MustCompile(`(the cluster has no storage class "fast"; it has ).*`), "${1}..."},
}

// complains compares the one error that a run ends with against a golden.
func complains(t *testing.T, name, stderr string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(stderr) {
		// Progress is not the error.
		if !strings.HasPrefix(line, "[") {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, "")
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	golden := filepath.Join("testdata", "trouble", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s:\n%s\nnot\n%s", name, text, want)
	}
}

// noCluster is a kubeconfig with a context that leads nowhere.
const noCluster = `{"apiVersion": "v1", "kind": "Config", "current-context": "nowhere",
"clusters": [{"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}}],
"users": [{"name": "nobody", "user": {}}],
"contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}]}`

// TestWithoutAKubernetesCluster expects one line that says why none can be used.
func TestWithoutAKubernetesCluster(t *testing.T) {
	t.Parallel()
	kube := []string{"--cluster", "kube", "--set", "cluster.kube.generatorImage=slotstorm:none"}
	for name, args := range map[string][]string{
		"wrong-context":   append(slices.Clone(kube), "--context", "staging"),
		"unnamed-context": kube,
		"no-server":       append(slices.Clone(kube), "--context", "nowhere"),
		"no-image":        {"--cluster", "kube", "--context", "nowhere"},
		"no-docker":       {"--cluster", "kind"},
		"no-deployment":   {"--cluster", "local", "--on", "lab"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t)
			before := look(t, s.dir)
			s.path = filepath.Join(s.dir, "nothing-here")
			file := filepath.Join(t.TempDir(), "kubeconfig")
			if err := os.WriteFile(file, []byte(noCluster), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd, out, errs := s.command(append([]string{"run", "kill-primary"}, args...)...)
			cmd.Env = append(cmd.Env, "KUBECONFIG="+file)
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 2 && code != 3 || out.Len() > 0 {
				t.Errorf("exit code %d (%v), standard output %q", code, err, out)
			}
			complains(t, name, errs.String())
			s.nothingRemains(before)
		})
	}
}
