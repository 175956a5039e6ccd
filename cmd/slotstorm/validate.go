package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) validateVerb() *cli.Command {
	return &cli.Command{
		Name:      "validate",
		Usage:     "check scenarios without running them",
		UsageText: examples("slotstorm validate shop.yaml", "slotstorm validate shop.yaml --cluster kind --json", "slotstorm validate - --json < shop.yaml"),
		ArgsUsage: "SCENARIO...",
		Description: "Reads each scenario: a file, the name of a built-in one, or - for standard input. Prints\n" +
			"'ok' for each valid scenario to standard output, and every error with its line to\n" +
			"standard error.",
		Flags:  settingFlags(),
		Action: p.validate,
	}
}

// checked is one scenario as validate --json prints it.
type checked struct {
	File   string           `json:"file"`
	OK     bool             `json:"ok"`
	Name   string           `json:"name,omitempty"`
	Errors scenarios.Errors `json:"errors,omitempty"`
	// Remarks are doubts about a valid scenario.
	Remarks []string `json:"remarks,omitempty"`
	// Problem says why the file could not be read at all.
	Problem string `json:"problem,omitempty"`
}

func (p *program) validate(c *cli.Context) error {
	if !c.Args().Present() {
		_, err := scenarioArg(c)
		return err
	}
	list := make([]checked, 0, c.NArg())
	bad := false
	for _, file := range c.Args().Slice() {
		one := checked{File: file, OK: true}
		s, err := scenarios.Load(file, overrides(c)...)
		if err != nil {
			bad, one.OK = true, false
			if !errors.As(err, &one.Errors) {
				one.Problem = err.Error()
			}
			if !p.json {
				fail(p.err, p.colorErr, err)
			}
		} else {
			one.Name, one.Remarks = s.Metadata.Name, s.Remarks()
			if !p.json {
				p.remarks(file, s)
			}
			if !p.json && !p.quiet {
				fmt.Fprintf(p.out, "%s %s\n", console.Paint(p.colorOut, console.Green, "ok"), printable.Line(file))
			}
		}
		list = append(list, one)
	}
	if p.json {
		if err := p.printJSON(list); err != nil {
			return err
		}
	}
	if bad {
		return &exit{code: exitInvalid}
	}
	return nil
}

// remarks prints doubts about a valid scenario.
func (p *program) remarks(file string, s *scenarios.Scenario) {
	for _, text := range s.Remarks() {
		fmt.Fprintf(p.err, "%s: %s\n", printable.Line(file), printable.Line(text))
	}
}
