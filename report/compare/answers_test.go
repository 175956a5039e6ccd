package compare

import (
	"os"
	"strings"
	"testing"
)

// The page on nightly runs says of each answer what it means and how a gate ends.
func TestThePageNamesEveryAnswer(t *testing.T) {
	page, err := os.ReadFile("../../docs/nightly.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Answer{Worse, Better, Changed, "no difference that matters", Noisy, Few, Open} {
		if !strings.Contains(string(page), "\n| "+string(a)+" ") {
			t.Errorf("docs/nightly.md has no row for %q", a)
		}
	}
}
