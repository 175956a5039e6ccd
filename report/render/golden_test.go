package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/sections"
	"github.com/slotstorm/slotstorm/results"
)

func TestShortGolden(t *testing.T) {
	var out bytes.Buffer
	if err := shortOf(&out, judged(t, fixture.Killed(), fixture.Interrupted())); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, "short.md", out.Bytes())
}

func TestGolden(t *testing.T) {
	plain := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return textOf(w, b, s, false) }
	colored := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return textOf(w, b, s, true) }
	for _, tt := range []struct {
		file   string
		bundle *results.Bundle
		render func(io.Writer, *results.Bundle, *results.Summary) error
	}{
		{"killed.txt", fixture.Killed(), plain},
		{"killed-color.txt", fixture.Killed(), colored},
		{"killed.md", fixture.Killed(), markdownOf},
		{"killed.xml", fixture.Killed(), junit},
		{"killed.html", fixture.Killed(), htmlOf},
		{"killed-screen.txt", fixture.Killed(), screenOf},
		{"repeated-screen.txt", fixture.Repeated(), screenOf},
		{"lossy-screen.txt", fixture.Lossy(), screenOf},
		{"interrupted-screen.txt", fixture.Interrupted(), screenOf},
		{"quiet.txt", fixture.Quiet(), plain},
		{"interrupted.txt", fixture.Interrupted(), plain},
		{"interrupted.xml", fixture.Interrupted(), junit},
		{"repeated.txt", fixture.Repeated(), plain},
		{"repeated.md", fixture.Repeated(), markdownOf},
		{"lossy.txt", fixture.Lossy(), plain},
		{"pods.txt", fixture.OnPods(), plain},
		{"pods.md", fixture.OnPods(), markdownOf},
		{"pods.html", fixture.OnPods(), htmlOf},
	} {
		t.Run(tt.file, func(t *testing.T) {
			s, err := judge.Analyze(tt.bundle)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := tt.render(&out, tt.bundle, s); err != nil {
				t.Fatal(err)
			}
			fixture.Golden(t, tt.file, out.Bytes())
		})
	}
}

// screenLines and screenColumns are what a terminal usually shows.
const (
	screenLines   = 40
	screenColumns = 100
)

// screenOf is what a run prints by default. A command is not broken into lines.
func screenOf(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return Text(w, false, 0, sections.Screen(b, s, "slotstorm report latest"))
}

// A run's default text fits on a screen, however much there is to say.
func TestAScreenIsEnough(t *testing.T) {
	crowded := fixture.Lossy()
	s, err := judge.Analyze(crowded)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("and something else that has to be said, ", 4)
	for i := range 20 {
		s.Objectives = append(s.Objectives, results.Objective{Name: fmt.Sprint("objective ", i), Result: results.Pass, Shown: "1 ms"})
		s.Failovers = append(s.Failovers, s.Failovers[0])
		s.Losses = append(s.Losses, s.Losses[0])
		s.Warnings = append(s.Warnings, long)
		s.Findings = append(s.Findings, results.Advice{Severity: results.Note, Title: long, Advice: long + ". " + long})
		s.Reasons = append(s.Reasons, "objective missed: writes.lost")
	}
	for name, summary := range map[string]*results.Summary{"crowded": s, "repeated": analysed(t, fixture.Repeated()), "interrupted": analysed(t, fixture.Interrupted())} {
		var out bytes.Buffer
		if err := screenOf(&out, crowded, summary); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(out.String(), "\n")
		most := screenLines
		if name == "crowded" {
			most += 12 // each part is full, and each text takes two lines
		}
		if n := strings.Count(text, "\n") + 1; n > most {
			t.Errorf("%s: %d lines\n%s", name, n, text)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if columns(line) > screenColumns && !strings.HasPrefix(line, "repeat with") {
				t.Errorf("%s: %d columns: %s", name, columns(line), line)
			}
		}
	}
}

// The default text of runs on Kubernetes, of upgrades and of others fits as well.
func TestEveryScreenFits(t *testing.T) {
	for name, b := range map[string]*results.Bundle{
		"pods": fixture.OnPods(), "upgraded": fixture.Upgraded(), "killed": fixture.Killed(), "repeated": fixture.Repeated(),
		"lossy": fixture.Lossy(), "interrupted": fixture.Interrupted(), "quiet": fixture.Quiet(),
	} {
		var out bytes.Buffer
		if err := screenOf(&out, b, analysed(t, b)); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(out.String(), "\n")
		if n := strings.Count(text, "\n") + 1; n > screenLines || n < 5 {
			t.Errorf("%s: %d lines\n%s", name, n, text)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if columns(line) > screenColumns && !strings.HasPrefix(line, "repeat with") {
				t.Errorf("%s: %d columns: %s", name, columns(line), line)
			}
		}
	}
}

func analysed(t *testing.T, b *results.Bundle) *results.Summary {
	t.Helper()
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
