package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
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
redis: {replicasPerShard: 5, config: {appendonly: "yes"}}
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
	if err := loadable(&s.Workload); err != nil {
		return o, err
	}
	o.Workload, o.Seed = s.Workload, s.Seed
	o.Workload.Probe = scenarios.Probe{} // the load is the only traffic
	o.Length, o.Requests = c.Duration("test-time"), c.Int64("requests")
	if c.IsSet("requests") && !c.IsSet("test-time") {
		o.Length = 24 * time.Hour
	}
	if o.Length <= 0 || o.Requests < 0 || c.IsSet("requests") && o.Requests == 0 {
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
		return addressOf(c.Args().First())
	}
	return "", usagef("slotstorm load takes one address, but got %d; it finds the other nodes of a cluster by itself", c.NArg())
}

// addressOf completes HOST or HOST:PORT.
func addressOf(text string) (string, error) {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		hint := ""
		if scheme == "rediss" {
			hint = " with --tls"
		}
		_, rest, _ = cutLast(rest, "@")
		return "", usagef("%q is a URL: write HOST:PORT%s, such as %s", scheme+"://...", hint, strings.TrimRight(rest, "/"))
	}
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		return "", usagef("%q is only a port: write HOST:PORT, such as 127.0.0.1:%s", text, text)
	}
	if _, _, err := net.SplitHostPort(text); err != nil {
		text = net.JoinHostPort(text, "6379")
	}
	return text, nil
}

// cutLast is text around its last sep; without one, all of it comes after.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return "", text, false
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
	// The other nodes of a cluster have addresses of their own in their certificates.
	if _, err := netip.ParseAddr(host); err == nil {
		host = ""
	}
	return &dial.TLS{CA: files[0], Cert: files[1], Key: files[2], ServerName: cmp.Or(c.String("sni"), host), SkipVerify: c.Bool("tls-skip-verify")}, nil
}
