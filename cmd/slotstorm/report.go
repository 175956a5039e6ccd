package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) reportVerb() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "print the report of recorded runs",
		UsageText: examples("slotstorm report latest", "slotstorm report latest --format markdown --output report.md"),
		ArgsUsage: "RUN...",
		Description: "Reads the folder of each run, checks that it is complete, judges the run again and\n" +
			"prints the report. RUN is a folder, an id, the beginning of an id, or 'latest'. The\n" +
			"reports of several runs follow one another as text and markdown, and are one document as\n" +
			strings.Join(report.Names(report.Runs), ", ") + "; --json prints an array. The other formats take one run.\n\n" +
			"If none of --format, --output and --verify is given, it also writes report.html,\n" +
			"report.md, junit.xml and the plots in the folder again, and seals the folder: it records\n" +
			"a checksum of each file. The files of a signed run stay unchanged, unless --sign is\n" +
			"given, which signs the run again. With --verify, exit code 4 means that the key does not match the signature, or\n" +
			"that a file was changed, added or removed after the run was signed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "print as `FORMAT`: " + strings.Join(report.Names(report.Run), ", ") + "; leaves the folder of the run unchanged"},
			baselineFlag(),
			signFlag(),
			&cli.StringFlag{Name: "verify", Usage: "verify each run with the public key in the PEM file `KEY`; leaves the folder of the run unchanged"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the report to `FILE` instead of standard output; leaves the folder of the run unchanged"},
		},
		Action: p.report,
	}
}

func (p *program) report(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("slotstorm report needs a run: a folder, an id, the beginning of an id, or 'latest'; 'slotstorm list' lists all runs")
	}
	file := c.String("output")
	if file != "" && c.NArg() > 1 {
		return usagef("--output takes one run, but got %d", c.NArg())
	}
	switch file {
	case "":
	case "-":
		file = "" // standard output
	default:
		p.colorOut = false
	}
	format, err := p.format(c.String("format"), c.NArg())
	if err != nil {
		return err
	}
	kind := kindOf(c.NArg(), false)
	if err := p.writes(c, kind); err != nil {
		return err
	}
	sign, verify, err := reportKeys(c)
	if err != nil {
		return err
	}
	keep := c.String("format") != "" || c.String("output") != "" || verify != nil
	var done finished
	for _, name := range c.Args().Slice() {
		b, sum, err := p.judged(name, verify, c.String("baseline"))
		if err != nil {
			return err
		}
		done.add(b.Dir, b, sum)
		if p.direct() && sign == nil {
			continue
		}
		if !together(format, c.NArg()) {
			if err := p.printReport(format, report.OfRun(b, sum, outcomeOf(b.Dir, b, sum)), file); err != nil {
				return err
			}
		}
		if !keep {
			if err := p.renew(b, sum, sign); err != nil {
				return err
			}
		}
	}
	if together(format, c.NArg()) {
		if err := p.printReport(format, done.result(kind), file); err != nil {
			return err
		}
	}
	return p.writeTargets(done.result(kind))
}

// together reports whether so many runs are one document in a format.
func together(f report.Format, runs int) bool {
	return runs > 1 && slices.Contains(f.Of, report.Runs)
}

// printReport renders runs, and prints the report or writes it to a file unless --out has
// taken standard output.
func (p *program) printReport(f report.Format, r report.Result, file string) error {
	if file == "" {
		r = r.Within(p.reportWidth())
	}
	var text bytes.Buffer
	if err := f.Write(&text, r, p.colorOut); err != nil {
		return fmt.Errorf("rendering the report: %w", err)
	}
	if p.direct() {
		return nil
	}
	w := p.out
	if f.Name == "html" {
		w = p.data // browsers read it, terminals do not
	}
	return p.deliver(w, text.Bytes(), file)
}

// judged opens the run of a name, verifies its signature by a key if one is given,
// and judges it anew.
func (p *program) judged(name string, verify ed25519.PublicKey, baseline string) (*results.Bundle, *results.Summary, error) {
	dir, err := results.Find(p.root, name)
	if err != nil {
		return nil, nil, err
	}
	if err := p.verifySigned(dir, verify); err != nil {
		return nil, nil, err
	}
	b, err := results.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	p.remark(dir, b.Seal)
	s, err := p.analyze(b, baseline)
	if err != nil {
		return nil, nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	return b, s, nil
}

// renew renders the files of a run again, and signs it if there is a key. The result is
// printed even if the folder is read-only.
func (p *program) renew(b *results.Bundle, s *results.Summary, sign ed25519.PrivateKey) error {
	err := p.rewrite(b, s, sign)
	if sign == nil && unwritable(err) {
		fmt.Fprintf(p.err, "slotstorm: the files in %s were not changed: %s\n", printable.Line(b.Dir), message(err))
		return nil
	}
	return err
}

// unwritable reports whether err is of a folder that this user may not write to, such
// as an archive that is mounted read-only.
func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// analyze judges a run anew, beside another baseline if one is named.
func (p *program) analyze(b *results.Bundle, baseline string) (*results.Summary, error) {
	if baseline != "" {
		sc, err := scenarios.Recorded(results.ScenarioFile, b.Scenario)
		if err != nil {
			return nil, err
		}
		if b.Run.Baseline, err = p.baseline(baseline, sc); err != nil {
			return nil, err
		}
	}
	return judge.Analyze(b)
}

// oneByOne are the formats in which the reports of several runs can follow one another.
var oneByOne = []string{"text", "markdown"}

// format is that of a name, for so many runs; empty means text, or with --json JSON.
func (p *program) format(name string, runs int) (report.Format, error) {
	switch {
	case name == "" && p.json:
		name = "json"
	case name == "":
		name = "text"
	}
	known := report.Names(report.Run)
	f, _ := report.Named(name)
	if !slices.Contains(known, name) {
		return f, usagef("--format: unknown format %q%s; use one of %s", name, suggest(name, known), strings.Join(known, ", "))
	}
	if many := slices.Concat(oneByOne, report.Names(report.Runs)); runs > 1 && !slices.Contains(many, name) {
		return f, usagef("--format %s takes one run, but got %d; formats of several runs are %s", name, runs, strings.Join(many, ", "))
	}
	return f, nil
}

// deliver writes a rendering to standard output, or into a file.
func (p *program) deliver(w io.Writer, text []byte, file string) error {
	switch {
	case file != "":
		return results.WriteFile(file, text)
	case p.quiet && !p.json:
		return nil
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}
