//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestCapacityFindsTheCap: every request holds its node for 5 ms, so that three
// shards serve 600 requests per second, and not more, whatever the machine. The
// search finds that, healthy and with one primary down. On a busy machine each wait is
// longer than asked for and requests leave late, so the bound is wide on the lower side
// and the slip may be as long as the objective allows.
func TestCapacityFindsTheCap(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for _, state := range []string{"healthy", "n-1"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			findsTheCap(t, state)
		})
	}
}

func findsTheCap(t *testing.T, state string) {
	s := newSandbox(t)
	scenario, err := filepath.Abs("../examples/capacity/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := s.run("capacity", scenario, "--hold", "5s", "--from", "400", "--tolerance", "10", "--set", "workload.maxSlip=50ms", "--state", state, "--json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var got struct {
		Answers []struct {
			OneDown   bool
			Rate      float64
			Confirmed bool
			Limit     string
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	const limit = 3 / 0.005
	for _, a := range got.Answers {
		// Beside other runs the delay of 5 ms takes longer.
		if a.Rate < 0.6*limit || a.Rate > 1.05*limit || !a.Confirmed || a.Limit != "the objectives" {
			t.Errorf("%+v, want about %v\n%s", a, limit, stderr)
		}
	}
	if len(got.Answers) != 1 || got.Answers[0].OneDown != (state == "n-1") {
		t.Errorf("answers: %+v", got.Answers)
	}
}
