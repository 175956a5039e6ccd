package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/results"
)

// renderers write a verb's result, by format.
type renderers map[string]func(io.Writer) error

// outFormats are all formats that any verb knows.
var outFormats = []string{"text", "markdown", "summary", "json", "junit", "html", "openmetrics", "csv"}

const summaryFormat = "summary"

// parseOut parts what --out was given: the folder of runs, and results to write.
func parseOut(values []string) (root string, targets []target, err error) {
	stdout := 0
	for _, v := range values {
		format, file, ok := strings.Cut(v, "=")
		switch {
		case !ok || strings.ContainsAny(format, `/\.`):
			if root != "" {
				return "", nil, usagef("--out names two folders for runs: %s and %s", root, v)
			}
			root = v
			continue
		case !slices.Contains(outFormats, format):
			return "", nil, usagef("--out: unknown format %q%s; use one of %s (for a folder of that name, write ./%s)", format, suggest(format, outFormats), strings.Join(outFormats, ", "), v)
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

// writes refuses the formats of --out that a verb cannot write, before it does
// anything.
func (p *program) writes(c *cli.Context, formats ...string) error {
	for _, t := range p.targets {
		if !slices.Contains(formats, t.format) {
			can := "writes no files"
			if len(formats) > 0 {
				can = "writes " + strings.Join(formats, ", ")
			}
			return usagef("--out %s=%s: slotstorm %s %s", t.format, t.file, c.Command.Name, can)
		}
	}
	return nil
}

// write writes what --out asks for, and to standard output, unless that is
// among it, the result as text or with --json as JSON.
func (p *program) write(r renderers) error {
	if err := p.writeTargets(r); err != nil {
		return err
	}
	switch {
	case p.direct():
		return nil
	case p.json:
		return r["json"](p.data)
	case p.quiet:
		return nil
	}
	return r["text"](p.out)
}

// direct reports whether --out writes to standard output.
func (p *program) direct() bool {
	return slices.ContainsFunc(p.targets, func(t target) bool { return t.file == "-" })
}

// writeTargets writes what --out asks for.
func (p *program) writeTargets(r renderers) error {
	for _, t := range p.targets {
		render, ok := r[t.format]
		if !ok {
			return usagef("--out %s=%s: not available for this result; use one of %s", t.format, t.file, strings.Join(slices.Sorted(maps.Keys(r)), ", "))
		}
		var b bytes.Buffer
		err := render(&b)
		switch {
		case err != nil:
			return fmt.Errorf("rendering %s: %w", t.format, err)
		case t.file == "-":
			w := p.data
			if t.format == "text" {
				w = p.out
			}
			_, err = w.Write(b.Bytes())
		case t.format == summaryFormat:
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
