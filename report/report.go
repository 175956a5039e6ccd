// Package report writes the files of a finished run's report into its folder. It and
// the packages below it read bundles and nothing that is alive, so the same bundle gives
// the same bytes anywhere.
//
//	results.Bundle ─▶ facts ─▶ judge ─▶ results.Summary ─▶ sections ─▶ render
//	                                                    ─▶ plot, export
//	several of them ─▶ compare ─▶ sections ─▶ render, and export
package report

import (
	"bytes"
	"fmt"

	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/results"
)

// Render reads the bundle in dir, analyzes it anew and writes its report files.
// The bundle must be whole, as results.Load defines it.
func Render(dir string) error {
	b, err := results.Load(dir)
	if err != nil {
		return err
	}
	s, err := judge.Analyze(b)
	if err != nil {
		return err
	}
	return Write(dir, b, s)
}

// Write renders report.html, report.md, junit.xml and plots/*.png into dir, and
// seals them if b was sealed. The same bundle and summary give the same bytes. A
// file that is no regular one, and a folder that is a link, are refused.
func Write(dir string, b *results.Bundle, s *results.Summary) error {
	f, err := results.OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("rendering: %w", err)
	}
	defer f.Close()
	list := []Result{OfRun(b, s, nil)}
	if s.Upgrade != nil {
		list = append(list, OfSheet(b, s))
	}
	for _, r := range list {
		if err := keep(f, r); err != nil {
			return err
		}
	}
	if err := plot.Plots(f, b, s); err != nil {
		return err
	}
	if b.Seal == nil {
		return nil
	}
	return b.Seal.Renew(dir)
}

// keep writes the files that a result has in the folder of a run.
func keep(folder *results.Folder, r Result) error {
	for _, f := range Formats() {
		name, ok := f.Files[r.Kind]
		if !ok {
			continue
		}
		var out bytes.Buffer
		if err := f.Write(&out, r, false); err != nil {
			return fmt.Errorf("rendering %s: %w", name, err)
		}
		if err := folder.WriteFile(name, out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
