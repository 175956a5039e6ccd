package bounded

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestReadTwice reads a pipe as a shell's <(command) gives it, again, and then
// from a child process.
func TestReadTwice(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("0123456789"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/dev/fd/%d", r.Fd())
	for range 3 {
		if data, err := ReadFile(t.Context(), path, ten); err != nil || string(data) != "0123456789" {
			t.Fatalf("gives %q and %v", data, err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "cat", path).CombinedOutput(); err != nil || string(out) != "0123456789" {
		t.Errorf("a child reads %q and %v", out, err)
	}
}
