package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/workload/frame"
)

func (p *program) loadVerb() *cli.Command {
	return &cli.Command{
		Name:      "load",
		Usage:     "put load on an existing Redis or Redis Cluster",
		UsageText: examples("slotstorm load 127.0.0.1:6379 --rate 2000 --test-time 30s", "slotstorm load 127.0.0.1:6379 --set workload.profile=session-store"),
		ArgsUsage: "[HOST:PORT]",
		Description: "Sends requests to the server (default: 127.0.0.1:6379), or to all primaries of its\n" +
			"cluster, and prints throughput and latency. Without --rate the load is a closed loop:\n" +
			"each client waits for an answer before it sends its next request. While the server\n" +
			"stalls, the clients send nothing, so the response times do not show the full delay. With\n" +
			"--rate it is an open loop: each request has a scheduled time, and its response time is\n" +
			"measured from that time.\n\n" +
			"The password comes from an environment variable, so that process lists do not show it.\n" +
			"--set changes a field of the load; its fields are those of 'workload' in a scenario.\n" +
			"With a profile or with key spaces, flags about keys, values and commands count only if\n" +
			"they are set. audit, prefill, probe, warmup and pattern.replay need 'slotstorm run'.\n" +
			"Exit code 1 means that no request succeeded. A load that is interrupted, for example by\n" +
			"Ctrl-C, prints its figures until then, says so in text and JSON, and exits with code 130.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "clients", Aliases: []string{"c"}, Value: 50, Usage: "use `N` clients for each primary, each with a connection of its own; with --client go-redis, N clients in all"},
			&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Value: 1, Usage: "use `N` threads, and divide the connections among them"},
			&cli.IntFlag{Name: "pipeline", Aliases: []string{"P"}, Value: 1, Usage: "keep up to `N` requests in flight on each connection"},
			&cli.IntFlag{Name: "shared", Usage: "open only `N` connections to each primary, and share them among all clients, as client libraries with automatic pipelining do; cannot be combined with --rate or --client go-redis; response times include the wait for earlier requests on the connection"},
			&cli.StringFlag{Name: "ratio", Value: "1:10", Usage: "mix SET and GET in the ratio `SET:GET`"},
			&cli.StringFlag{Name: "key-pattern", Value: "R:R", Usage: "choose keys by `PATTERN`, one letter for SET and the same letter for GET: R:R uniform, S:S sequential, G:G normal, Z:Z zipfian"},
			&cli.StringFlag{Name: "key-prefix", Value: "key:", Usage: "start each key with `TEXT`"},
			&cli.Int64Flag{Name: "key-maximum", Aliases: []string{"r"}, Value: 1_000_000, Usage: "use `N` keys"},
			&cli.IntFlag{Name: "data-size", Aliases: []string{"d"}, Value: 32, Usage: "write values of `N` bytes"},
			&cli.DurationFlag{Name: "expiry", Usage: "expire written keys after `DURATION`"},
			&cli.DurationFlag{Name: "test-time", Value: 10 * time.Second, Usage: "send for `DURATION`"},
			&cli.Int64Flag{Name: "requests", Aliases: []string{"n"}, Usage: "stop a closed loop after `N` requests; the default of --test-time is then 24h"},
			&cli.Float64Flag{Name: "rate", Usage: "send `N` requests per second in total, each at its scheduled time (open loop)"},
			&cli.StringFlag{Name: "arrival", Usage: "with --rate: choose intervals of `KIND` between requests: poisson (random) or constant (default: poisson)"},
			&cli.StringFlag{Name: "client", Value: "wire", Usage: "use the client `LIBRARY`: wire (slotstorm's own) or go-redis"},
			&cli.IntFlag{Name: "protocol", Value: 2, Usage: "use RESP `VERSION` 2 or 3"},
			&cli.StringFlag{Name: "user", Usage: "authenticate as user `NAME`"},
			&cli.StringFlag{Name: "password-env", Value: "REDISCLI_AUTH", Usage: "read the password from environment variable `NAME`, if it is set"},
			&cli.BoolFlag{Name: "tls", Usage: "connect with TLS"},
			&cli.StringFlag{Name: "tls-ca", Usage: "trust the CA certificates in the PEM file `FILE`"},
			&cli.StringFlag{Name: "tls-cert", Usage: "present the client certificate in the PEM file `FILE`"},
			&cli.StringFlag{Name: "tls-key", Usage: "read the key of --tls-cert from the PEM file `FILE`"},
			&cli.StringFlag{Name: "sni", Usage: "send `NAME` as the TLS server name, and accept only a certificate for it (default: HOST; if that is an IP address, the address of each node)"},
			&cli.BoolFlag{Name: "tls-skip-verify", Usage: "accept any certificate"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "use the random seed `N`"},
			&cli.StringSliceFlag{Name: "set", Usage: "set a field of the workload with `PATH=VALUE`, such as workload.profile=session-store; may be repeated"},
			&cli.BoolFlag{Name: "csv", Usage: "print the table as CSV"},
		},
		Action: p.load,
	}
}

