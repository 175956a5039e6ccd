// Package report judges a finished run and tells about it. It reads bundles and
// nothing that is alive, so the same bundle gives the same bytes anywhere.
//
// The data flow:
//
//	results.Bundle ─▶ Analyze ─▶ results.Summary ─▶ Text, Markdown, HTML, JUnit, plots
//
// Analyze itself is a line of small steps, each in a file of its own:
//
//	frames, histograms ─▶ tables per phase and command        (tables.go)
//	faults, events, outages ─▶ failovers, step by step        (failover.go, predict.go)
//	outages ─▶ availability per shard                         (availability.go)
//	findings ─▶ losses, located by failover                   (losses.go)
//	all of these ─▶ objectives ─▶ verdict                     (objectives.go, verdict.go)
//	verdict, steps, surfaces ─▶ go or no-go                   (upgrade.go, sheet.go)
package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Files that Write puts into a bundle's folder, beside the plots.
const (
	HTMLFile     = "report.html"
	MarkdownFile = "report.md"
	JUnitFile    = "junit.xml"
	// The sheet of an upgrade; only in runs with one.
	SheetHTMLFile     = "upgrade.html"
	SheetMarkdownFile = "upgrade.md"
	PlotsDir          = "plots"
)

// Analyze derives the summary of a run from its bundle. It is pure: nothing is
// read but b, and the same b gives the same summary. It fails only if the
// bundle's scenario is not readable.
func Analyze(b *results.Bundle) (*results.Summary, error) {
	sc, err := scenarioOf(b)
	if err != nil {
		return nil, err
	}
	return newAnalysis(b, sc).summary(), nil
}

// scenarioOf is the scenario of a bundle. Its errors are about the bundle, not
// about a scenario that the user wrote, and so are none of scenarios.Errors.
func scenarioOf(b *results.Bundle) (*scenarios.Scenario, error) {
	sc, err := scenarios.Parse(results.ScenarioFile, b.Scenario)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle's scenario: %v", err)
	}
	return sc, nil
}

// Render reads the bundle in dir, analyzes it anew and writes its report files.
// The bundle must be whole, as results.Load defines it.
func Render(dir string) error {
	b, err := results.Load(dir)
	if err != nil {
		return err
	}
	s, err := Analyze(b)
	if err != nil {
		return err
	}
	return Write(dir, b, s)
}

// Write renders report.html, report.md, junit.xml and plots/*.png into dir, and
// seals them if b was sealed. The same bundle and summary give the same bytes. A
// file that is no regular one, and a folder that is a link, are refused.
func Write(dir string, b *results.Bundle, s *results.Summary) error {
	type rendering struct {
		file   string
		render func(io.Writer, *results.Bundle, *results.Summary) error
	}
	f, err := results.OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("rendering: %w", err)
	}
	defer f.Close()
	renderings := []rendering{{HTMLFile, HTML}, {MarkdownFile, Markdown}, {JUnitFile, JUnit}}
	if s.Upgrade != nil {
		renderings = append(renderings, rendering{SheetHTMLFile, SheetHTML}, rendering{SheetMarkdownFile, SheetMarkdown})
	}
	for _, r := range renderings {
		var buf bytes.Buffer
		if err := r.render(&buf, b, s); err != nil {
			return fmt.Errorf("rendering %s: %w", r.file, err)
		}
		if err := f.WriteFile(r.file, buf.Bytes()); err != nil {
			return err
		}
	}
	if err := plots(f, b, s); err != nil {
		return err
	}
	if b.Seal == nil {
		return nil
	}
	return b.Seal.Renew(dir)
}
