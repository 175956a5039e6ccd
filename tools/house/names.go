package main

import (
	"fmt"
	"path/filepath"

	"golang.org/x/tools/go/packages"
)

// names reports packages of one name, which a file could only import together under an
// alias. Commands are never imported.
func names(r *report, list []*packages.Package) {
	first := map[string]*packages.Package{}
	for _, p := range list {
		if p.ID != p.PkgPath || p.Name == "main" || len(p.GoFiles) == 0 {
			continue
		}
		before := first[p.Name]
		if before == nil {
			first[p.Name] = p
			continue
		}
		if before.PkgPath != p.PkgPath {
			r.add(filepath.Join(filepath.Dir(p.GoFiles[0])), 0, fmt.Sprintf("package %s has the name of %s", p.Name, before.PkgPath))
		}
	}
}
