package trial

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// Encrypts reports whether a server can encrypt: one that was built without TLS does not
// know the directive, and one with it refuses the value. Neither starts.
func Encrypts(ctx context.Context, binary string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "--port", "0", "--tls-port", "none")
	cmd.WaitDelay = time.Second
	said, _ := cmd.CombinedOutput() // it always fails
	return strings.Contains(string(said), "tls-port") && !strings.Contains(string(said), "Bad directive")
}
