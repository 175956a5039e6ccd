//go:build e2e && linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A check that could not be made is no check that passed.
func TestVulnerabilitiesOutOfReach(t *testing.T) {
	t.Parallel()
	run := func(env ...string) (int, string) {
		cmd := exec.Command("../scripts/vuln", "./results")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := run(); code != 0 && code != 75 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	code, out := run("HTTPS_PROXY=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:1")
	if code != 75 || !strings.Contains(out, "NOTHING WAS CHECKED") {
		t.Errorf("without the database: exit code %d\n%s", code, out)
	}
}
