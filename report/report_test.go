package report

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// store writes b as a run does and gives its folder.
func store(t *testing.T, b *results.Bundle) string {
	t.Helper()
	start := b.Run.Start
	w, err := results.Create(t.TempDir(), b.Run.ID, start)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range b.Events {
		must(w.Event(e))
	}
	for _, f := range b.Frames {
		tagged := map[string]*hdrhistogram.Histogram{}
		for _, i := range b.Intervals {
			if i.Second == f.Seq {
				tagged[results.Tag(i.Time, i.Command)] = dense(i.Histogram)
			}
		}
		for _, i := range b.ShardIntervals {
			if i.Second == f.Seq {
				tagged[results.ShardTag(i.Time, i.Shard)] = dense(i.Histogram)
			}
		}
		for _, i := range b.SelfIntervals {
			if i.Second == f.Seq {
				tagged[results.SelfTag(i.Delay)] = dense(i.Histogram)
			}
		}
		must(w.Frame(f, start.Add(b.Run.LoadStart.Std()+time.Duration(f.Seq)*time.Second), tagged))
	}
	must(w.SaveFindings(b.Findings))
	must(w.SaveRun(&b.Run))
	must(os.WriteFile(w.Path(results.ScenarioFile), b.Scenario, 0o644))
	must(w.Close())
	must(results.Seal(w.Dir()))
	return w.Dir()
}

// TestRenderTwice renders a stored bundle, and again: every byte is the same,
// the bundle still loads, and the page equals that of the run in memory.
func TestRenderTwice(t *testing.T) {
	b := fixture.Killed()
	b.Dir = store(t, b)
	if err := Render(b.Dir); err != nil {
		t.Fatal(err)
	}
	first := contents(t, b.Dir)
	for _, name := range []string{doc.HTMLFile, doc.MarkdownFile, doc.JUnitFile, "plots/throughput.png", "plots/latency.png", "plots/errors.png", "plots/failovers.png"} {
		if len(first[name]) == 0 {
			t.Errorf("%s was not written", name)
		}
	}
	var want bytes.Buffer
	if err := OfRun(b, summary(t, b), nil).As(&want, "html"); err != nil {
		t.Fatal(err)
	}
	if first[doc.HTMLFile] != want.String() {
		t.Errorf("the page of the stored run differs: %s", fixture.FirstDifference(want.Bytes(), []byte(first[doc.HTMLFile])))
	}
	if err := Render(b.Dir); err != nil {
		t.Fatal(err)
	}
	for name, second := range contents(t, b.Dir) {
		if first[name] != second {
			t.Errorf("%s differs when it is rendered again", name)
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestRenderRefusesAChangedBundle(t *testing.T) {
	dir := store(t, fixture.Killed())
	path := filepath.Join(dir, results.SeriesFile)
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if err := Render(dir); err == nil || !strings.Contains(err.Error(), results.SeriesFile) {
		t.Errorf("a truncated bundle gives %v", err)
	}
}

func TestAnalyzeNamesABadScenario(t *testing.T) {
	b := fixture.Quiet()
	b.Scenario = []byte("kind: Recipe\n")
	if _, err := judge.Analyze(b); err == nil || !strings.Contains(err.Error(), "scenario") {
		t.Errorf("a bad scenario gives %v", err)
	}
}

// TestEmptyRun renders a run that ended before its load began.
func TestEmptyRun(t *testing.T) {
	b := &results.Bundle{Scenario: []byte(fixture.FixtureYAML)}
	b.Run = results.Run{Name: "kill-primary", Interrupted: "stopped by Ctrl-C", Start: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	s := summary(t, b)
	if s.Verdict != results.Inconclusive {
		t.Errorf("verdict %s", s.Verdict)
	}
	dir := t.TempDir()
	if err := Write(dir, b, s); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := text(&out, OfRun(b, s, nil), true); err != nil {
		t.Fatal(err)
	}
	if plots, err := os.ReadDir(filepath.Join(dir, doc.PlotsDir)); err != nil || len(plots) > 0 {
		t.Errorf("plots %v, %v", plots, err)
	}
}

// dense is a bundle's histogram as a run's recorder has it.
func dense(p *hdrhistogram.PackedHistogram) *hdrhistogram.Histogram {
	h := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	p.MergeInto(h)
	return h
}
