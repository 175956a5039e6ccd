package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// writeTable writes Markdown: the ratios against what is to be reached, then
// what they come from.
func writeTable(w io.Writer, c config, m machine, runs []result) error {
	var cases []benchCase
	for _, b := range allCases() {
		if len(of(runs, b, wire)) > 0 {
			cases = append(cases, b)
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, head, m.date.UTC().Format("2006-01-02 15:04 UTC"), m.cpu, m.cores, m.memory, m.kernel, m.arch,
		c.clientCPU, c.serverCPU, strings.Join(m.versions, "; "), m.command, keys, c.rounds, c.length, c.limit)
	text.WriteString("| case | wire / redis-benchmark | wire / memtier | go-redis / memtier | throughput, wire / better peer |\n|---|---|---|---|---|\n")
	for _, b := range cases {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", b.title(),
			atMost(ratios(runs, b, contest{cpuOf, wire, math.Min, []string{benchmark}}), b.perBenchmark),
			atMost(ratios(runs, b, contest{cpuOf, wire, math.Min, []string{memtier}}), b.perMemtier),
			atMost(ratios(runs, b, contest{cpuOf, goRedis, math.Min, []string{memtier}}), goal{}),
			verdict(ratios(runs, b, contest{rateOf, wire, math.Max, []string{benchmark, memtier}}), "≥", throughputGoal, func(v float64) bool { return v >= throughputGoal }))
	}
	text.WriteString("\n| case | client | CPU, µs per request | requests per second | p50, ms | p99, ms | others, % | noisy |\n|---|---|---|---|---|---|---|---|\n")
	for _, b := range cases {
		for _, t := range tools(c) {
			writeRow(&text, b, t.name, of(runs, b, t.name))
		}
	}
	text.WriteString("\nCommands, each under `taskset --cpu-list " + c.clientCPU + "`; PORT is the first server's, REPORT a file:\n\n```\n")
	for _, b := range cases {
		for _, t := range tools(c) {
			for _, line := range t.commands(b, "PORT", "REPORT", amountOf(c, of(runs, b, t.name))) {
				fmt.Fprintln(&text, strings.Join(named(line), " "))
			}
		}
	}
	text.WriteString("```\n")
	_, err := io.WriteString(w, text.String())
	return err
}

const head = `Measured %s on %s, %d processors, %s of memory, Linux %s, %s;
clients on processor %s, servers on %s. %s.

    %s

64-byte values, GET:SET 1:1, %d keys, all there. Medians of %d alternating rounds (least to most); runs of
about %s. A run is repeated if more than %g %% of the machine, stolen time included, went elsewhere, and noisy if
that does not help. CPU is the child's user and system time by getrusage; redis-benchmark is the mean of GET and
SET. Requests per second are the servers' count over the middle 80 %% of a run. Percentiles are each tool's own.
Ratios are medians of the ratios of n rounds without a noisy run, of CPU per request but for the last.

`

func writeRow(w io.Writer, b benchCase, name string, runs []result) {
	left, noisy := quiet(runs), 0
	for _, r := range runs {
		if r.noisy {
			noisy++
		}
	}
	cpu, rate := spreadOf(values(left, cpuOf)), spreadOf(values(left, rateOf))
	fmt.Fprintf(w, "| %s | %s | %.2f (%.2f to %.2f) | %.0f (%.0f to %.0f) | %s | %s | %s | %d of %d |\n", b.title(), name,
		cpu.median/1000, cpu.least/1000, cpu.most/1000, rate.median, rate.least, rate.most,
		shown(spreadOf(values(left, p50Of)), 3), shown(spreadOf(values(left, p99Of)), 3), shown(spreadOf(values(left, othersOf)), 1), noisy, len(runs))
}

func shown(s spread, digits int) string {
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, s.median, digits, s.least, digits, s.most)
}

func atMost(p paired, g goal) string {
	return verdict(p, "≤", g.most, func(v float64) bool { return v <= g.most })
}

// verdict is a ratio, and whether it is what is to be reached; a bound of 0 is
// none. Noisy rounds prove nothing either way.
func verdict(p paired, sign string, bound float64, met func(float64) bool) string {
	if len(p.values) == 0 {
		return "not measured"
	}
	s := spreadOf(p.values)
	text := fmt.Sprintf("%.2f (%.2f to %.2f, n=%d)", s.median, s.least, s.most, len(p.values))
	if bound != 0 {
		text += fmt.Sprintf(" %s %g", sign, bound)
	}
	switch {
	case p.noisy:
		return text + ": noisy"
	case bound == 0:
		return text
	case met(math.Round(s.median*100) / 100): // what is judged is what is shown
		return text + ": met"
	}
	return text + ": **missed**"
}

// amountOf is how much work each child of the runs was given.
func amountOf(c config, runs []result) amount {
	a := amount{length: c.length}
	if len(runs) > 0 {
		a.requests = runs[0].requests / runs[0].children
	}
	return a
}

// writeRaw writes every run as a line that benchstat reads.
func writeRaw(w io.Writer, m machine, runs []result) error {
	goos, goarch, _ := strings.Cut(m.arch, "/")
	var text strings.Builder
	fmt.Fprintf(&text, "goos: %s\ngoarch: %s\npkg: github.com/slotstorm/slotstorm/bench/peers\ncpu: %s\n", goos, goarch, m.cpu)
	for _, r := range runs {
		fmt.Fprintf(&text, "BenchmarkPeers/case=%s/tool=%s %d %.1f ns/op %.0f requests/s %.0f p50-ns %.0f p99-ns %.2f others-%%\n",
			r.b.name, r.tool, r.requests, r.cpu, r.rate, r.p50*1e6, r.p99*1e6, r.others)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
