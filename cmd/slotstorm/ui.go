package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/web"
)

func (p *program) uiVerb() *cli.Command {
	return &cli.Command{
		Name:      "ui",
		Usage:     "show runs in a browser",
		ArgsUsage: "[RUNS]",
		Description: "Serves the folder RUNS, --out if none is named: the list, each run's report, comparisons,\n" +
			"trends, and runs under way as they go. It only reads. Ctrl-C ends it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8380", Usage: "answer at `ADDRESS`: host:port, or a port of 127.0.0.1"},
			hostFlag("host"),
		},
		Action: p.ui,
	}
}

func (p *program) ui(c *cli.Context) error {
	root := p.root
	switch c.NArg() {
	case 0:
	case 1:
		root = c.Args().First()
	default:
		return usagef("slotstorm ui takes one folder of runs, and there are %d", c.NArg())
	}
	if st, err := os.Stat(root); err != nil || !st.IsDir() {
		return usagef("there is no folder %s: 'slotstorm run' makes it", root)
	}
	l, err := web.Listen(c.String("listen"))
	if err != nil {
		return &exit{exitInvalid, err}
	}
	fmt.Fprintf(p.err, "runs of %s at http://%s/%s (Ctrl-C ends it)\n", printable.Line(root), l.Addr(), reach(l.Addr()))
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	caught, restore := p.signals()
	defer restore()
	go func() {
		select {
		case <-caught:
			stop()
		case <-ctx.Done():
		}
	}()
	return web.New(web.Options{Root: root, Hosts: c.StringSlice("host"), Log: p.err}).Serve(ctx, l)
}
