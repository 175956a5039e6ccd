package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		code exitCode
		want string
	}{
		{[]string{"--ratio", "0:0"}, exitInvalid, "--ratio"},
		{[]string{"--ratio", "one"}, exitInvalid, "SET:GET"},
		{[]string{"--key-pattern", "R:S"}, exitInvalid, "one distribution"},
		{[]string{"--data-size", "0"}, exitInvalid, "must be at least 1"},
		{[]string{"--client", "jedis"}, exitInvalid, "go-redis or wire"},
		{[]string{"--rate", "-1"}, exitInvalid, "above 0"},
		{[]string{"--rate", "10", "-n", "5"}, exitInvalid, "--requests cannot be combined with --rate"},
		{[]string{"--shared", "2", "--rate", "10"}, exitInvalid, "--shared needs a closed loop"},
		{[]string{"--shared", "2", "--client", "go-redis"}, exitInvalid, "--shared needs a closed loop"},
		{[]string{"--shared", "0"}, exitInvalid, "must be at least 1"},
		{[]string{"--test-time", "0s"}, exitInvalid, "greater than 0"},
		{[]string{"a:1", "b:2"}, exitInvalid, "one address"},
		{[]string{"--set", "workload.profil=queue"}, exitInvalid, "did you mean profile?"},
		{[]string{"--tls", "--tls-ca", "/no/such.pem"}, exitError, "/no/such.pem"},
		{[]string{"--sni", "redis.example"}, exitInvalid, "--sni needs --tls"},
		{[]string{"127.0.0.1:1"}, exitEnvironment, "127.0.0.1:1"},
	} {
		code, stdout, stderr := do(t, append([]string{"load"}, tc.args...)...)
		if code != tc.code || stdout != "" {
			t.Errorf("%v: exit code %d, want %d; standard output %q", tc.args, code, tc.code, stdout)
		}
		contains(t, stderr, tc.want)
	}
}

func TestLoadTable(t *testing.T) {
	t.Parallel()
	ms := func(n float64) results.Duration {
		return results.DurationOf(time.Duration(n * float64(time.Millisecond)))
	}
	row := func(command string, ok int, p50 float64) loader.Row {
		return loader.Row{
			Command: command, Counts: results.Counts{OK: ok, Unknown: 2}, PerSec: float64(ok) / 2,
			Response: &loader.Percentiles{Mean: ms(p50 * 1.2), P50: ms(p50), P90: ms(2 * p50), P99: ms(4 * p50), P999: ms(8 * p50), P9999: ms(9 * p50), Max: ms(10 * p50)},
			Service:  &loader.Percentiles{P99: ms(3 * p50)}, Slip: &loader.Percentiles{P99: ms(0.05)},
		}
	}
	r := &loader.Result{
		Cluster: true, Shards: 3, Server: results.Server{Product: results.ProductRedis, Version: "7.0.15"}, OpenLoop: true, Elapsed: ms(2000), CPU: ms(40), PerRequest: ms(0.0125),
		Rows: []loader.Row{row("SET", 1000, 0.25), row("GET", 9000, 0.125), row("all", 10000, 0.15)}, Errors: map[string]int{"timeout": 4}, Client: results.Client{Type: "wire"},
	}
	var table, csv bytes.Buffer
	loadTable(&table, r)
	loadCSV(&csv, r)
	golden(t, "testdata/load/table.txt", table.String())
	golden(t, "testdata/load/table.csv", csv.String())
	none := &loader.Result{
		Shards: 1, Server: r.Server, Elapsed: ms(2000), Rows: []loader.Row{{Command: "SET", Counts: results.Counts{Failed: 3}}, {Command: "all", Counts: results.Counts{Failed: 3}}},
		Errors: map[string]int{"dial": 2, "OOM": 1}, Client: results.Client{Type: "wire"}, Interrupted: "stopped by a signal",
	}
	table.Reset()
	csv.Reset()
	loadTable(&table, none)
	loadCSV(&csv, none)
	golden(t, "testdata/load/none.txt", table.String())
	golden(t, "testdata/load/none.csv", csv.String())
	text, err := json.Marshal(none)
	if err != nil || strings.Contains(string(text), "p99Ms") {
		t.Errorf("%v: times that no request had: %s", err, text)
	}
}

