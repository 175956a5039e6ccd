package main

import (
	"errors"
	"fmt"
	"net"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
)

// generateVerb is a generator of load for a run elsewhere: what pods run. It is
// not for people, and so is hidden.
func (p *program) generateVerb() *cli.Command {
	return &cli.Command{
		Name:   "generate",
		Hidden: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: ":7946", Usage: "await the run at `HOST:PORT`"},
			&cli.StringFlag{Name: "identity", Usage: "read the run's key from `FILE`"},
			&cli.DurationFlag{Name: "patience", Value: 2 * time.Minute, Usage: "end after `DURATION` without the run, before and after the load"},
		},
		Action: p.generate,
	}
}

func (p *program) generate(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	if !c.IsSet("identity") || c.Duration("patience") <= 0 {
		return usagef("slotstorm generate needs --identity, and a --patience above 0: it is started by a run")
	}
	ctx, release := signal.NotifyContext(c.Context, syscall.SIGTERM, syscall.SIGINT)
	defer release()
	err := runner.Generate(ctx, runner.GenerateOptions{
		Listen: c.String("listen"), Identity: c.String("identity"), Patience: c.Duration("patience"), Log: p.logger(),
		Listening: func(addr net.Addr) { fmt.Fprintf(p.out, "listening on %s\n", addr) },
	})
	if err != nil && ctx.Err() != nil {
		return &exit{exitInterrupted, errors.New("interrupted")}
	}
	return err
}
