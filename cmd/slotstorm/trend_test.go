package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// nightly leaves n runs, the last slow ones of which were slower. Runs are made once
// for all tests, and copied.
func nightly(t *testing.T, n, slow int) string {
	t.Helper()
	s, err := scenarios.Load("steady")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for i := range n {
		made := nights.run(t, s, i, i >= n-slow)
		if err := os.CopyFS(filepath.Join(root, filepath.Base(made)), os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// nights are runs that tests share; they change copies alone.
var nights shared

// shared makes each run at most once.
type shared struct {
	mu   sync.Mutex
	root string
	runs map[string]string
}

func (m *shared) run(t *testing.T, s *scenarios.Scenario, n int, slow bool) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	key := fmt.Sprint(n, slow)
	if m.runs[key] == "" {
		if m.runs == nil {
			m.runs = map[string]string{}
		}
		m.runs[key] = played(t, filepath.Join(m.root, key), n, s, slow).Dir
	}
	return m.runs[key]
}

func TestTrend(t *testing.T) {
	t.Parallel()
	root, dir := nightly(t, 16, 6), t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "broken"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"trend", "--out", root, "--fail-on-regression"}
	for _, format := range []string{"html", "csv", "json", "markdown"} {
		args = append(args, "--out", format+"="+filepath.Join(dir, format))
	}
	code, stdout, stderr := do(t, args...)
	if code != exitFailed {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "steady  ", "✗ worse  response.p50", "-10 ", "Now")
	page, err := os.ReadFile(filepath.Join(dir, "html"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(page), "<h2>Changes</h2>", "<svg ", "response.p99")
	table, err := os.ReadFile(filepath.Join(dir, "csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	if len(lines) != 17 || !strings.HasPrefix(lines[0], "time,run,verdict,server,slotstorm,") || !strings.HasPrefix(lines[1], "2026-03-04 05:06:07 +0000,steady-") {
		t.Errorf("the table has %d lines:\n%s", len(lines), lines[0])
	}
	raw, err := os.ReadFile(filepath.Join(dir, "json"))
	if err != nil {
		t.Fatal(err)
	}
	printedGolden(t, "trend", root, string(raw))
	if code, stdout, _ = do(t, "trend", "--out", nightly(t, 16, 0), "--fail-on-regression"); code != exitOK || !strings.Contains(stdout, "no change") {
		t.Errorf("alike nights give %d: %s", code, stdout)
	}
	if code, _, _ = do(t, "trend", "--out", root, "--fail-on-regression", "--recent", "3"); code != exitOK {
		t.Errorf("a change that is not recent gives %d", code)
	}
	for _, tt := range []struct{ typed, says string }{
		{"trend a b", "takes one argument"},
		{"trend --scenario other --out " + root, "no run found in"},
		{"trend --out junit=x --out " + root, "slotstorm trend writes text"},
	} {
		_, _, stderr := do(t, strings.Fields(tt.typed)...)
		contains(t, stderr, tt.says)
	}
}

// TestPruneTouchesRunsAlone: a run with a file of the user's, one that was
// changed, one that is under way, other folders, files and links stay.
func TestPruneTouchesRunsAlone(t *testing.T) {
	t.Parallel()
	root := nightly(t, 8, 0)
	entries, err := results.List(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{
		os.WriteFile(filepath.Join(entries[0].Dir, "notes.txt"), []byte("mine"), 0o644),
		os.WriteFile(filepath.Join(entries[1].Dir, results.SeriesFile), nil, 0o644),
		os.Remove(filepath.Join(entries[2].Dir, results.SumsFile)),
		os.Mkdir(filepath.Join(root, "photos"), 0o755),
		os.WriteFile(filepath.Join(root, "photos", "cat.png"), []byte("cat"), 0o644),
		os.WriteFile(filepath.Join(root, "file"), []byte("file"), 0o644),
		os.Symlink(entries[3].Dir, filepath.Join(root, "link")),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	there := func() map[string]bool {
		names := map[string]bool{}
		list, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			names[e.Name()] = true
		}
		return names
	}
	before := len(there())
	code, stdout, _ := do(t, "prune", "--keep", "3", "--dry-run", "--out", root)
	if code != exitOK || len(there()) != before {
		t.Fatalf("a dry run removed something: %d %s", code, stdout)
	}
	contains(t, stdout, "would remove "+entries[3].ID, "would remove 2 of ", "it holds \"notes.txt\"", "not sealed", "changed or cut short", "among the newest 3")
	if code, stdout, _ = do(t, "prune", "--keep", "3", "--out", root); code != exitOK {
		t.Fatalf("%d %s", code, stdout)
	}
	left := there()
	for i, e := range entries {
		if gone := i == 3 || i == 4; left[e.ID] == gone {
			t.Errorf("run %d: removed %v", i, !left[e.ID])
		}
	}
	if !left["photos"] || !left["file"] || !left["link"] {
		t.Errorf("what is no run was removed: %v", left)
	}
	if _, err := os.Stat(filepath.Join(root, "photos", "cat.png")); err != nil {
		t.Error(err)
	}
}

func TestPruneByAgeAndVerdict(t *testing.T) {
	t.Parallel()
	root := nightly(t, 6, 0)
	b := newBench(t)
	b.now = func() time.Time { return start.Add(4*time.Minute + 30*time.Second) }
	if code, stdout, _ := b.do("prune", "--keep-within", "2m", "--keep-failed", "--dry-run", "--out", root); code != exitOK || !strings.Contains(stdout, "would remove 3 of 6") {
		t.Errorf("%d %s", code, stdout)
	}
	for _, typed := range []string{"prune", "prune --keep-within soon", "prune --keep -1", "prune --keep 3 results"} {
		if code, _, _ := do(t, append(strings.Fields(typed), "--out", root)...); code != exitInvalid {
			t.Errorf("%q gives %d", typed, code)
		}
	}
}
