package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

// event is one line of go test -json.
type event struct {
	Action, Package, Test, Output string
	// ImportPath is the package of a compiler's message.
	ImportPath  string
	FailedBuild string
	Elapsed     float64 // seconds
	// group ran the package.
	group *group
}

// took is the time that a package or a test ran.
type took struct {
	name    string
	seconds float64
}

// collector prints the results of packages. Several groups use one at once.
type collector struct {
	mu              sync.Mutex
	out             io.Writer
	verbose         bool
	output          map[string][]event // by package, without those of tests that passed
	builds          map[string][]string
	packages, tests []took
	failures        int
	cached          map[string]bool
	broken          map[string][]string // tests that failed, by package
	suspects        []suspect
	skipped         map[string]int // tests, by the reason that they gave
}

func newCollector(out io.Writer, verbose bool) *collector {
	return &collector{out: out, verbose: verbose, output: map[string][]event{}, builds: map[string][]string{}, cached: map[string]bool{}, broken: map[string][]string{}, skipped: map[string]int{}}
}

// failed is the number of packages that failed.
func (c *collector) failed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures
}

// text prints a line that is no event.
func (c *collector) text(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "%s\n", line)
}

func (c *collector) take(e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case e.Action == "build-output":
		c.builds[e.ImportPath] = append(c.builds[e.ImportPath], e.Output)
	case e.Action == "output":
		if e.Test == "" && strings.HasPrefix(e.Output, "ok ") && strings.Contains(e.Output, "(cached)") {
			c.cached[e.Package] = true
		}
		c.output[e.Package] = append(c.output[e.Package], e)
	case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
		if e.Test == "" {
			c.endPackage(e)
		} else {
			c.endTest(e)
		}
	}
}

func (c *collector) endTest(e event) {
	if e.Action == "skip" {
		c.skipped[c.reason(e)]++
	}
	if e.Action != "fail" {
		c.output[e.Package] = slices.DeleteFunc(c.output[e.Package], func(o event) bool { return o.Test == e.Test })
	}
	if strings.Contains(e.Test, "/") {
		return
	}
	if e.Action == "fail" {
		c.broken[e.Package] = append(c.broken[e.Package], e.Test)
	}
	c.tests = append(c.tests, took{short(e.Package) + " " + e.Test, e.Elapsed})
	if c.verbose {
		fmt.Fprintf(c.out, "  %s %7.1f s  %s\n", mark[e.Action], e.Elapsed, e.Test)
	}
}

// reason is what a test printed last that was skipped: "file_test.go:12: reason".
func (c *collector) reason(e event) string {
	reason := "no reason given"
	for _, o := range c.output[e.Package] {
		if _, text, ok := strings.Cut(o.Output, "_test.go:"); ok && o.Test == e.Test {
			_, text, _ = strings.Cut(text, ": ")
			reason = strings.TrimSpace(text)
		}
	}
	return reason
}

// printSkipped says how many tests were skipped, and why.
func (c *collector) printSkipped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, reason := range slices.Sorted(maps.Keys(c.skipped)) {
		fmt.Fprintf(c.out, "skipped %d: %s\n", c.skipped[reason], reason)
	}
}

// mark are the words for results, all of one width.
var mark = map[string]string{"pass": "ok  ", "fail": "FAIL", "skip": "skip"}

func (c *collector) endPackage(e event) {
	c.packages = append(c.packages, took{short(e.Package), e.Elapsed})
	note := ""
	if c.cached[e.Package] {
		note = "  (cached)"
	}
	if e.Action == "fail" {
		c.failures++
		if s, ok := c.suspect(e); ok {
			c.suspects = append(c.suspects, s)
		}
		for _, line := range c.builds[e.FailedBuild] {
			fmt.Fprint(c.out, line)
		}
		for _, o := range c.output[e.Package] {
			fmt.Fprint(c.out, o.Output)
		}
	}
	delete(c.output, e.Package)
	if e.Action != "skip" {
		fmt.Fprintf(c.out, "%s %7.1f s  %s%s\n", mark[e.Action], e.Elapsed, short(e.Package), note)
	}
}

// printSlowest lists the n packages and tests that took longest.
func (c *collector) printSlowest(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, part := range []struct {
		title string
		list  []took
	}{{"slowest packages", c.packages}, {"slowest tests", c.tests}} {
		slices.SortStableFunc(part.list, func(a, b took) int { return cmp.Compare(b.seconds, a.seconds) })
		fmt.Fprintf(c.out, "%s:\n", part.title)
		for _, t := range part.list[:min(n, len(part.list))] {
			fmt.Fprintf(c.out, "  %7.1f s  %s\n", t.seconds, t.name)
		}
	}
}

// short is an import path without the module's.
func short(path string) string {
	return strings.TrimPrefix(path, "github.com/slotstorm/slotstorm/")
}
