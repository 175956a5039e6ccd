package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/web"
)

// show is a run shown in a browser. The zero value shows nothing.
type show struct {
	// began learns each run's folder; nil without a browser. A sealed room's network
	// cannot be reached from outside: the outer process serves.
	began func(dir string)
	close func()
}

// serve shows the runs to come at addr, under these names too; empty is nowhere.
func (p *program) serve(addr string, hosts []string) (show, error) {
	nothing := show{close: func() {}}
	if addr == "" || p.inside {
		return nothing, nil
	}
	l, err := web.Listen(addr)
	if err != nil {
		return nothing, &exit{exitInvalid, err}
	}
	server := web.New(web.Options{Root: p.root, Hosts: hosts, Log: p.err})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(ctx, l); err != nil {
			fmt.Fprintf(p.err, "slotstorm: %s\n", message(err))
		}
	})
	fmt.Fprintf(p.err, "watch it at http://%s/%s\n", l.Addr(), reach(l.Addr()))
	return show{began: server.Watch, close: func() {
		stop()
		done.Wait()
	}}, nil
}

// hostFlag names the server beside localhost and its addresses. A page of another
// site can point a name of its own here; a name that the user gave is not such.
func hostFlag(name string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Usage: "answer to the name `NAME` too, beside localhost and addresses; may be repeated"}
}

// reach says who can see what is served, if that is not this machine alone.
func reach(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return ""
	}
	return ", open to everybody who reaches this address"
}

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
