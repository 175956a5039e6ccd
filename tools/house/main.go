// Command house checks the layout of the code: in each package the files use each
// other in one direction only, no import has an alias, and functions stay short.
//
//	go run ./house [-tags TAGS] [-allow FILE] DIR [PACKAGE ...]
//
// It prints one line per finding, as file:line: text, and exits with 1 if there is
// one.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/tools/go/packages"
)

func main() {
	tags := flag.String("tags", "", "build `tags`, separated by commas")
	allow := flag.String("allow", "", "`file` of functions that may be long: one name and a reason per line")
	flag.Parse()
	if err := run(*tags, *allow, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "house:", err)
		os.Exit(1)
	}
}

var errFound = errors.New("the findings above must be mended")

func run(tags, allow string, args []string) error {
	if len(args) == 0 {
		return errors.New("name the folder of the module")
	}
	dir, patterns := args[0], args[1:]
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	allowed, err := readAllowed(allow)
	if err != nil {
		return err
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	list, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: root, Tests: true, BuildFlags: []string{"-tags=" + tags}}, patterns...)
	if err != nil {
		return err
	}
	if packages.PrintErrors(list) > 0 {
		return errors.New("the code does not compile")
	}
	r := &report{root: root, seen: map[string]bool{}}
	for _, p := range list {
		// The variant of a package that its tests see has the files of the package too.
		if p.ID == p.PkgPath {
			arrows(r, p)
		}
		for _, f := range p.Syntax {
			aliases(r, p.Fset, f)
			lengths(r, p.Fset, f, p.PkgPath, allowed)
		}
	}
	for name := range allowed {
		r.add(allow, 0, fmt.Sprintf("%s is short by now: remove its line", name))
	}
	if r.print() {
		return errFound
	}
	return nil
}
