//go:build e2e

// Package built finds the program that the end-to-end tests run.
package built

import (
	"os"
	"path/filepath"
	"testing"
)

// Slotstorm is the path of bin/slotstorm in the root of the repository, which 'make e2e'
// builds.
func Slotstorm(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	path := filepath.Join(dir, "bin", "slotstorm")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: 'make e2e' builds it", err)
	}
	return path
}
