package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/urfave/cli/v2"

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
	fmt.Fprintf(p.err, "live page: http://%s/%s\n", l.Addr(), reach(l.Addr()))
	return show{began: server.Watch, close: func() {
		stop()
		done.Wait()
	}}, nil
}

// hostFlag names the server beside localhost and its addresses. A page of another
// site can point a name of its own here; a name that the user gave is not such.
func hostFlag(name string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Usage: "also answer requests to the host `NAME`, besides localhost and IP addresses; may be repeated"}
}

// reach warns if others than this machine can reach the address.
func reach(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return ""
	}
	return " (open to everybody who can reach this address)"
}
