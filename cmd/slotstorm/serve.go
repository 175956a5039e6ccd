package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/web"
)

// show is the live page of a run. The zero value serves nothing.
type show struct {
	// began is called with the folder of each run; nil without a page. The outer process
	// serves it, because the network of a sealed room cannot be reached from outside.
	began func(dir string)
	close func()
}

// serve serves the live page of the next runs at addr, and answers to these host names. It
// does nothing if addr is empty.
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

// hostFlag adds host names. Other names are refused, because another site could point a
// name of its own at this server.
func hostFlag(name string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Usage: "also accept HTTP requests for the host `NAME`, not only for localhost and IP addresses; may be repeated"}
}

// reach warns if others than this machine can reach the address.
func reach(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return ""
	}
	return " (open to everybody who can reach this address)"
}
