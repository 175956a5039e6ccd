package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/starter"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) initVerb() *cli.Command {
	flags := []cli.Flag{}
	for _, q := range starter.Questions() {
		flags = append(flags, &cli.StringFlag{Name: q.Name, Usage: q.About, Value: q.Default(starter.Defaults())})
	}
	return &cli.Command{
		Name:      "init",
		Usage:     "write a scenario of your own",
		UsageText: examples("slotstorm init shop.yaml", "slotstorm init --fault kill --rate 500 --profile cart shop.yaml", "slotstorm init --attach 10.0.0.1:6379 - > shop.yaml"),
		ArgsUsage: "[FILE]",
		Description: "Writes a scenario with comments to FILE (default: " + starter.FileName + "), or with - to\n" +
			"standard output. On a terminal, init asks six questions first; Enter takes the default.\n" +
			"With one of the flags below, or without a terminal, it asks nothing: what no flag sets\n" +
			"has its default. 'slotstorm validate FILE' accepts every scenario that init writes.",
		Flags:  append(flags, &cli.BoolFlag{Name: "force", Usage: "replace FILE if it exists"}),
		Action: p.init,
	}
}

func (p *program) init(c *cli.Context) error {
	file, err := initFile(c)
	if err != nil {
		return err
	}
	a, flagged, err := initAnswers(c)
	if err != nil {
		return err
	}
	a = a.Named(file)
	if file == "-" {
		a.Name = starter.Defaults().Name
	}
	if !flagged && p.asks {
		if a, err = p.interview(a); err != nil {
			return err
		}
	}
	text, err := starter.Write(a)
	if err != nil {
		return usagef("%w", err)
	}
	if file == "-" {
		if _, err := p.data.Write(text); err != nil {
			return fmt.Errorf("printing the scenario: %w", err)
		}
		return nil
	}
	if err := writeNew(file, text, c.Bool("force")); err != nil {
		return err
	}
	if !p.quiet {
		fmt.Fprintf(p.out, "Wrote %s. Next:\n  slotstorm validate %s\n  %s\n", file, quote(file), runOf(file, a))
	}
	return nil
}

// initFile is the file to write, or - for standard output. A name that is taken is refused
// before any question.
func initFile(c *cli.Context) (string, error) {
	if c.NArg() > 1 {
		return "", usagef("slotstorm init takes one file, but got %d: %s", c.NArg(), strings.Join(c.Args().Slice(), " "))
	}
	file := c.Args().First()
	switch ext := filepath.Ext(file); {
	case file == "" && c.Args().Present():
		return "", usagef("the name of the file is empty")
	case file == "":
		file = starter.FileName
	case file != "-" && ext != ".yaml" && ext != ".yml":
		return "", usagef("slotstorm init %s: the name of a scenario's file ends in .yaml; write %s.yaml", file, strings.TrimSuffix(file, "."))
	}
	if _, err := os.Lstat(file); file != "-" && err == nil && !c.Bool("force") {
		return "", taken(file)
	}
	return file, nil
}

func taken(file string) error {
	return usagef("%s exists: choose another name, or replace it with --force", file)
}

// initAnswers are the answers of the flags; flagged is set if one of them is given.
func initAnswers(c *cli.Context) (a starter.Answers, flagged bool, err error) {
	a = starter.Defaults()
	if c.IsSet("attach") && !c.IsSet("cluster") {
		a.Place = scenarios.Attach
	}
	for _, q := range starter.Questions() {
		if !c.IsSet(q.Name) {
			continue
		}
		flagged = true
		if q.Applies != nil && !q.Applies(a) {
			return a, true, usagef("--%s cannot be combined with --cluster %s", q.Name, a.Place)
		}
		if err := q.Set(&a, c.String(q.Name)); err != nil {
			return a, true, usagef("--%s: %w", q.Name, err)
		}
	}
	return a, flagged, nil
}

// longestAnswer is the longest line that an answer may be, in bytes.
const longestAnswer = 4096

// interview asks all questions on standard error, and reads the answers from standard input.
func (p *program) interview(a starter.Answers) (starter.Answers, error) {
	lines := bufio.NewScanner(p.in)
	lines.Buffer(nil, longestAnswer)
	number := 0
	fmt.Fprintln(p.err, "Six questions. Enter takes the answer in brackets.")
	for _, q := range starter.Questions() {
		if !q.Follows {
			number++
		}
		if q.Applies != nil && !q.Applies(a) {
			continue
		}
		if q.Follows {
			fmt.Fprintf(p.err, "   %s\n", q.Text)
		} else {
			fmt.Fprintf(p.err, "\n%d. %s\n", number, console.Paint(p.colorErr, console.Bold, q.Text))
		}
		if q.Choices != nil {
			for _, choice := range q.Choices(a) {
				fmt.Fprintf(p.err, "   %-15s  %s\n", choice.Name, choice.About)
			}
		}
		if err := p.ask(lines, q, &a); err != nil {
			return a, err
		}
	}
	fmt.Fprintln(p.err)
	return a, nil
}

// ask reads the answer to q until it is a possible one.
func (p *program) ask(lines *bufio.Scanner, q starter.Question, a *starter.Answers) error {
	for {
		fallback := q.Default(*a)
		prompt := "   > "
		if fallback != "" {
			prompt = "   [" + console.Shown(fallback, false) + "] "
		}
		if _, err := io.WriteString(p.err, prompt); err != nil {
			return fmt.Errorf("asking: %w", err)
		}
		if !lines.Scan() {
			err := lines.Err()
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			fmt.Fprintln(p.err)
			return usagef("reading the answer: %w; nothing was written", err)
		}
		answer := strings.TrimSpace(lines.Text())
		if answer == "" {
			answer = fallback
		}
		next := *a // a wrong answer changes nothing
		err := q.Set(&next, answer)
		if err == nil {
			*a = next
			return nil
		}
		fmt.Fprintf(p.err, "   %s\n", message(err))
	}
}

// writeNew writes a file that does not exist yet, or with replace one that may exist. Nothing
// is overwritten that appears in between.
func writeNew(file string, text []byte, replace bool) error {
	if replace {
		if err := results.WriteFile(file, text); err != nil {
			return fmt.Errorf("writing the scenario: %w", err)
		}
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return taken(file)
	case errors.Is(err, fs.ErrNotExist):
		return usagef("the folder %s does not exist", filepath.Dir(file))
	case err != nil:
		return fmt.Errorf("writing the scenario: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the scenario: %w", err)
	}
	return nil
}

// runOf is the command that runs the scenario in file, with the flags by which the user has to
// agree to the place.
func runOf(file string, a starter.Answers) string {
	line := "slotstorm run " + quote(file)
	switch {
	case a.Place == scenarios.Attach:
		line += " --i-own " + quote(a.Address)
	case a.Place == "kube" && a.Context != "":
		line += " --context " + quote(a.Context)
	}
	return line
}
