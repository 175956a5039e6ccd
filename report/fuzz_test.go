package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// FuzzBundle makes a folder of what it is given. Whatever that is, it is refused,
// or every view shows it, in bounded memory.
func FuzzBundle(f *testing.F) {
	seeds, err := filepath.Glob("../examples/nightly/runs/*")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no bundles to begin with: %v", err)
	}
	names := []string{results.RunFile, results.ScenarioFile, results.EventsFile, results.SeriesFile, results.HlogFile, results.LedgerFile, results.ReadsFile, results.FindingsFile}
	for _, dir := range seeds[:2] {
		var parts [][]byte
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				f.Fatal(err)
			}
			parts = append(parts, head(text))
		}
		f.Add(bytes.Join(parts, []byte(nextFile)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "audit"), 0o755); err != nil {
			t.Fatal(err)
		}
		for i, text := range bytes.SplitN(text, []byte(nextFile), len(names)) {
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(names[i])), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		// A follower makes of the same files what it can.
		_, _ = results.Follow(dir).Next()
		b, err := results.Read(dir)
		if err != nil {
			return
		}
		s, err := judge.Analyze(b)
		if err != nil {
			return
		}
		for _, r := range everything(b, s) {
			for _, name := range Names(r.Kind) {
				// Rendering may fail; it must not panic.
				_ = r.As(io.Discard, name)
			}
		}
		_ = compare.NewRuns("a").Add(b)
		var trend compare.TrendBuilder
		_ = trend.Add(b)
	})
}

// nextFile parts the files in a fuzzed text.
const nextFile = "\n=== next file ===\n"

// head is the beginning of a file of lines: small seeds make for many tries.
func head(text []byte) []byte {
	lines := bytes.SplitAfterN(text, []byte("\n"), 12)
	if len(lines) == 12 && !bytes.HasPrefix(text, []byte("{\n")) && !bytes.HasPrefix(text, []byte("apiVersion")) {
		lines = lines[:11]
	}
	return bytes.Join(lines, nil)
}

// everything is a run's report, and its sheet, if it has one.
func everything(b *results.Bundle, s *results.Summary) []Result {
	list := []Result{OfRun(b, s, s)}
	if s.Upgrade != nil {
		list = append(list, OfSheet(b, s))
	}
	return list
}
