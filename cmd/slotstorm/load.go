package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
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

// loadBase is the scenario that load's flags change: what is validated for
// scenarios is validated here.
const loadBase = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: load}
workload:
  warmup: 0s
  rate: max
  client: {type: wire}
timeline: {phases: [{name: load, duration: 1s}]}
`

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
	p.err.show("")
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

// loadOptions reads the flags: first into overrides of loadBase, so that one
// validation serves both, then into what is about the server.
func loadOptions(c *cli.Context) (loader.Options, error) {
	o := loader.Options{Addr: "127.0.0.1:6379", Seed: c.Uint64("seed")}
	if c.NArg() > 1 {
		return o, usagef("slotstorm load takes one address, and there are %d: the others of a cluster are found through it", c.NArg())
	}
	if c.NArg() == 1 {
		o.Addr = c.Args().First()
		if _, _, err := net.SplitHostPort(o.Addr); err != nil {
			o.Addr = net.JoinHostPort(o.Addr, "6379")
		}
	}
	mix, err := ratio(c.String("ratio"))
	if err != nil {
		return o, err
	}
	keys, err := pattern(c.String("key-pattern"))
	if err != nil {
		return o, err
	}
	clients, depth := c.Int("clients"), c.Int("pipeline")
	wire := fmt.Sprintf("connections: %d, depth: %d", clients, depth)
	if c.IsSet("shared") {
		if c.String("client") != "wire" || c.IsSet("rate") {
			return o, usagef("--shared is for a closed loop of wire: go-redis has its pool, and with --rate all requests share the connections")
		}
		all := clients * depth
		wire = fmt.Sprintf("connections: %d, depth: %d, clients: %d", c.Int("shared"), min(all, 4096), all)
	}
	set := []string{
		"workload.mix=" + mix,
		fmt.Sprintf("workload.keys={prefix: %s, count: %d, %s}", strconv.Quote(c.String("key-prefix")), c.Int64("key-maximum"), keys),
		fmt.Sprintf("workload.values={size: %d}", c.Int("data-size")),
		"workload.client.type=" + c.String("client"),
		"workload.maxInFlight=" + strconv.Itoa(clients*depth),
		"seed=" + strconv.FormatUint(o.Seed, 10),
	}
	if c.Duration("expiry") != 0 {
		set = append(set, "workload.values.ttl="+c.Duration("expiry").String())
	}
	if c.String("client") == "wire" {
		set = append(set, fmt.Sprintf("workload.client.wire={%s, cores: %d, protocol: %d}", wire, c.Int("threads"), c.Int("protocol")))
	} else {
		set = append(set, fmt.Sprintf("workload.client.options={poolSize: %d, protocol: %d}", clients, c.Int("protocol")))
	}
	if depth > 1 && c.String("client") != "wire" {
		set = append(set, fmt.Sprintf("workload.pipeline={depth: %d}", depth))
	}
	if c.IsSet("rate") {
		set = append(set, "workload.rate="+strconv.FormatFloat(c.Float64("rate"), 'f', -1, 64), "workload.maxInFlight="+strconv.Itoa(max(clients*depth, 10_000)))
	}
	if c.IsSet("arrival") {
		set = append(set, "workload.arrival="+c.String("arrival"))
	}
	s, err := scenarios.Parse("load", []byte(loadBase), append(set, c.StringSlice("set")...)...)
	if err != nil {
		return o, unreadable(err)
	}
	o.Workload, o.Seed = s.Workload, s.Seed
	o.Workload.Probe = scenarios.Probe{} // nobody asked for other writes
	o.Length, o.Requests = c.Duration("test-time"), c.Int64("requests")
	if c.IsSet("requests") && !c.IsSet("test-time") {
		o.Length = 24 * time.Hour
	}
	if o.Length <= 0 || o.Requests < 0 {
		return o, usagef("--test-time and --requests must be above 0")
	}
	if o.Requests > 0 && !o.Workload.Rate.Max {
		return o, usagef("--requests ends a closed loop; with --rate say --test-time")
	}
	security := dial.Security{Username: c.String("user"), Password: os.Getenv(c.String("password-env"))}
	if security.TLS, err = loadTLS(c, o.Addr); err != nil {
		return o, err
	}
	if o.Dialer, err = dial.New(security); err != nil {
		return o, usagef("%v", err)
	}
	return o, nil
}

// ratio turns SET:GET into a mix.
func ratio(text string) (string, error) {
	a, b, ok := strings.Cut(text, ":")
	sets, err1 := strconv.ParseFloat(a, 64)
	gets, err2 := strconv.ParseFloat(b, 64)
	if !ok || err1 != nil || err2 != nil || sets < 0 || gets < 0 || sets+gets <= 0 {
		return "", usagef("--ratio %q is not SET:GET, such as 1:10", text)
	}
	var entries []string
	for _, e := range []struct {
		command string
		weight  float64
	}{{"SET", sets}, {"GET", gets}} {
		if e.weight > 0 {
			entries = append(entries, fmt.Sprintf("{command: %s, weight: %v}", e.command, e.weight))
		}
	}
	return "[" + strings.Join(entries, ", ") + "]", nil
}

// pattern turns a key pattern of memtier_benchmark's into a distribution.
func pattern(text string) (string, error) {
	a, b, ok := strings.Cut(text, ":")
	names := map[string]string{"R": "uniform", "S": "sequential", "G": "gaussian", "Z": "zipfian"}
	if name, known := names[a]; ok && known && a == b {
		return "distribution: " + name, nil
	}
	return "", usagef("--key-pattern %q is none of R:R, S:S, G:G and Z:Z; SETs and GETs draw from one distribution", text)
}

// tlsFiles are the flags that name files, in PEM.
var tlsFiles = []string{"tls-ca", "tls-cert", "tls-key"}

// loadTLS is how to encrypt; nil is not at all.
func loadTLS(c *cli.Context, addr string) (*dial.TLS, error) {
	if !c.Bool("tls") {
		for _, flag := range append([]string{"sni", "tls-skip-verify"}, tlsFiles...) {
			if c.IsSet(flag) {
				return nil, usagef("--%s says nothing without --tls", flag)
			}
		}
		return nil, nil
	}
	if c.IsSet("tls-cert") != c.IsSet("tls-key") {
		return nil, usagef("--tls-cert and --tls-key go together: a certificate and its key")
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usagef("%v", err)
	}
	var files [3][]byte
	for i, flag := range tlsFiles {
		if file := c.String(flag); file != "" {
			if files[i], err = bounded.ReadFile(c.Context, file, bounded.Bound{What: "a file of certificates", Bytes: 4 << 20}); err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
			if !bytes.Contains(files[i], []byte("-----BEGIN")) {
				return nil, usagef("--%s: %s holds nothing in PEM", flag, file)
			}
		}
	}
	return &dial.TLS{CA: files[0], Cert: files[1], Key: files[2], ServerName: cmp.Or(c.String("sni"), host), SkipVerify: c.Bool("tls-skip-verify")}, nil
}

// loadProgress shows a live line on a terminal, and nothing elsewhere: a load is
// short, and its result says all.
func (p *program) loadProgress(o loader.Options) func(time.Duration, workload.Progress) {
	if _, ok := terminal(p.stderr, p.getenv); !ok {
		return nil
	}
	return func(elapsed time.Duration, now workload.Progress) {
		of := ""
		if o.Requests == 0 {
			of = " of " + o.Length.String()
		}
		p.err.show(fmt.Sprintf("%s%s  %.0f req/s  %d errors  p99 %s", elapsed.Round(time.Second), of, now.Rate, now.Errors, now.P99.Round(10*time.Microsecond)))
	}
}

// loadTable prints the result as people read it.
func loadTable(w io.Writer, r *loader.Result) {
	kind := "one Redis " + r.Redis
	if r.Cluster {
		kind = fmt.Sprintf("Redis Cluster %s of %d shards", r.Redis, r.Shards)
	}
	loop := "closed loop: times hide what a stall would have done to requests that were not sent"
	if r.OpenLoop {
		loop = "open loop: response times count from when a request was due"
	}
	fmt.Fprintf(w, "%s, %s for %.2f s; %s\n\n", kind, r.Client.Type, r.Elapsed.Std().Seconds(), loop)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "command\trequests\tok\tfailed\tunknown\toverflow\tok/s\tmean\tp50\tp90\tp99\tp99.9\tmax\tslip p99\t")
	for _, row := range r.Rows {
		l := row.Response
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", row.Command, row.Counts.Total(), row.Counts.OK, row.Counts.Failed, row.Counts.Unknown, row.Counts.Overflow,
			row.PerSec, inMillis(l.Mean), inMillis(l.P50), inMillis(l.P90), inMillis(l.P99), inMillis(l.P999), inMillis(l.Max), inMillis(row.Slip.P99))
	}
	if err := t.Flush(); err != nil {
		return // p.out keeps the error
	}
	if len(r.Shard) > 1 {
		fmt.Fprintln(w)
		fmt.Fprintln(t, "shard\tok\tmean\tp50\tp90\tp99\tp99.9\tmax\tservice p99\t")
		for _, row := range r.Shard {
			l := row.Response
			fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", row.Shard, row.OK, inMillis(l.Mean), inMillis(l.P50), inMillis(l.P90), inMillis(l.P99), inMillis(l.P999), inMillis(l.Max), inMillis(row.Service.P99))
		}
		if err := t.Flush(); err != nil {
			return
		}
	}
	fmt.Fprintln(w, "\ntimes in milliseconds; response time, and how late the slowest 1 % was sent")
	for _, class := range slices.Sorted(maps.Keys(r.Errors)) {
		fmt.Fprintf(w, "%d × %s\n", r.Errors[class], class)
	}
	if r.Notice != "" {
		fmt.Fprintln(w, "! "+r.Notice)
	}
	fmt.Fprintf(w, "client CPU %.2f s, %.2f µs per request\n", r.CPU.Std().Seconds(), float64(r.PerRequest.Std())/1e3)
}

func inMillis(m results.Duration) string { return fmt.Sprintf("%.3f", float64(m)/1e6) }

// loadCSV prints a line for each command, times in milliseconds.
func loadCSV(w io.Writer, r *loader.Result) {
	fmt.Fprintln(w, "command,requests,ok,failed,unknown,overflow,ok_per_s,mean_ms,p50_ms,p90_ms,p99_ms,p99.9_ms,p99.99_ms,max_ms,service_p99_ms,slip_p99_ms")
	for _, row := range r.Rows {
		l := row.Response
		fmt.Fprintf(w, "%s,%d,%d,%d,%d,%d,%.1f,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", row.Command, row.Counts.Total(), row.Counts.OK, row.Counts.Failed, row.Counts.Unknown, row.Counts.Overflow,
			row.PerSec, inMillis(l.Mean), inMillis(l.P50), inMillis(l.P90), inMillis(l.P99), inMillis(l.P999), inMillis(l.P9999), inMillis(l.Max), inMillis(row.Service.P99), inMillis(row.Slip.P99))
	}
}
