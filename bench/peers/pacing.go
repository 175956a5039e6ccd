package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// pacingRates are in requests per second.
var pacingRates = []int{10_000, 50_000}

// pacer is a program that sends at a rate.
type pacer struct {
	name  string
	lines func(port, report string, rate int, length time.Duration) []string
	// goals are the most microseconds that p99 may be, by rate.
	goals map[int]float64
}

const pacingClients = 8

func pacers(c config) []pacer {
	load := func(client string, more ...string) func(string, string, int, time.Duration) []string {
		return func(port, _ string, rate int, length time.Duration) []string {
			return append([]string{
				c.slotstorm, "load", "127.0.0.1:" + port, "--client", client, "--clients", itoa(pacingClients), "--ratio", "0:1",
				"--rate", itoa(rate), "--arrival", "constant", "--test-time", length.String(), "--quiet",
			}, more...)
		}
	}
	list := []pacer{
		{wire, load(wire), map[int]float64{10_000: 75}},
		{"wire, spinning for 60 µs", load(wire, "--set", "workload.client.wire.spin=60us"), map[int]float64{10_000: 35, 50_000: 60}},
		{goRedis, load(goRedis), nil},
	}
	if c.memtier != "" {
		list = append(list, pacer{memtier, func(port, report string, rate int, length time.Duration) []string {
			return []string{
				c.memtier, "--server", "127.0.0.1", "--port", port, "--threads", "1", "--clients", itoa(pacingClients), "--ratio", "0:1",
				"--rate-limiting", itoa(rate / pacingClients), "--test-time", itoa(max(int(length.Seconds()), 1)), "--hide-histogram", "--json-out-file", report,
			}
		}, nil})
	}
	return list
}

// measurePacing watches every pacer at every rate, alternating between them, and writes a table.
func measurePacing(ctx context.Context, c config, dir string, w io.Writer) (err error) {
	s, err := startServers(ctx, c, dir, 1, false)
	if err != nil {
		return err
	}
	defer s.close()
	b := &bench{c, s, filepath.Join(dir, "report.json")}
	fmt.Fprint(w, pacingHead)
	var commands []string
	for _, rate := range pacingRates {
		list := pacers(c)
		runs, bare := make([][]paced, len(list)), make([]paced, c.rounds)
		for round := range c.rounds {
			bare[round] = sleep(rate, c.length/2)
			for i, p := range list {
				line := p.lines(s.port(), b.report, rate, c.length)
				r, err := b.pace(ctx, line, rate)
				if err != nil {
					return fmt.Errorf("%s at %d per second: %w", p.name, rate, err)
				}
				fmt.Fprintf(c.progress, "%d/s round %d/%d %s: %.0f/s, p99 %.1f µs, others %.1f %%\n", rate, round+1, c.rounds, p.name, r.rate, r.p99, r.others)
				runs[i] = append(runs[i], r)
				if round == 0 {
					commands = append(commands, strings.Join(named(p.lines("PORT", "REPORT", rate, c.length)), " "))
				}
			}
		}
		writePaced(w, pacer{name: "the bare timer, nothing sent"}, rate, bare)
		for i, p := range list {
			writePaced(w, p, rate, runs[i])
		}
	}
	_, err = fmt.Fprintf(w, "\n```\n%s\n```\n", strings.Join(commands, "\n"))
	return err
}

const pacingHead = `| asked for, per second | program | seen, per second | p50, µs | p99, µs | most, µs | others, % |
|---|---|---|---|---|---|---|
`

func writePaced(w io.Writer, p pacer, rate int, runs []paced) {
	column := func(f func(paced) float64, digits int) string {
		var v []float64
		for _, r := range runs {
			v = append(v, f(r))
		}
		return shown(spreadOf(v), digits)
	}
	p99 := column(func(r paced) float64 { return r.p99 }, 1)
	if goal, ok := p.goals[rate]; ok {
		var v []float64
		for _, r := range runs {
			v = append(v, r.p99)
		}
		verdict := "**missed**"
		if math.Round(10*spreadOf(v).median)/10 <= goal {
			verdict = "met"
		}
		p99 += fmt.Sprintf(" ≤ %g: %s", goal, verdict)
	}
	fmt.Fprintf(w, "| %d | %s | %s | %s | %s | %s | %s |\n", rate, p.name, column(func(r paced) float64 { return r.rate }, 0),
		column(func(r paced) float64 { return r.p50 }, 1), p99, column(func(r paced) float64 { return r.most }, 0), column(func(r paced) float64 { return r.others }, 1))
}

// pace runs one child and watches what it sends.
func (b *bench) pace(ctx context.Context, line []string, rate int) (paced, error) {
	before, err := b.account()
	if err != nil {
		return paced{}, err
	}
	times, err := capture(b.ports[0])
	if err != nil {
		return paced{}, err
	}
	_, _, err = b.child(ctx, line)
	// slotstorm calls a run invalid in which it could not keep its times: that is
	// measured here.
	const exitInvalid = 5
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == exitInvalid {
		err = nil
	}
	list, captured := times()
	if err == nil {
		err = captured
	}
	if err != nil {
		return paced{}, err
	}
	after, err := b.account()
	if err != nil {
		return paced{}, err
	}
	r, err := deviation(list, rate)
	r.others = others(before, after)
	return r, err
}
