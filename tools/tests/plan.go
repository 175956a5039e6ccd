package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/tools/lists"
)

// options are the flags; timed are the folders of the packages whose tests wait for real
// servers, in the order in which they run, and test the flags that go test receives.
type options struct {
	unraced          string
	modules, verbose bool
	again            bool
	short, race      bool
	slowest          int
	timed, test      []string
}

// plan divides the packages into groups, each of which one go test runs beside the others. Every package
// that the patterns match is in exactly one of them.
func plan(ctx context.Context, o options, patterns []string) ([]group, error) {
	groups := []group{{dir: ".", waits: true, args: o.flags(), packages: patterns}}
	if o.unraced != "" {
		entries, err := lists.Read(o.unraced)
		if err != nil {
			return nil, err
		}
		var listed []string
		for _, e := range entries {
			listed = append(listed, e.Text)
		}
		all, err := list(ctx, o, []string{"./..."})
		if err != nil {
			return nil, err
		}
		if err := exist(listed, all); err != nil {
			return nil, fmt.Errorf("%s: %w", o.unraced, err)
		}
		chosen, err := list(ctx, o, patterns)
		if err != nil {
			return nil, err
		}
		groups = o.divide(chosen, listed)
	}
	if o.modules {
		nested, err := modules(".")
		if err != nil {
			return nil, err
		}
		for _, dir := range nested {
			groups = append(groups, group{dir: dir, idle: true, args: o.test, packages: []string{"./..."}})
		}
	}
	return groups, nil
}

// exist refuses a list with packages that are not among all.
func exist(listed, all []string) error {
	gone := slices.DeleteFunc(slices.Clone(listed), func(p string) bool { return slices.Contains(all, p) })
	if len(gone) > 0 {
		return errors.New("it names packages that do not exist: " + strings.Join(gone, ", "))
	}
	return nil
}

// divide makes three groups: the packages in the folders of timed, one at a time, and beside
// these the others, and those that are listed as having no goroutines. Only the first runs at
// the usual priority, so that what computes takes the time that what waits leaves over: a test
// that runs a cluster fails where it is starved.
func (o options) divide(chosen, listed []string) []group {
	// Packages without goroutines have no tests that take long: their arguments are always the
	// same, which lets go test remember their results.
	raced := o.flags()
	timed := group{dir: ".", waits: true, args: append([]string{"-p=1"}, raced...)}
	rest := group{dir: ".", waits: true, idle: true, args: raced}
	plain := group{dir: ".", idle: true, args: o.test}
	order := func(p string) int {
		return slices.IndexFunc(o.timed, func(f string) bool { return strings.HasSuffix(p, "/"+f) })
	}
	for _, p := range chosen {
		g := &rest
		switch {
		case slices.Contains(listed, p):
			g = &plain
		case order(p) >= 0:
			g = &timed
		}
		g.packages = append(g.packages, p)
	}
	slices.SortFunc(timed.packages, func(a, b string) int { return order(a) - order(b) })
	return slices.DeleteFunc([]group{timed, rest, plain}, func(g group) bool { return len(g.packages) == 0 })
}

// flags are those of go test for packages with goroutines.
func (o options) flags() []string {
	flags := slices.Clone(o.test)
	if o.race {
		flags = slices.Concat(race(), flags)
	}
	if o.short {
		flags = append(flags, "-short")
	}
	return flags
}

// race are the flags for the race detector. Packages of others that draw, compress and
// count are not instrumented for it: they took half of the time of a run in a test. None
// of them shares memory with a goroutine outside of it: without its instrumentation, the
// detector would miss that one waited for the other.
func race() []string {
	flags := []string{"-race"}
	for _, p := range []string{
		"compress/flate", "compress/zlib", "hash/adler32", "hash/crc32", "image/draw", "image/png",
		"git.sr.ht/~sbinet/gg", "github.com/HdrHistogram/hdrhistogram-go", "github.com/golang/freetype/raster",
		"golang.org/x/image/vector",
	} {
		flags = append(flags, "-gcflags="+p+"=-race=false")
	}
	return flags
}

// list expands patterns to import paths.
func list(ctx context.Context, o options, patterns []string) ([]string, error) {
	args := []string{"list"}
	for _, a := range o.test {
		if strings.HasPrefix(a, "-tags=") {
			args = append(args, a)
		}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// modules are the folders below root that have a go.mod.
func modules(root string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if dir := filepath.Dir(path); d.Name() == "go.mod" && dir != root {
			dirs = append(dirs, dir)
		}
		return nil
	})
	return dirs, err
}
