package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/workload"
)

func (p *program) loadVerb() *cli.Command {
	return &cli.Command{
		Name:      "load",
		Usage:     "drive a Redis or Redis Cluster that is there already",
		ArgsUsage: "[HOST:PORT]",
		Description: "Sends requests to the server, 127.0.0.1:6379 if none is named, or to all primaries of\n" +
			"the cluster that it belongs to, and prints what came back. Without --rate it is a closed\n" +
			"loop: as fast as the clients get answers, with times that hide what a stall would have\n" +
			"done. With --rate requests are due at fixed times, and response times count from those.\n" +
			"The password is read from the environment, so that it is in no process list. --set\n" +
			"reaches everything that a scenario's workload can say. Exit code 1 says that not one\n" +
			"request has succeeded.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "clients", Aliases: []string{"c"}, Value: 50, Usage: "hold `N` connections to each primary"},
			&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Value: 1, Usage: "use `N` threads; each has its part of the connections"},
			&cli.IntFlag{Name: "pipeline", Aliases: []string{"P"}, Value: 1, Usage: "keep `N` requests under way on each connection"},
			&cli.IntFlag{Name: "shared", Usage: "let the --clients of a closed loop share `N` connections to each primary, as clients that pipeline by themselves do: a request may wait behind others', and its time says so"},
			&cli.StringFlag{Name: "ratio", Value: "1:10", Usage: "mix `SET:GET` in this ratio"},
			&cli.StringFlag{Name: "key-pattern", Value: "R:R", Usage: "draw keys `R:R` uniformly, S:S in sequence, G:G from a normal or Z:Z from a zipfian distribution"},
			&cli.StringFlag{Name: "key-prefix", Value: "key:", Usage: "begin keys with `TEXT`"},
			&cli.Int64Flag{Name: "key-maximum", Aliases: []string{"r"}, Value: 1_000_000, Usage: "use `N` keys"},
			&cli.IntFlag{Name: "data-size", Aliases: []string{"d"}, Value: 32, Usage: "write values of `BYTES`"},
			&cli.DurationFlag{Name: "expiry", Usage: "let written keys expire after `DURATION`"},
			&cli.DurationFlag{Name: "test-time", Value: 10 * time.Second, Usage: "send for `DURATION`"},
			&cli.Int64Flag{Name: "requests", Aliases: []string{"n"}, Usage: "end a closed loop after `N` requests, or after --test-time if that is stated too"},
			&cli.Float64Flag{Name: "rate", Usage: "send `N` requests per second in all, each at its time: an open loop"},
			&cli.StringFlag{Name: "arrival", Usage: "let the requests of --rate arrive by a `PROCESS`: poisson or constant"},
			&cli.StringFlag{Name: "client", Value: "wire", Usage: "send through `LIBRARY`: wire, slotstorm's own driver, or go-redis"},
			&cli.IntFlag{Name: "protocol", Value: 2, Usage: "speak RESP version `2` or 3"},
			&cli.StringFlag{Name: "user", Usage: "log in as `NAME`"},
			&cli.StringFlag{Name: "password-env", Value: "REDISCLI_AUTH", Usage: "log in with the password in environment variable `NAME`, if it is set"},
			&cli.BoolFlag{Name: "tls", Usage: "encrypt"},
			&cli.StringFlag{Name: "tls-ca", Usage: "trust the certificates in `FILE`"},
			&cli.StringFlag{Name: "tls-cert", Usage: "present the certificate in `FILE`, for a server that requires one"},
			&cli.StringFlag{Name: "tls-key", Usage: "the key of --tls-cert is in `FILE`"},
			&cli.StringFlag{Name: "sni", Usage: "expect a certificate for `NAME`, not for the address"},
			&cli.BoolFlag{Name: "tls-skip-verify", Usage: "trust any certificate"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "decide everything random by `N`"},
			&cli.StringSliceFlag{Name: "set", Usage: "set a field of the workload: `PATH=VALUE`, such as workload.profile=session-store; may be repeated"},
			&cli.BoolFlag{Name: "csv", Usage: "print the table as CSV"},
		},
		Action: p.load,
	}
}

func (p *program) load(c *cli.Context) error {
	o, err := loadOptions(c)
	if err != nil {
		return err
	}
	if err := enoughFiles(leastFiles + uint64(max(c.Int("clients"), 0))); err != nil {
		return err
	}
	_, stop, release := p.brake(c.Context)
	defer release()
	o.Stop = stop
	if !p.quiet {
		o.Progress = p.loadProgress(o)
	}
	r, err := loader.Run(c.Context, o)
	p.err.Show("")
	if err != nil && closed(stop) {
		return &exit{code: exitInterrupted}
	}
	switch {
	case errors.Is(err, loader.ErrUnreachable):
		return fmt.Errorf("%w: %w", runner.ErrEnvironment, err)
	case err != nil:
		return err
	}
	switch {
	case p.json:
		err = p.printJSON(r)
	case p.quiet:
	case c.Bool("csv"):
		loadCSV(p.out, r)
	default:
		loadTable(p.out, r)
	}
	if err != nil {
		return err
	}
	if closed(stop) {
		return &exit{code: exitInterrupted}
	}
	if err := fruitless(r); err != nil {
		return err
	}
	if r.Invalid != "" {
		return &exit{exitInconclusive, errors.New("invalid: " + r.Invalid)}
	}
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// fruitless is an error if not one request has succeeded: then the figures say
// nothing of the server.
func fruitless(r *loader.Result) error {
	all := r.Rows[len(r.Rows)-1].Counts
	if all.OK > 0 {
		return nil
	}
	most := ""
	for _, class := range slices.Sorted(maps.Keys(r.Errors)) {
		if most == "" || r.Errors[class] > r.Errors[most] {
			most = class
		}
	}
	if most != "" {
		most = ", most often with " + most
	}
	return fmt.Errorf("no request has succeeded: %d of %d failed or have no answer%s", all.Failed+all.Unknown, all.Total(), most)
}

// loadProgress shows a live line on a terminal, and nothing elsewhere: a load is
// short, and its result says all.
func (p *program) loadProgress(o loader.Options) func(time.Duration, workload.Progress) {
	if _, ok := console.Terminal(p.stderr, p.getenv); !ok {
		return nil
	}
	return func(elapsed time.Duration, now workload.Progress) {
		of := ""
		if o.Requests == 0 {
			of = " of " + o.Length.String()
		}
		p.err.Show(fmt.Sprintf("%s%s  %.0f req/s  %d errors  p99 %s", elapsed.Round(time.Second), of, now.Rate, now.Errors, now.P99.Round(10*time.Microsecond)))
	}
}
