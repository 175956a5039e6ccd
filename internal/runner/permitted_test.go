package runner

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// A scenario may be somebody else's: its programs run only where the command line says so.
func TestProgramsNeedPermission(t *testing.T) {
	t.Parallel()
	s, err := scenarios.Parse("x.yaml", []byte("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: test}\ntimeline:\n  phases: [{name: a, duration: 30s}]\n  faults:\n    - {name: stop, at: 1s, exec: {target: primary of shard 0, inject: [./stop.sh]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	_, err = Run(t.Context(), s, Options{Root: root})
	if !errors.Is(err, ErrNotPermitted) || !strings.Contains(err.Error(), "--allow-exec") {
		t.Errorf("the error is %v", err)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
