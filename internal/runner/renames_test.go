package runner

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// TestRenamedCommands: servers with other names for commands run a whole scenario, the witness
// knows the requests by their new name, and every command that the servers counted is one that
// cannot be renamed, or one of the load.
func TestRenamedCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	yaml := strings.Replace(small, "redis: {", `redis: {renameCommands: {FLUSHALL: "", FLUSHDB: "", KEYS: "", GETSET: swap, DEBUG: dbg, MONITOR: "", SHUTDOWN: "", EVAL: ""}, `, 1)
	r := start(t, strings.Replace(yaml, "audit: {rate: 100}", "audit: {rate: 100, wait: {replicas: 1, timeout: 500ms}}", 1)+`
  mix:
    - {command: RAW, raw: "Swap {key} {value}", weight: 1, name: swap}
    - {command: GET, weight: 1}
    - {command: EVALSHA, script: "return 1", weight: 1}
  prefill: {keys: 100%}
`+oneKill, Options{})
	if sums, _ := counts(r); sums["swap"].OK == 0 {
		t.Errorf("no swap was answered: %+v", sums)
	}
	agrees(t, r)
	files, err := filepath.Glob(filepath.Join(r.Dir, "nodes", "*.info.jsonl"))
	if err != nil || len(files) != 6 {
		t.Fatalf("statistics of %d nodes: %v", len(files), err)
	}
	fixed := append(scenarios.FixedCommands(), "GETSET", "EVALSHA")
	seen := map[string]bool{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`cmdstat_([^:|]+)`).FindAllSubmatch(raw, -1) {
			command := strings.ToUpper(string(m[1]))
			if seen[command] = true; !slices.Contains(fixed, command) {
				t.Errorf("%s counted %s, which can be renamed", filepath.Base(f), command)
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("the servers counted only %v", seen)
	}
}