func (p *program) load(c *cli.Context) error {
	if err := p.writes(c, report.Load); err != nil {
		return err
	}
	o, err := loadOptions(c)
	if err != nil {
		return err
	}
	if err := enoughFiles(leastFiles + uint64(max(c.Int("clients"), 0))); err != nil {
		return err
	}
	ctx, stop, release := p.brake(c.Context, "waiting for the last answers")
	defer release()
	o.Stop = stop
	if !p.quiet {
		o.Progress = p.loadProgress(o)
	}
	r, err := loader.Run(ctx, o)
	p.err.Show("")
	if err != nil && closed(stop) {
		return &exit{exitInterrupted, errors.New("interrupted")}
	}
	if err != nil {
		return unloadable(err, c.String("password-env"))
	}
	if err := p.printLoad(r, c.Bool("csv")); err != nil {
		return err
	}
	if r.Interrupted != "" {
		return &exit{exitInterrupted, fmt.Errorf("interrupted after %.2f s", r.Elapsed.Std().Seconds())}
	}
	if err := fruitless(r); err != nil {
		return err
	}
	if r.Invalid != "" {
		return &exit{exitInconclusive, errors.New("invalid: " + r.Invalid)}
	}
	return nil
}

// unloadable is the error of a server that takes no load, with what the user can do.
func unloadable(err error, passwordEnv string) error {
	var unusable *loader.Unusable
	switch {
	case errors.Is(err, loader.ErrUnreachable):
		return &exit{exitEnvironment, err}
	case !errors.As(err, &unusable):
		return err
	}
	advice := map[string]string{
		"NOAUTH":          "set its password in the environment variable " + passwordEnv + ", or name another one with --password-env",
		"WRONGPASS":       "check the password in the environment variable " + passwordEnv + ", and --user",
		loader.NoPassword: "unset the environment variable " + passwordEnv + ", because the server has no password",
		"NOPERM":          "permit the user to call INFO and CLUSTER NODES",
		"LOADING":         "wait until INFO shows loading:0",
	}[unusable.Class]
	if advice == "" {
		return &exit{exitEnvironment, err}
	}
	return &exit{exitEnvironment, fmt.Errorf("%w; %s", err, advice)}
}

// printLoad writes the result as --out asks for, and prints it.
func (p *program) printLoad(r *loader.Result, csv bool) error {
	result := report.OfLoad(r, func(w io.Writer) error { return loadTable(w, r) }, func(w io.Writer) error { return loadCSV(w, r) })
	if !csv || p.json || p.quiet || p.direct() {
		return p.write(result)
	}
	if err := p.writeTargets(result); err != nil {
		return err
	}
	return result.As(p.out, "csv")
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// fruitless is an error if no request succeeded: then the figures describe no server.
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
		most = " (most often: " + words.Class(most) + ")"
	}
	if all.Total() == 0 {
		return errors.New("no request was due: choose a longer --test-time or a higher rate")
	}
	return fmt.Errorf("no request succeeded: %d of %d failed or got no answer%s", all.Failed+all.Unknown, all.Total(), most)
}

// loadProgress shows a live line on a terminal, and nothing elsewhere: a load is short,
// and its result is complete.
func (p *program) loadProgress(o loader.Options) func(time.Duration, frame.Progress) {
	if _, ok := console.Terminal(p.stderr, p.getenv); !ok {
		return nil
	}
	return func(elapsed time.Duration, now frame.Progress) {
		of := ""
		if o.Requests == 0 {
			of = " of " + o.Length.String()
		}
		p.err.Show(fmt.Sprintf("%s%s  %.0f req/s  %d errors  p99 %s", elapsed.Round(time.Second), of, now.Rate, now.Errors, now.P99.Round(10*time.Microsecond)))
	}
}
