package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// optionsOf reads a command line of load.
func optionsOf(t *testing.T, args ...string) (o loader.Options, err error) {
	t.Helper()
	verb := (&program{}).loadVerb()
	verb.Action = func(c *cli.Context) error {
		o, err = loadOptions(c)
		return nil
	}
	app := &cli.App{DisableSliceFlagSeparator: true, Commands: []*cli.Command{verb}}
	if err := app.Run(append([]string{"slotstorm", "load"}, args...)); err != nil {
		t.Fatal(err)
	}
	return o, err
}

// The load is driven by what --set states; defaults of flags do not override it.
func TestLoadSet(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{nil, "SET GET key: 1000000 uniform 32 wire 50"},
		{[]string{"--set", "workload.profile=session-store"}, "GET SET session: 100000 zipfian 1000 wire 50"},
		{[]string{"--set", "workload.profile=session-store", "--data-size", "9", "--key-maximum", "7"}, "GET SET session: 7 zipfian 9 wire 50"},
		{[]string{"--set", "workload.profile=queue", "--ratio", "1:0"}, "SET queue: 32 uniform 256 wire 50"},
		{[]string{"--set", "workload.profile=cart", "--set", "workload.keys.prefix='x:'", "--key-pattern", "G:G"}, "HGETALL HSET HDEL EXPIRE x: 100000 gaussian 0 wire 50"},
		{[]string{"--set", "workload.profile=feature-flags", "--client", "go-redis"}, "MGET SET flag: 200 uniform 0 go-redis 50"},
		{[]string{"--set", "workload.values.range={min: 1, max: 2}"}, "SET GET key: 1000000 uniform 0 wire 50"},
		{[]string{"--set", "workload.mix[0].weight=5"}, "SET GET key: 1000000 uniform 32 wire 50"},
		{[]string{"--set", "workload.mix=[{command: INCR, weight: 1}]", "--set", "workload.keys={count: 5}"}, "INCR key: 5 zipfian 32 wire 50"},
		{[]string{"--set", "workload.spaces=[{weight: 1, keys: {prefix: 'a:'}}]"}, "SET GET a: 100000 zipfian 32 wire 50"},
		{[]string{"--set", "workload.client.type=go-redis"}, "SET GET key: 1000000 uniform 32 go-redis 50"},
		{[]string{"--set", "workload.rate=100"}, "SET GET key: 1000000 uniform 32 wire 10000"},
		{[]string{"--set", "workload.mix=[{command: SET, weight: 1, wait: {replicas: 2, local: 1, timeout: 1s}}]"}, "SET key: 1000000 uniform 32 wire 50"},
		{[]string{"--set", "workload.rate=max"}, "SET GET key: 1000000 uniform 32 wire 50"},
	} {
		o, err := optionsOf(t, tc.args...)
		if err != nil {
			t.Errorf("%v: %v", tc.args, err)
			continue
		}
		w := &o.Workload
		var words []any
		for _, c := range w.Mix {
			words = append(words, c.Label())
		}
		k := w.KeySpaces()[0].Keys
		inFlight := w.MaxInFlight
		if w.Rate.Max && w.Client.Type == "wire" {
			inFlight = w.Client.Wire.Connections
		}
		words = append(words, k.Prefix, k.Count, k.Distribution, w.Values.Size, w.Client.Type, inFlight)
		if got := strings.TrimSpace(fmt.Sprintln(words...)); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.args, got, tc.want)
		}
	}
}

// Fields that load does not have are refused, with what to do instead.
func TestLoadSetRefuses(t *testing.T) {
	for set, want := range map[string]string{
		"workload.prefill.keys=100%":                   "--ratio 1:0",
		"workload.prefill={keys: 10}":                  "--set workload.prefill: load does not prefill",
		"workload.audit.rate=10":                       "use 'slotstorm run'",
		"workload.pattern.replay.file=/no/such/file":   "load does not replay times",
		"workload.warmup=5s":                           "load has no warm-up",
		"workload.probe.interval=5ms":                  "load sends no probes",
		"workload={profile: session-store}":            "set its fields",
		"redis.shards=5":                               "load has only the fields of 'workload'",
		"timeline.faults[0].kill={target: {shard: 0}}": "load has only the fields of 'workload'",
		"metadata.name=x":                              "load has only the fields of 'workload'",
		"workload.pattern.steps=[{at: 1s, rate: 5}]":   "give rate a number",
	} {
		args := []string{"--set", set}
		if strings.HasPrefix(set, "workload.pattern.replay") {
			args = append(args, "--rate", "10")
		}
		_, err := optionsOf(t, args...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", set, err, want)
		}
	}
	for _, args := range [][]string{
		{"--ratio", "1:1", "--set", "workload.mix=[{command: GET, weight: 1}]"},
		{"--key-prefix", "a:", "--set", "workload.keys={count: 5}"},
		{"--rate", "5", "--set", "workload.rate=7"},
		{"--client", "go-redis", "--set", "workload.client.type=wire"},
	} {
		if _, err := optionsOf(t, args...); err == nil || !strings.Contains(err.Error(), "cannot be combined with a --set of") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// The profile decides which keys a server gets, and the result is JSON.
func TestLoadOfAProfile(t *testing.T) {
	addr, _ := redistest.Start(t)
	code, stdout, stderr := newBench(t).do("load", addr, "--json", "--requests", "500", "--clients", "2", "--set", "workload.profile=session-store")
	var r loader.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code > exitInconclusive || len(r.Rows) != 3 || r.Rows[0].Command != "GET" {
		t.Errorf("exit code %d, %v, %s\n%s", code, err, stdout, stderr)
	}
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	key, err := c.RandomKey(context.Background()).Result()
	if err != nil || !strings.HasPrefix(key, "session:") {
		t.Errorf("the server has the key %q, %v", key, err)
	}
}

// A load in which nothing was due is an error, and its result is without NaN.
func TestLoadOfNoRequest(t *testing.T) {
	addr, _ := redistest.Start(t)
	for _, format := range []string{"--json", "--csv", "--no-color"} {
		code, stdout, stderr := newBench(t).do("load", addr, format, "--rate", "1", "--test-time", "1s", "--set", "workload.pattern.steps=[{at: 0s, rate: 0}]")
		if code != exitError || !strings.Contains(stderr, "no request was due") || strings.Contains(stdout, "NaN") {
			t.Errorf("exit code %d, %s\n%s", code, stdout, stderr)
		}
		if format == "--json" && !json.Valid([]byte(stdout)) {
			t.Errorf("not JSON: %s", stdout)
		}
	}
}
