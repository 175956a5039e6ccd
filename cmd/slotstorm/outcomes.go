package main

import (
	"io"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report/export"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/results"
)

// outcome is a run as --json prints it.
type outcome struct {
	runRow
	Summary *results.Summary `json:"summary"`
}

func outcomeOf(dir string, b *results.Bundle, s *results.Summary) outcome {
	return outcome{rowOf(results.Entry{Dir: dir, ID: filepath.Base(dir), Run: &b.Run}, s), s}
}

// writesRuns refuses formats of --out that so many runs cannot be written in.
func (p *program) writesRuns(c *cli.Context, runs int) error {
	if runs > 1 {
		return p.writes(c, runFormats...)
	}
	return p.writes(c, append(runFormats[:len(runFormats):len(runFormats)], wholeFormats...)...)
}

// runFormats are what run and report write of runs; those of wholeFormats hold a
// single one.
var (
	runFormats   = []string{"json", "junit", summaryFormat, "openmetrics"}
	wholeFormats = []string{"text", "markdown", "html"}
)

// finished collects runs that have ended.
type finished struct {
	outcomes []outcome
	judged   []judge.Judged
	last     *results.Bundle
}

func (f *finished) add(dir string, b *results.Bundle, s *results.Summary) {
	f.outcomes = append(f.outcomes, outcomeOf(dir, b, s))
	f.judged = append(f.judged, judge.Judged{Run: &b.Run, Summary: s})
	f.last = b
}

// renderers write the runs. The formats that hold a single run are among them only if
// there is one.
func (f *finished) renderers(color bool) renderers {
	r := renderers{
		"junit":       func(w io.Writer) error { return export.JUnitRuns(w, f.judged) },
		summaryFormat: func(w io.Writer) error { return render.Short(w, f.judged) },
		"openmetrics": func(w io.Writer) error { return export.OpenMetrics(w, f.judged) },
		"json":        func(w io.Writer) error { return writeJSON(w, f.outcomes) },
	}
	if len(f.judged) != 1 {
		return r
	}
	b, s := f.last, f.judged[0].Summary
	r["json"] = func(w io.Writer) error { return writeJSON(w, f.outcomes[0]) }
	r["text"] = func(w io.Writer) error { return render.Text(w, b, s, color) }
	r["markdown"] = func(w io.Writer) error { return render.Markdown(w, b, s) }
	r["html"] = func(w io.Writer) error { return render.HTML(w, b, s) }
	return r
}

// codeOf is the exit code of a run that ended with s.
func codeOf(r *runner.Result) exitCode {
	if r.Bundle != nil && slices.ContainsFunc(r.Bundle.Run.Faults, mayBeActive) {
		return exitUnhealed
	}
	if r.Bundle != nil && r.Bundle.Run.Interrupted != "" {
		return exitInterrupted
	}
	switch r.Summary.Verdict {
	case results.Pass:
		return exitOK
	case results.Fail:
		return exitFailed
	}
	return exitInconclusive
}

// mayBeActive reports whether a fault acted and was not seen to be over.
func mayBeActive(f results.Fault) bool {
	return f.Status == results.StatusUnhealed && f.Restored == 0
}
