package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
)

// parseOut parts what --out was given: the folder of runs, and results to write.
func parseOut(values []string) (root string, targets []target, err error) {
	stdout := 0
	known := report.Names()
	for _, v := range values {
		format, file, ok := strings.Cut(v, "=")
		switch {
		case !ok || strings.ContainsAny(format, `/\.`):
			if root != "" {
				return "", nil, usagef("--out names two folders for runs: %s and %s", root, v)
			}
			root = v
			continue
		case !slices.Contains(known, format):
			return "", nil, usagef("--out: unknown format %q%s; use one of %s (for a folder of that name, write ./%s)", format, suggest(format, known), strings.Join(known, ", "), v)
		case file == "":
			return "", nil, usagef("--out %s needs a file after the =, or - for standard output", v)
		case file == "-":
			stdout++
		}
		targets = append(targets, target{format, file})
	}
	if stdout > 1 {
		return "", nil, usagef("--out can write only one result to standard output")
	}
	if root == "" {
		root = results.DefaultRoot
	}
	return root, targets, nil
}

// writes refuses the formats of --out that a kind of result does not have, before the
// verb does anything. A verb without results has no kinds.
func (p *program) writes(c *cli.Context, kinds ...report.Kind) error {
	var formats []string
	if len(kinds) > 0 {
		formats = report.Names(kinds...)
	}
	for _, t := range p.targets {
		if !slices.Contains(formats, t.format) {
			can := "writes no files"
			if len(formats) > 0 {
				can = "writes " + strings.Join(formats, ", ")
			}
			return usagef("--out %s=%s: slotstorm %s %s", t.format, t.file, c.Command.Name, can)
		}
	}
	return p.writable()
}

// writable refuses files of --out that cannot be written, before the verb does anything: a
// run may take hours.
func (p *program) writable() error {
	for _, t := range p.targets {
		dir := filepath.Dir(t.file)
		_, err := os.Stat(dir)
		missing := errors.Is(err, fs.ErrNotExist)
		inside, rerr := filepath.Rel(dir, p.root)
		switch {
		case t.file == "-", missing && rerr == nil && filepath.IsLocal(inside): // the run makes its folder
			continue
		case missing:
			return usagef("--out %s=%s: the folder %s does not exist", t.format, t.file, dir)
		}
		f, _ := report.Named(t.format)
		if err := results.CheckWrite(t.file, f.Appends); err != nil {
			return usagef("--out %s=%s: %w", t.format, t.file, err)
		}
	}
	return nil
}

// write writes what --out asks for, and to standard output, unless that is
// among it, the result as text or with --json as JSON.
func (p *program) write(r report.Result) error {
	if err := p.writeTargets(r); err != nil {
		return err
	}
	switch {
	case p.direct():
		return nil
	case p.json:
		return r.As(p.data, "json")
	case p.quiet:
		return nil
	}
	return p.writeText(r)
}

func (p *program) writeText(r report.Result) error {
	f, _ := report.Named("text")
	return f.Write(p.out, r.Within(p.reportWidth()), p.colorOut)
}

// direct reports whether --out writes to standard output.
func (p *program) direct() bool {
	return slices.ContainsFunc(p.targets, func(t target) bool { return t.file == "-" })
}

// writeTargets writes what --out asks for.
func (p *program) writeTargets(r report.Result) error {
	for _, t := range p.targets {
		f, ok := report.Named(t.format)
		if !ok || !slices.Contains(f.Of, r.Kind) {
			return usagef("--out %s=%s: not available for this result; use one of %s", t.format, t.file, strings.Join(report.Names(r.Kind), ", "))
		}
		var b bytes.Buffer
		err := f.Write(&b, r, false)
		switch {
		case err != nil:
			return fmt.Errorf("rendering %s: %w", t.format, err)
		case t.file == "-":
			w := p.data
			if t.format == "text" {
				w = p.out
			}
			_, err = w.Write(b.Bytes())
		case f.Appends:
			err = results.AppendFile(t.file, b.Bytes())
		default:
			err = results.WriteFile(t.file, b.Bytes())
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", t.format, err)
		}
	}
	return nil
}
