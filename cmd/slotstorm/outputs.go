package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/results"
)

// target is a result that --out asks for: FORMAT=FILE, where - is standard
// output.
type target struct{ format, file string }

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
				return "", nil, usagef("--out names two folders of runs: %s and %s", root, v)
			}
			root = v
			continue
		case !slices.Contains(outFormats, format):
			return "", nil, usagef("--out knows no format %q%s; it knows %s (a folder of that name is ./%s)", format, suggest(format, outFormats), strings.Join(outFormats, ", "), v)
		case file == "":
			return "", nil, usagef("--out %s needs a file after the =, or - for standard output", v)
		case file == "-":
			stdout++
		}
		targets = append(targets, target{format, file})
	}
	if stdout > 1 {
		return "", nil, usagef("--out sends more than one result to standard output")
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
	direct := false
	for _, t := range p.targets {
		render, ok := r[t.format]
		if !ok {
			return usagef("--out %s=%s: there is no such result here; there is %s", t.format, t.file, strings.Join(slices.Sorted(maps.Keys(r)), ", "))
		}
		var b bytes.Buffer
		if err := render(&b); err != nil {
			return fmt.Errorf("rendering %s: %w", t.format, err)
		}
		switch {
		case t.file == "-":
			direct = true
			if _, err := p.out.Write(b.Bytes()); err != nil {
				return fmt.Errorf("printing the result: %w", err)
			}
		case t.format == summaryFormat:
			if err := appendFile(t.file, b.Bytes()); err != nil {
				return err
			}
		default:
			if err := results.WriteFile(t.file, b.Bytes()); err != nil {
				return err
			}
		}
	}
	switch {
	case direct:
		return nil
	case p.json:
		return r["json"](p.out)
	case p.quiet:
		return nil
	}
	return r["text"](p.out)
}

// appendFile adds to a file: the steps of a CI job share one summary.
func appendFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	_, err = f.Write(b)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}
