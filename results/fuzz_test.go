package results

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRead makes a folder of what it is given: it is read, or refused, by each
// who reads bundles, and where it is read twice the answers agree.
func FuzzRead(f *testing.F) {
	seeds, err := filepath.Glob("../examples/nightly/runs/*")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no bundles to begin with: %v", err)
	}
	// separator parts the files of a bundle in one text: no line of any holds it.
	separator := []byte("\x1e\n")
	names := []string{RunFile, EventsFile, SeriesFile, HlogFile, JournalFile, LedgerFile, SumsFile}
	for _, dir := range seeds[:2] {
		var parts [][]byte
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				f.Fatal(err)
			}
			parts = append(parts, head(text))
		}
		f.Add(bytes.Join(parts, separator))
	}
	f.Fuzz(func(t *testing.T, files []byte) {
		parts := append(bytes.SplitN(files, separator, len(names)), make([][]byte, len(names))...)[:len(names)]
		root := t.TempDir()
		dir := filepath.Join(root, "run")
		if err := os.MkdirAll(filepath.Join(dir, "audit"), 0o755); err != nil {
			t.Fatal(err)
		}
		for i, text := range parts {
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(names[i])), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{ScenarioFile, ReadsFile, FindingsFile} {
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := Read(dir)
		if list, listed := List(root); listed != nil || len(list) != 1 || err == nil && list[0].Run == nil {
			t.Errorf("read: %v; listed: %+v, %v", err, list, listed)
		}
		u, followed := Follow(dir).Next()
		if err == nil && followed == nil && len(u.Frames) > len(b.Frames) {
			t.Errorf("%d frames were followed and %d read", len(u.Frames), len(b.Frames))
		}
		_, _ = Load(dir)
		if j, err := OpenJournal(dir); err == nil {
			j.Open()
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		}
		if sums, err := parseSums(string(parts[len(names)-1])); err == nil {
			if again, err := parseSums(string(sealText(sums))); err != nil || len(again) != len(sums) {
				t.Errorf("%v is read back as %v, %v", sums, again, err)
			}
		}
	})
}

// FuzzHlog reads interval logs, whole and as they grow.
func FuzzHlog(f *testing.F) {
	h := NewHistogram()
	if err := h.RecordValues(1234, 5); err != nil {
		f.Fatal(err)
	}
	f.Add(hlogText(h, "response/GET", 1.5))
	f.Add("#[StartTime: 1795403426 (seconds since epoch), 2026]\n\"StartTimestamp\"\nTag=a/b,1,1,1,HISTFAAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		log := hlog{}
		for line := range strings.SplitSeq(text, "\n") {
			v, ok, err := log.line(line)
			if err != nil {
				return
			}
			if ok && (v.histogram == nil || v.histogram.TotalCount() < 0 || v.startMs < 0) {
				t.Errorf("%q is read as %+v", line, v)
			}
		}
	})
}

// head is the beginning of a file of lines: small seeds make for many tries.
func head(text []byte) []byte {
	lines := bytes.SplitAfterN(text, []byte("\n"), 12)
	if len(lines) == 12 && !bytes.HasPrefix(text, []byte("{\n")) && !bytes.HasPrefix(text, []byte("apiVersion")) {
		lines = lines[:11]
	}
	return bytes.Join(lines, nil)
}
