//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"testing"
)

// TestTuneFindsTheRoundTrip: a ping and its pong take 2 s, so that timeouts of 2 s and less
// cannot do, and one of 16 s surely does.
func TestTuneFindsTheRoundTrip(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	code, stdout, stderr := s.run("tune", "timeout", "--delay", "1s", "--hold", "10s", "--repeat", "1", "--most", "16s", "--least", "2s", "--steps", "4", "--set", "workload.rate=100", "--json")
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
	if got.LowestMs < 4000 || got.FalselyMs < 2000 || got.FalselyMs >= got.LowestMs {
		t.Errorf("lowest %v ms, with a false failover %v ms: %+v\n%s", got.LowestMs, got.FalselyMs, got.Steps, stderr)
	}
	for _, k := range got.Kills {
		if k.ServerMs > 0 && k.ServerMs < k.TimeoutMs {
			t.Errorf("a failover took %v ms at %v ms", k.ServerMs, k.TimeoutMs)
		}
	}
}
