// Package checks reads what slotstorm writes with the parsers of other programs and with
// a browser. It is a module of its own, so that these libraries are not among those that
// slotstorm itself needs.
package checks

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden reads a golden file of a test of slotstorm. It is found by its name, in
// whichever folder's testdata it stands.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	var found []string
	for _, dir := range []string{"../report", "../cmd"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == name && strings.Contains(path, "/testdata/") {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) != 1 {
		t.Fatalf("files of the name %s: %v", name, found)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}
