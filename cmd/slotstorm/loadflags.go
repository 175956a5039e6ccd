package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/scenarios"
)

// loadBase is the scenario that the flags of load override, so that they are validated
// as scenarios are.
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

// loadOptions reads the flags.
func loadOptions(c *cli.Context) (loader.Options, error) {
	o := loader.Options{}
	var err error
	if o.Addr, err = loadAddr(c); err != nil {
		return o, err
	}
	set, err := loadSettings(c)
	if err != nil {
		return o, err
	}
	s, err := scenarios.Parse("load", []byte(loadBase), append(set, c.StringSlice("set")...)...)
	if err != nil {
		return o, unreadable(err)
	}
	o.Workload, o.Seed = s.Workload, s.Seed
	o.Workload.Probe = scenarios.Probe{} // the load is the only traffic
	o.Length, o.Requests = c.Duration("test-time"), c.Int64("requests")
	if c.IsSet("requests") && !c.IsSet("test-time") {
		o.Length = 24 * time.Hour
	}
	if o.Length <= 0 || o.Requests < 0 {
		return o, usagef("--test-time and --requests must be greater than 0")
	}
	if o.Requests > 0 && !o.Workload.Rate.Max {
		return o, usagef("--requests cannot be combined with --rate: use --test-time")
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

// loadAddr is the address of the server.
func loadAddr(c *cli.Context) (string, error) {
	switch c.NArg() {
	case 0:
		return "127.0.0.1:6379", nil
	case 1:
		addr := c.Args().First()
		if _, _, err := net.SplitHostPort(addr); err != nil {
			addr = net.JoinHostPort(addr, "6379")
		}
		return addr, nil
	}
	return "", usagef("slotstorm load takes one address, but got %d; it finds the other nodes of a cluster by itself", c.NArg())
}

// loadSettings writes the flags as overrides of loadBase, so that the validation of
// scenarios serves both.
func loadSettings(c *cli.Context) ([]string, error) {
	mix, err := ratio(c.String("ratio"))
	if err != nil {
		return nil, err
	}
	keys, err := pattern(c.String("key-pattern"))
	if err != nil {
		return nil, err
	}
	client, err := loadClient(c)
	if err != nil {
		return nil, err
	}
	all := c.Int("clients") * c.Int("pipeline")
	set := append([]string{
		"workload.mix=" + mix,
		fmt.Sprintf("workload.keys={prefix: %s, count: %d, %s}", strconv.Quote(c.String("key-prefix")), c.Int64("key-maximum"), keys),
		fmt.Sprintf("workload.values={size: %d}", c.Int("data-size")),
		"workload.client.type=" + c.String("client"),
		"workload.maxInFlight=" + strconv.Itoa(all),
		"seed=" + strconv.FormatUint(c.Uint64("seed"), 10),
	}, client...)
	if c.Duration("expiry") != 0 {
		set = append(set, "workload.values.ttl="+c.Duration("expiry").String())
	}
	if c.IsSet("rate") {
		set = append(set, "workload.rate="+strconv.FormatFloat(c.Float64("rate"), 'f', -1, 64), "workload.maxInFlight="+strconv.Itoa(max(all, 10_000)))
	}
	if c.IsSet("arrival") {
		set = append(set, "workload.arrival="+c.String("arrival"))
	}
	return set, nil
}

// loadClient writes the flags about connections as overrides.
func loadClient(c *cli.Context) ([]string, error) {
	clients, depth := c.Int("clients"), c.Int("pipeline")
	wire := fmt.Sprintf("connections: %d, depth: %d", clients, depth)
	if c.IsSet("shared") {
		if c.String("client") != "wire" || c.IsSet("rate") {
			return nil, usagef("--shared needs a closed loop with the client wire: it cannot be combined with --rate or --client go-redis")
		}
		all := clients * depth
		wire = fmt.Sprintf("connections: %d, depth: %d, clients: %d", c.Int("shared"), min(all, 4096), all)
	}
	if c.String("client") == "wire" {
		return []string{fmt.Sprintf("workload.client.wire={%s, cores: %d, protocol: %d}", wire, c.Int("threads"), c.Int("protocol"))}, nil
	}
	set := []string{fmt.Sprintf("workload.client.options={poolSize: %d, protocol: %d}", clients, c.Int("protocol"))}
	if depth > 1 {
		set = append(set, fmt.Sprintf("workload.pipeline={depth: %d}", depth))
	}
	return set, nil
}

// ratio turns SET:GET into a mix.
func ratio(text string) (string, error) {
	a, b, ok := strings.Cut(text, ":")
	sets, err1 := strconv.ParseFloat(a, 64)
	gets, err2 := strconv.ParseFloat(b, 64)
	if !ok || err1 != nil || err2 != nil || sets < 0 || gets < 0 || sets+gets <= 0 {
		return "", usagef("--ratio %q is not of the form SET:GET, such as 1:10", text)
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
	return "", usagef("--key-pattern %q must be R:R, S:S, G:G or Z:Z: SET and GET use one distribution", text)
}

// tlsFiles are the flags that name files, in PEM.
var tlsFiles = []string{"tls-ca", "tls-cert", "tls-key"}

// loadTLS reads the flags about TLS; it is nil without --tls.
func loadTLS(c *cli.Context, addr string) (*dial.TLS, error) {
	if !c.Bool("tls") {
		for _, flag := range append([]string{"sni", "tls-skip-verify"}, tlsFiles...) {
			if c.IsSet(flag) {
				return nil, usagef("--%s needs --tls", flag)
			}
		}
		return nil, nil
	}
	if c.IsSet("tls-cert") != c.IsSet("tls-key") {
		return nil, usagef("--tls-cert and --tls-key must be set together")
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
				return nil, usagef("--%s: %s is not a PEM file", flag, file)
			}
		}
	}
	return &dial.TLS{CA: files[0], Cert: files[1], Key: files[2], ServerName: cmp.Or(c.String("sni"), host), SkipVerify: c.Bool("tls-skip-verify")}, nil
}
