// Command found runs slotstorm on issues of Redis, Valkey and go-redis: each with the
// version or the setting that has the fault, where the run has to show it (red), and with
// the cure, where the run has to pass (green).
//
//	issues.yaml ─▶ slotstorm run, red and green, N times each ─▶ seen, not seen
//	answers ─▶ a table
//
// Issues that need two versions of the server are skipped unless both are in the folder
// that -servers names, as NAME-VERSION/NAME-server: redis-8.0/redis-server. The others run
// on redis-7.0 of that folder, or on the redis-server on PATH.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usual is the server of issues that only a setting decides.
const usual = "redis-7.0"

// errNotAsStated means that a run did not show what issues.yaml says.
var errNotAsStated = errors.New("not every issue was red with its fault and green with its cure")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "found:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	c := config{progress: os.Stderr}
	f := flag.NewFlagSet("found", flag.ContinueOnError)
	f.StringVar(&c.slotstorm, "slotstorm", "bin/slotstorm", "the slotstorm `binary`")
	f.IntVar(&c.runs, "runs", 1, "run each side `N` times")
	f.StringVar(&c.servers, "servers", "", "find servers in `FOLDER`, as redis-8.0/redis-server or valkey-9.1/valkey-server")
	keep := f.String("keep", "", "keep the runs in `FOLDER`; default: they are removed")
	only := f.String("only", "", "run only these `ISSUES`, separated by commas, such as redis/redis#2989")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || c.runs < 1 {
		return errors.New("need -runs of 1 or more and no arguments")
	}
	if *only != "" {
		c.only = strings.Split(*only, ",")
	}
	if c.slotstorm, err = filepath.Abs(c.slotstorm); err != nil {
		return err
	}
	if c.root = *keep; c.root == "" {
		if c.root, err = os.MkdirTemp("", "found-"); err != nil {
			return fmt.Errorf("making a folder for the runs: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.root)) }()
	}
	list, err := chosen(c.only)
	if err != nil {
		return err
	}
	answers, err := c.all(ctx, list)
	if err != nil {
		return err
	}
	return report(os.Stdout, answers, c.runs)
}

// chosen are the issues to run: all, or those that are named.
func chosen(only []string) ([]issue, error) {
	list, err := readIssues()
	if err != nil || len(only) == 0 {
		return list, err
	}
	var some []issue
	for _, name := range only {
		at := slices.IndexFunc(list, func(i issue) bool { return i.Issue == name })
		if at < 0 {
			return nil, fmt.Errorf("no issue %s in issues.yaml", name)
		}
		some = append(some, list[at])
	}
	return some, nil
}

// answer is what became of an issue. Skipped says why it was not run.
type answer struct {
	issue      issue
	skipped    string
	red, green int
	took       time.Duration
}

func (c config) all(ctx context.Context, list []issue) ([]answer, error) {
	var answers []answer
	for n, i := range list {
		a := answer{issue: i}
		start := time.Now()
		red, green, err := c.pair(i)
		switch {
		case err == nil:
			a.red, a.green, err = c.both(ctx, i, red, green)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", i.Issue, err)
			}
		case i.versions():
			a.skipped = err.Error()
		default:
			return nil, err
		}
		a.took = time.Since(start).Round(time.Second)
		fmt.Fprintf(c.progress, "%d of %d: %s\n", n+1, len(list), strings.Join(a.cells(c.runs), ", "))
		answers = append(answers, a)
	}
	return answers, nil
}

// pair finds the servers of both sides.
func (c config) pair(i issue) (red, green string, err error) {
	if red, err = c.binary(i.Red.Server); err != nil {
		return "", "", err
	}
	green, err = c.binary(i.Green.Server)
	return red, green, err
}

// binary is the path of a server; without a name, that of the usual one.
func (c config) binary(server string) (string, error) {
	if c.servers != "" {
		wanted := server
		if wanted == "" {
			wanted = usual
		}
		product, _, _ := strings.Cut(wanted, "-")
		path, err := filepath.Abs(filepath.Join(c.servers, wanted, product+"-server"))
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	if server != "" {
		return "", fmt.Errorf("no %s in the folder of servers", server)
	}
	return exec.LookPath("redis-server")
}

func (c config) both(ctx context.Context, i issue, red, green string) (reds, greens int, err error) {
	for n := range c.runs {
		o, err := c.valid(ctx, i, i.Red, red, n)
		if err != nil {
			return 0, 0, err
		}
		if why := i.notRed(o); why == "" {
			reds++
		} else {
			fmt.Fprintf(c.progress, "%s, run %d with the fault: %s\n", i.Issue, n+1, why)
		}
		o, err = c.valid(ctx, i, i.Green, green, n)
		if err != nil {
			return 0, 0, err
		}
		if why := i.notGreen(o); why == "" {
			greens++
		} else {
			fmt.Fprintf(c.progress, "%s, run %d with the cure: %s\n", i.Issue, n+1, why)
		}
	}
	return reds, greens, nil
}

// cells of the row of an issue.
func (a answer) cells(runs int) []string {
	if a.skipped != "" {
		return []string{a.issue.Issue, "skipped", "skipped", a.skipped}
	}
	return []string{a.issue.Issue, fmt.Sprintf("red %d of %d", a.red, runs), fmt.Sprintf("green %d of %d", a.green, runs), a.took.String()}
}

// report writes the table, and gives an error if an issue was not as stated.
func report(w io.Writer, answers []answer, runs int) error {
	skipped, asStated := 0, 0
	fmt.Fprintln(w, "| issue | with the fault | with the cure | took |\n|---|---|---|---|")
	for _, a := range answers {
		fmt.Fprintf(w, "| %s |\n", strings.Join(a.cells(runs), " | "))
		switch {
		case a.skipped != "":
			skipped++
		case a.red == runs && a.green == runs:
			asStated++
		}
	}
	fmt.Fprintf(w, "\n%d of %d issues as stated, %d skipped\n", asStated, len(answers), skipped)
	if asStated+skipped < len(answers) {
		return errNotAsStated
	}
	return nil
}
