package main

import (
	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/local/disk"
)

// diskVerb serves the volumes of a run whose faults need it. It is hidden.
func (p *program) diskVerb() *cli.Command {
	return &cli.Command{
		Name:   disk.Verb,
		Usage:  "serve the volumes of a run; 'slotstorm run' starts this verb in the sealed room: do not start it yourself",
		Hidden: true,
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return disk.Serve()
		},
	}
}
