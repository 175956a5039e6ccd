//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"testing"
)

// TestTuneFindsTheRoundTrip: a ping and its pong take 1 s, so that a timeout of 1 s cannot do,
// and one of 8 s surely does.
func TestTuneFindsTheRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	s := newSandbox(t)
	code, stdout, stderr := s.run("tune", "timeout", "--delay", "500ms", "--hold", "5s", "--repeat", "1", "--most", "8s", "--least", "1s", "--steps", "4", "--set", "workload.rate=100", "--json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var got struct {
		LowestMs, FalselyMs float64
		Steps               []struct {
			TimeoutMs float64
			Outcome   string
		}
		Kills []struct{ TimeoutMs, ServerMs float64 }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.LowestMs < 2000 || got.FalselyMs < 1000 || got.FalselyMs >= got.LowestMs {
		t.Errorf("lowest %v ms, with a false failover %v ms: %+v\n%s", got.LowestMs, got.FalselyMs, got.Steps, stderr)
	}
	for _, k := range got.Kills {
		if k.ServerMs > 0 && k.ServerMs < k.TimeoutMs {
			t.Errorf("a failover took %v ms at %v ms", k.ServerMs, k.TimeoutMs)
		}
	}
}
