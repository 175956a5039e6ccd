// Command imports checks the import table of docs/architecture.md: a package of
// slotstorm imports only the packages of slotstorm that its row names, and every folder
// with Go code has a row.
//
//	imports [-print] FILE
//
// FILE holds a Markdown table whose first column is a folder and whose column 'may
// import' lists folders, each in backticks; 'nothing' and 'anything' are words for the
// two ends. Tests may import more. With -print it prints what each folder imports now.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

const module = "github.com/slotstorm/slotstorm"

func main() {
	show := flag.Bool("print", false, "print what each folder imports")
	flag.Parse()
	if err := run(*show, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(1)
	}
}

func run(show bool, args []string) error {
	if len(args) != 1 {
		return errors.New("name the file with the table")
	}
	packages, err := list()
	if err != nil {
		return err
	}
	if show {
		for _, p := range packages {
			fmt.Printf("| `%s` | %s |\n", p.folder, cell(p.imports))
		}
		return nil
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	rows, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	findings := compare(rows, packages)
	for _, f := range findings {
		fmt.Printf("%s: %s\n", args[0], f)
	}
	if len(findings) > 0 {
		return errors.New("correct the imports, or the table if the design has changed")
	}
	return nil
}

// list asks go for the packages of this module on Linux and on macOS, with tests.
func list() ([]imported, error) {
	byFolder := map[string]*imported{}
	for _, system := range []string{"linux", "darwin"} {
		cmd := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports", "-tags", "e2e,kind", "./...")
		cmd.Env = append(os.Environ(), "GOOS="+system)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if err := gather(byFolder, out); err != nil {
			return nil, err
		}
	}
	var all []imported
	for _, p := range byFolder {
		slices.Sort(p.imports)
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b imported) int { return strings.Compare(a.folder, b.folder) })
	return all, nil
}

// gather adds what go list printed.
func gather(byFolder map[string]*imported, out []byte) error {
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := folder(p.ImportPath)
		if byFolder[name] == nil {
			byFolder[name] = &imported{folder: name}
		}
		at := byFolder[name]
		for _, im := range p.Imports {
			if f := folder(im); strings.HasPrefix(im, module+"/") && !slices.Contains(at.imports, f) {
				at.imports = append(at.imports, f)
			}
		}
	}
}

func folder(importPath string) string {
	return path.Clean(strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/"))
}

// cell is a cell of the table that allows these folders.
func cell(folders []string) string {
	if len(folders) == 0 {
		return "nothing"
	}
	return "`" + strings.Join(folders, "` `") + "`"
}
