package main

import (
	"embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/scenarios"
)

// The schemas of what --json prints are generated from the types.
//
//go:generate go test -run TestSchemasAreFresh -update .

//go:embed schemas/*.json
var schemaFiles embed.FS

// schemaNames are the words that schema knows.
var schemaNames = []string{"scenario", "result", "comparison", "trend", "capacity", "tuning"}

func (p *program) schemaVerb() *cli.Command {
	return &cli.Command{
		Name:      "schema",
		Usage:     "print the JSON Schema of scenarios or of a result",
		UsageText: examples("slotstorm schema > scenario.schema.json", "slotstorm schema result"),
		ArgsUsage: "[" + strings.Join(schemaNames, "|") + "]",
		Description: "Prints the JSON Schema of scenarios (default), or of a result that --json prints.\n" +
			"Editors use the schema of scenarios to check and complete scenario files.",
		Action: p.schema,
	}
}

func (p *program) schema(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm schema takes one argument: %s", strings.Join(schemaNames, ", "))
	}
	var b []byte
	var err error
	switch name := c.Args().First(); name {
	case "", "scenario":
		b, err = scenarios.Schema()
	default:
		if b, err = schemaFiles.ReadFile("schemas/" + name + ".schema.json"); err != nil {
			return usagef("unknown schema %q%s; use one of %s", name, suggest(name, schemaNames), strings.Join(schemaNames, ", "))
		}
	}
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	if _, err := p.data.Write(b); err != nil {
		return fmt.Errorf("printing the schema: %w", err)
	}
	return nil
}
