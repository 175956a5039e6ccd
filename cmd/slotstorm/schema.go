package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) schemaVerb() *cli.Command {
	return &cli.Command{
		Name:        "schema",
		Usage:       "print the JSON Schema of scenarios",
		Description: "Prints the JSON Schema that editors check and complete scenarios with.",
		Action:      p.schema,
	}
}

func (p *program) schema(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	b, err := scenarios.Schema()
	if err != nil {
		return fmt.Errorf("generating the schema: %w", err)
	}
	if _, err := p.out.Write(b); err != nil {
		return fmt.Errorf("printing the schema: %w", err)
	}
	return nil
}