// TestLoadWithoutReply: a load of which nothing has succeeded is no success.
func TestLoadWithoutReply(t *testing.T) {
	t.Parallel()
	none := &loader.Result{Rows: []loader.Row{{Counts: results.Counts{Failed: 3, Unknown: 2}}}, Errors: map[string]int{"refused": 2, "timeout": 3}}
	if err := fruitless(none); err == nil || err.Error() != "no request succeeded: 5 of 5 failed or got no answer (most often: timeout)" {
		t.Errorf("gives %v", err)
	}
	some := &loader.Result{Rows: []loader.Row{{Counts: results.Counts{OK: 1, Failed: 9}}}}
	if err := fruitless(some); err != nil {
		t.Errorf("one good reply gives %v", err)
	}
	b := newBench(t)
	code, _, stderr := b.do("load", fullServer(t), "--requests", "20", "--clients", "2", "--ratio", "1:0")
	if code != exitError || !strings.Contains(stderr, "no request succeeded") {
		t.Errorf("a server that refuses every write: exit code %d, %s", code, stderr)
	}
}

// TestLoadOnUnusableServer: a server that answers can be reached. The message says what
// to do.
func TestLoadOnUnusableServer(t *testing.T) {
	locked := startServer(t, "--requirepass", "secret")
	loading := replyServer(t, bulk("# Server\r\nredis_version:7.0.0\r\nloading:1\r\n"))
	for _, tc := range []struct {
		addr, password, reply, advice string
	}{
		{locked, "", "NOAUTH Authentication required", "set its password in the environment variable SECRET, or name another one with --password-env"},
		{locked, "wrong", "WRONGPASS invalid username-password pair or user is disabled", "check the password in the environment variable SECRET, and --user"},
		{startServer(t), "surplus", "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?", "unset the environment variable SECRET, because the server has no password"},
		{loading, "", "it is loading its data", "wait until INFO shows loading:0"},
		{replyServer(t, "-NOPERM this user has no permissions to run the 'info' command\r\n"), "", "NOPERM this user has no permissions to run the 'info' command", "permit the user to call INFO and CLUSTER NODES"},
	} {
		b := newBench(t)
		t.Setenv("SECRET", tc.password)
		code, _, stderr := b.do("load", tc.addr, "--password-env", "SECRET")
		if want := "slotstorm: the server " + tc.addr + " cannot be used: " + tc.reply + "; " + tc.advice + "\n"; code != exitEnvironment || stderr != want {
			t.Errorf("exit code %d, %q, want %q", code, stderr, want)
		}
	}
}

// TestInterruptedLoad: a signal during a load ends it. The figures, the message and the
// exit code say so.
func TestInterruptedLoad(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{}, {"--json"}, {"--csv"}} {
		addr := startServer(t)
		cl := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true, Protocol: 2})
		defer cl.Close()
		b := newBench(t)
		go func() {
			for cl.DBSize(t.Context()).Val() == 0 {
				time.Sleep(5 * time.Millisecond)
			}
			b.caught <- os.Interrupt
		}()
		code, stdout, stderr := b.do(append([]string{"load", addr, "--test-time", "1h"}, flags...)...)
		if code != exitInterrupted {
			t.Errorf("%v: exit code %d", flags, code)
		}
		contains(t, stderr, "stopping: waiting for the last answers; press Ctrl-C again to exit at once\n", "slotstorm: interrupted after ")
		switch {
		case len(flags) == 0:
			contains(t, stdout, "! interrupted: stopped by a signal after ")
		case flags[0] == "--json":
			contains(t, stdout, `"interrupted": "stopped by a signal"`)
		}
		if strings.Contains(stderr, "faults") {
			t.Errorf("%v: a load has no faults: %s", flags, stderr)
		}
	}
}

// fullServer is a Redis without room for a write.
func fullServer(t *testing.T) string { return startServer(t, "--maxmemory", "1") }

// startServer starts a Redis with further arguments, and returns its address.
func startServer(t *testing.T, args ...string) string {
	t.Helper()
	addr, _ := redistest.Start(t, args...)
	return addr
}

// errorServer answers INFO as a single server does, and everything else with an error.
func errorServer(t *testing.T) string {
	t.Helper()
	return replyServer(t, bulk("# Server\r\nredis_version:7.0.0\r\n# Cluster\r\ncluster_enabled:0\r\n"))
}

// bulk is a text as a reply.
func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

// replyServer answers INFO with a reply, and everything else with an error.
func replyServer(t *testing.T, info string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c, info)
		}
	}()
	return l.Addr().String()
}

// answer speaks as much of the protocol as the test needs: requests are arrays.
func answer(c net.Conn, info string) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		var words []string
		head, err := r.ReadString('\n')
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "*"))) // requests are well formed
		for range n {
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
			word, err := r.ReadString('\n')
			if err != nil {
				return
			}
			words = append(words, strings.TrimSpace(word))
		}
		reply := "-ERR \x1b]0;owned\a \u202eno\x7f\r\n"
		if len(words) > 0 && strings.EqualFold(words[0], "info") {
			reply = info
		}
		if _, err := c.Write([]byte(reply)); err != nil {
			return
		}
	}
}
