//go:build e2e && linux

package e2e

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/results"
)

// TestSlowNetworks runs the built-in scenarios whose network is slow, lossy or narrow:
// each condition is proved and gone afterwards, and the output fits on a screen.
func TestSlowNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for name, says := range map[string]string{
		"cross-zone":                  "lose-a",
		"region-latency":              "lose-primary",
		"flaky-link":                  "failovers ≤ 0",
		"slow-network-false-failover": "which never stopped: packets were late or lost",
		"thin-replica-link":           "failovers ≤ 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t)
			// 5 is for a busy machine: the network counts here.
			code, out, errs := s.run("run", name)
			if code != 0 && code != 5 {
				t.Fatalf("exit code %d: %s%s", code, out, errs)
			}
			const lines, columns = 40, 100
			if n := strings.Count(out, "\n"); n > lines {
				t.Errorf("%d lines:\n%s", n, out)
			}
			for line := range strings.Lines(out) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns && !strings.HasPrefix(line, "report ") {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if !strings.Contains(out, says) {
				t.Errorf("it does not say %q:\n%s", says, out)
			}
			b, err := results.Load(s.bundle())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range append(b.Run.Faults, b.Run.Network...) {
				if f.Status != results.StatusHealed {
					t.Errorf("%s is %s: %s", f.Name, f.Status, f.Reason)
				}
			}
			if zones := strings.Contains(name, "cross") || strings.Contains(name, "region"); zones != (len(b.Run.Network) > 0) {
				t.Errorf("%d conditions of the network", len(b.Run.Network))
			}
		})
	}
}
