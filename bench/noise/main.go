// Package main measures how far comparisons can be trusted: how often one of a
// build with itself finds a difference, and how often one with a slowdown that
// was planted finds that.
//
//	scenario ─▶ slotstorm run --against itself, N times       ─▶ false alarms
//	         ─▶ slotstorm run --against 10 % slower, M times  ─▶ found, missed
//	answers ─▶ Markdown
//
// Each comparison is a process of its own, with the default number of runs.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/report/compare"
)

//go:embed scenario.yaml
var scenario []byte

// base is how long a request holds its node in scenario.yaml, and around what it
// waits besides, measured: the planted slowdown is a share of both.
const (
	base   = 2 * time.Millisecond
	around = 400 * time.Microsecond
)

// unusable is slotstorm's exit code where no run had figures that count.
const unusable = 5

type config struct {
	slotstorm string
	prefix    []string
	same      int
	slower    int
	slowdown  float64
	seed      int
	out       string
	progress  io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "noise:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	c := config{progress: os.Stderr}
	f := flag.NewFlagSet("noise", flag.ContinueOnError)
	f.StringVar(&c.slotstorm, "slotstorm", "bin/slotstorm", "the slotstorm `binary`")
	f.IntVar(&c.same, "same", 20, "compare the scenario `N` times with itself")
	f.IntVar(&c.slower, "slower", 10, "compare it `N` times with a slower one")
	f.Float64Var(&c.slowdown, "slowdown", 10, "plant a slowdown of `PERCENT`")
	f.IntVar(&c.seed, "seed", 1, "begin with seed `N`; each comparison takes a hundred")
	f.StringVar(&c.out, "o", "", "write the table to `FILE`, not to standard output")
	prefix := f.String("prefix", "", "put `WORDS` before each command line, such as 'chrt -f 5' on a machine that others use")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || c.same < 0 || c.slower < 0 || c.slowdown <= 0 {
		return errors.New("need -same and -slower of 0 or more, a -slowdown above 0 and no arguments")
	}
	c.prefix = strings.Fields(*prefix)
	if c.slotstorm, err = filepath.Abs(c.slotstorm); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "noise-")
	if err != nil {
		return fmt.Errorf("making a folder for the runs: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), scenario, 0o644); err != nil {
		return err
	}
	slower := base + time.Duration(c.slowdown/100*float64(base+around))
	series := []series{
		{what: "with itself", sleep: base, times: c.same},
		{what: fmt.Sprintf("%g %% slower", c.slowdown), sleep: slower, times: c.slower},
	}
	for i := range series {
		if err := series[i].measure(ctx, c, dir); err != nil {
			return err
		}
	}
	table := tableOf(series)
	if c.out == "" {
		_, err = os.Stdout.Write(table)
		return err
	}
	return os.WriteFile(c.out, table, 0o644)
}

// series is the same comparison again and again.
type series struct {
	what  string
	sleep time.Duration
	times int
	list  []compare.Comparison
	took  time.Duration
}

func (s *series) measure(ctx context.Context, c config, dir string) error {
	start := time.Now()
	for i := range s.times {
		cmp, err := compareTwice(ctx, c, dir, i, s.sleep)
		if err != nil {
			return fmt.Errorf("comparison %d, %s: %w", i+1, s.what, err)
		}
		p50 := judged(cmp)
		fmt.Fprintf(c.progress, "%s, comparison %d of %d: %s; %d and %d runs; p50 %+.1f %%; %s\n",
			s.what, i+1, s.times, cmp.Answer, len(cmp.A.Runs), len(cmp.B.Runs), 100**p50.Relative, strings.Join(cmp.Reasons, ", "))
		s.list = append(s.list, *cmp)
	}
	s.took = time.Since(start)
	return nil
}

// compare makes one comparison, with seeds of its own.
func compareTwice(ctx context.Context, c config, dir string, i int, sleep time.Duration) (*compare.Comparison, error) {
	root := filepath.Join(dir, "runs")
	line := append(append([]string{}, c.prefix...), c.slotstorm, "run", filepath.Join(dir, "scenario.yaml"),
		"--against", fmt.Sprintf("workload.mix[0].commands[1]=DEBUG SLEEP %.6f", sleep.Seconds()),
		"--seed", fmt.Sprint(c.seed+100*i), "--out", root, "--json", "--quiet")
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	// The JSON holds the answer, whatever the exit code. On a machine that is too busy
	// no run may be usable: that counts as no answer.
	failed := cmd.Run()
	var cmp compare.Comparison
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == unusable {
		fmt.Fprintln(c.progress, strings.TrimSpace(errs.String()))
		return &compare.Comparison{Answer: compare.Noisy}, os.RemoveAll(root)
	}
	if err := json.Unmarshal(out.Bytes(), &cmp); err != nil {
		return nil, fmt.Errorf("%w: %s", errors.Join(failed, err), errs.String())
	}
	return &cmp, os.RemoveAll(root)
}

// judged is the median response time.
func judged(c *compare.Comparison) compare.FigureDelta {
	for _, d := range c.Figures {
		if d.Judged && d.Metric == "response.p50" {
			return d
		}
	}
	nan := math.NaN()
	return compare.FigureDelta{Answer: compare.Noisy, Relative: &nan}
}

// count returns how many comparisons gave one of the answers, overall and on the
// median response time.
func count(list []compare.Comparison, answers ...compare.Answer) (overall, p50 int) {
	for i := range list {
		for _, a := range answers {
			if list[i].Answer == a {
				overall++
			}
			if judged(&list[i]).Answer == a {
				p50++
			}
		}
	}
	return overall, p50
}

func tableOf(list []series) []byte {
	var b bytes.Buffer
	b.WriteString("| B | comparisons | worse | better | neither | p50 alone: worse, better, same, too noisy | change of p50, least to most | figures that were judged and called different | time |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, s := range list {
		if len(s.list) == 0 {
			continue
		}
		worse, p50Worse := count(s.list, compare.Worse)
		better, p50Better := count(s.list, compare.Better)
		neither, _ := count(s.list, compare.Same, compare.Noisy, compare.Changed)
		_, same := count(s.list, compare.Same)
		_, noisy := count(s.list, compare.Noisy)
		low, high := math.Inf(1), math.Inf(-1)
		different := 0
		for i := range s.list {
			if r := judged(&s.list[i]).Relative; r != nil {
				low, high = min(low, 100**r), max(high, 100**r)
			}
			for _, d := range s.list[i].Figures {
				if d.Judged && (d.Answer == compare.Worse || d.Answer == compare.Better) {
					different++
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d, %d, %d, %d | %+.1f to %+.1f %% | %d | %s |\n",
			s.what, len(s.list), worse, better, neither, p50Worse, p50Better, same, noisy, low, high, different, s.took.Round(time.Second))
	}
	return b.Bytes()
}
