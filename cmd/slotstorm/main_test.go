package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/raced"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestMain lets the test binary stand in for slotstorm, where a test hands it
// to a shell or into namespaces.
func TestMain(m *testing.M) {
	crashOnDemand()
	if filepath.Base(os.Args[0]) == "slotstorm" || len(os.Args) > 1 && (strings.HasPrefix(os.Args[1], "__") || os.Args[1] == "agent") {
		main()
	}
	if raced.Enabled {
		// A process with the race detector sleeps for a second before it exits. The
		// tests here start more than a hundred of them.
		if err := os.Setenv("GORACE", "atexit_sleep_ms=20 "+os.Getenv("GORACE")); err != nil {
			panic(err)
		}
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	// Under nohup, or in the background of a script, signals are ignored, in the processes
	// started here as well. One that is caught is back at its default in them.
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	dir, err := os.MkdirTemp("", "slotstorm-nights-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	nights.root = dir
	return m.Run()
}

// start is when every test run began.
var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// bench is a program whose surroundings belong to a test.
type bench struct {
	*program
	stdout, stderr bytes.Buffer
	env            map[string]string
	caught         chan os.Signal
	exited         chan exitCode
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{env: map[string]string{}, caught: make(chan os.Signal), exited: make(chan exitCode, 1)}
	b.program = &program{
		in:  strings.NewReader(""),
		out: &b.stdout, stderr: &b.stderr, err: console.New(&b.stderr),
		getenv: func(key string) string { return b.env[key] },
		now:    func() time.Time { return start },
		play: func(context.Context, *scenarios.Scenario, runner.Options) (*runner.Result, error) {
			t.Error("a scenario was run")
			return nil, site.ErrEnvironment
		},
		signals: func() (<-chan os.Signal, func()) { return b.caught, func() {} },
		exit:    func(c exitCode) { b.exited <- c },
		enter: func(string, *os.File, <-chan os.Signal) (local.Room, int, bool, error) {
			return local.Room{}, 0, false, nil
		},
	}
	return b
}

// do runs a command line and gives what came of it.
func (b *bench) do(args ...string) (code exitCode, stdout, stderr string) {
	b.stdout.Reset()
	b.stderr.Reset()
	b.out = &b.stdout
	code = b.run(context.Background(), append([]string{"slotstorm"}, args...))
	return code, b.stdout.String(), b.stderr.String()
}

func do(t *testing.T, args ...string) (code exitCode, stdout, stderr string) {
	t.Helper()
	return newBench(t).do(args...)
}

// golden compares got with a file, or with -update writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs: look at both, then go test -update\nwant:\n%s\ngot:\n%s", path, want, got)
	}
}

// contains checks that text has all parts.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q in\n%s", part, text)
		}
	}
}

// write makes a sealed bundle of kill-primary under root, as edit leaves it.
func write(t *testing.T, root, id string, edit func(*results.Run)) *results.Bundle {
	t.Helper()
	s, err := scenarios.Load("kill-primary")
	if err != nil {
		t.Fatal(err)
	}
	r := &results.Run{
		SchemaVersion: results.SchemaVersion, ID: id, Name: s.Metadata.Name, Seed: 7,
		Scenario: []byte("{}"), Command: "slotstorm run kill-primary --seed 7", Start: start,
	}
	if edit != nil {
		edit(r)
	}
	w, err := results.Create(root, id, r.Start)
	if err != nil {
		t.Fatal(err)
	}
	return sealed(t, w, s, r)
}
