package report

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

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
	b := killed()
	b.Dir = store(t, b)
	if err := Render(b.Dir); err != nil {
		t.Fatal(err)
	}
	first := contents(t, b.Dir)
	for _, name := range []string{HTMLFile, MarkdownFile, JUnitFile, "plots/throughput.png", "plots/latency.png", "plots/errors.png", "plots/failovers.png"} {
		if len(first[name]) == 0 {
			t.Errorf("%s was not written", name)
		}
	}
	var want bytes.Buffer
	if err := HTML(&want, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if first[HTMLFile] != want.String() {
		t.Errorf("the page of the stored run differs: %s", firstDifference(want.Bytes(), []byte(first[HTMLFile])))
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
	dir := store(t, killed())
	path := filepath.Join(dir, results.SeriesFile)
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if err := Render(dir); err == nil || !strings.Contains(err.Error(), results.SeriesFile) {
		t.Errorf("a truncated bundle gives %v", err)
	}
}

func TestAnalyzeNamesABadScenario(t *testing.T) {
	b := quiet()
	b.Scenario = []byte("kind: Recipe\n")
	if _, err := Analyze(b); err == nil || !strings.Contains(err.Error(), "scenario") {
		t.Errorf("a bad scenario gives %v", err)
	}
}

// TestPageStandsAlone looks for anything that a browser would fetch or run, and
// for colours of the plots that a dark page could not change.
func TestPageStandsAlone(t *testing.T) {
	for name, b := range map[string]*results.Bundle{"killed": killed(), "repeated": repeated(), "quiet": quiet(), "interrupted": interrupted(), "lossy": lossy()} {
		var out bytes.Buffer
		if err := HTML(&out, b, summary(t, b)); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		for _, bad := range []string{"<script", "<link", "<img", "src=", "@import", "url(", "http:", "https:", "ZgotmplZ", "NaN", "Inf"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page contains %q", name, bad)
			}
		}
		svgs := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
		if len(svgs) < 3 {
			t.Errorf("%s: %d plots", name, len(svgs))
		}
		for _, svg := range svgs {
			if fixed := regexp.MustCompile(`#[0-9A-Fa-f]{6}`).FindString(svg); fixed != "" {
				t.Errorf("%s: a plot has the fixed colour %s", name, fixed)
			}
			if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
				t.Errorf("%s: a plot is not well-formed: %v", name, err)
			}
		}
	}
}

// TestPageEscapes puts markup where users write text.
func TestPageEscapes(t *testing.T) {
	const evil = `<b onclick="x">&`
	b := killed()
	b.Run.Name, b.Run.Faults[0].Name, b.Run.Faults[0].Reason, b.Run.Command = evil, evil, evil, evil
	b.Run.Phases[0].Name, b.Run.Interrupted = evil, evil
	var out bytes.Buffer
	if err := HTML(&out, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "<b onclick") {
		t.Error("markup reached the page")
	}
	out.Reset()
	if err := JUnit(&out, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(out.Bytes(), new(struct{})); err != nil {
		t.Errorf("JUnit XML is not well-formed: %v", err)
	}
	out.Reset()
	if err := Markdown(&out, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if before, _, _ := strings.Cut(out.String(), "```"); strings.Contains(before, "<b") {
		t.Error("markup reached the Markdown")
	}
}

// TestEmptyRun renders a run that ended before its load began.
func TestEmptyRun(t *testing.T) {
	b := &results.Bundle{Scenario: []byte(fixtureYAML)}
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
	if err := Text(&out, b, s, true); err != nil {
		t.Fatal(err)
	}
	if plots, err := os.ReadDir(filepath.Join(dir, PlotsDir)); err != nil || len(plots) > 0 {
		t.Errorf("plots %v, %v", plots, err)
	}
}

func TestPlotsAreImages(t *testing.T) {
	dir := t.TempDir()
	b := repeated()
	f, err := results.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := plots(f, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"throughput", "latency", "errors", "failovers", "distribution"} {
		f, err := os.Open(filepath.Join(dir, PlotsDir, name+".png"))
		if err != nil {
			t.Error(err)
			continue
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil || img.Bounds().Dx() < 1500 {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
		}
	}
}

// dense is a bundle's histogram as a run's recorder has it.
func dense(p *hdrhistogram.PackedHistogram) *hdrhistogram.Histogram {
	h := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	p.MergeInto(h)
	return h
}
