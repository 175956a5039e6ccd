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
		UsageText: examples("slotstorm ui", "slotstorm ui results/runs --listen 8081"),
		ArgsUsage: "[RUNS]",
		Description: "Serves the runs in the folder RUNS (default: the folder of --out): a list, the report of\n" +
			"each run, comparisons, trends, and a live page of runs in progress. It changes no file.\n" +
			"Stop it with Ctrl-C.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8380", Usage: "listen on `ADDRESS`: HOST:PORT, or PORT for 127.0.0.1:PORT"},
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
		return usagef("slotstorm ui takes one folder of runs, but got %d", c.NArg())
	}
	if st, err := os.Stat(root); err != nil || !st.IsDir() {
		return usagef("the folder %s does not exist; make a first run with 'slotstorm run'", root)
	}
	l, err := web.Listen(c.String("listen"))
	if err != nil {
		return &exit{exitInvalid, err}
	}
	fmt.Fprintf(p.err, "serving the runs in %s at http://%s/%s (stop with Ctrl-C)\n", printable.Line(root), l.Addr(), reach(l.Addr()))
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
