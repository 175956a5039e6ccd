package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/loader"
)

// generateVerb is a load generator that runs in a pod. It is hidden.
func (p *program) generateVerb() *cli.Command {
	return &cli.Command{
		Name:   "generate",
		Usage:  "send the load of a run on Kubernetes; 'slotstorm run' starts this verb in pods: do not start it yourself",
		Hidden: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: ":7946", Usage: "listen on `HOST:PORT` for the connection from the run"},
			&cli.StringFlag{Name: "identity", Usage: "read from `FILE` the secret key that the run and its generators share"},
			&cli.DurationFlag{Name: "patience", Value: 2 * time.Minute, Usage: "exit if the run is not connected for `DURATION`, except while the load is sent"},
		},
		Action: p.generate,
	}
}

func (p *program) generate(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	if !c.IsSet("identity") || c.Duration("patience") <= 0 {
		return usagef("slotstorm generate is started by a run: it needs --identity and a --patience greater than 0")
	}
	ctx, release := p.abrupt(c.Context)
	defer release()
	err := loader.Generate(ctx, loader.GenerateOptions{
		Listen: c.String("listen"), Identity: c.String("identity"), Patience: c.Duration("patience"), Log: p.logger(),
		Listening: func(addr net.Addr) { fmt.Fprintf(p.out, "listening on %s\n", addr) },
	})
	if err != nil && ctx.Err() != nil {
		return &exit{exitInterrupted, errors.New("interrupted")}
	}
	return err
}
