// Command house checks the layout of the code: in each package the files use each
// other in one direction only, no two packages have the same name, no import has an
// alias, functions stay short, and packages that are listed as having no goroutines
// have none.
//
//	house [-tags TAGS] [-allow FILE] [-unraced FILE] DIR [PACKAGE ...]
//
// It prints one line per finding, as file:line: text, and exits with 1 after a finding.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/slotstorm/slotstorm/tools/lists"
)

func main() {
	var o options
	flag.StringVar(&o.tags, "tags", "", "build `tags`, separated by commas")
	flag.StringVar(&o.allow, "allow", "", "`file` of functions that may be long: one name and a reason per line")
	flag.StringVar(&o.unraced, "unraced", "", "`file` of packages without goroutines: one import path per line")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "house:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct{ tags, allow, unraced string }

var errFound = errors.New("correct the findings above")

func run(o options, args []string) error {
	if len(args) == 0 {
		return errors.New("name the folder of the module")
	}
	dir, patterns := args[0], args[1:]
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	allowed, err := readAllowed(o.allow)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	if o.unraced != "" {
		list, err := lists.Read(o.unraced)
		if err != nil {
			return err
		}
		for _, e := range list {
			listed[e.Text] = true
		}
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	list, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: root, Tests: true, BuildFlags: []string{"-tags=" + o.tags}}, patterns...)
	if err != nil {
		return err
	}
	if packages.PrintErrors(list) > 0 {
		return errors.New("the code does not compile")
	}
	r := &report{root: root, seen: map[string]bool{}}
	check(r, list, allowed, listed)
	if len(args) == 1 {
		for name := range allowed {
			r.add(o.allow, 0, name+" is short now: remove its line")
		}
	}
	if r.print() {
		return errFound
	}
	return nil
}

// check looks at every package and at the variants that its tests are compiled with.
func check(r *report, list []*packages.Package, allowed, listed map[string]bool) {
	names(r, list)
	for _, p := range list {
		// The variant of a package that its tests see has the files of the package too.
		if p.ID == p.PkgPath {
			arrows(r, p)
		}
		for _, f := range p.Syntax {
			aliases(r, p.Fset, f)
			lengths(r, p.Fset, f, p.PkgPath, allowed)
			if listed[strings.TrimSuffix(p.PkgPath, "_test")] {
				unraced(r, p, f)
			}
		}
	}
}
