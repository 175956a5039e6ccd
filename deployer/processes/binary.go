package processes

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/results"
)

// Binary finds the redis-server to run.
func Binary(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("redis-server: %w; install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis) or name it in redis.binary", err)
	}
	return filepath.Abs(path)
}

// Server asks a binary which server it is.
func Server(ctx context.Context, binary string) (results.Server, error) {
	out, err := local.Ask(ctx, binary, "--version")
	if err != nil {
		return results.Server{}, fmt.Errorf("%s --version: %w", binary, err)
	}
	s, ok := results.ServerOfOutput(out)
	if !ok {
		return results.Server{}, fmt.Errorf("%s --version answers %.200q: not a redis-server or valkey-server", binary, strings.TrimSpace(out))
	}
	return s, nil
}

// Usable finds the redis-server to run and checks that slotstorm works with it: 6.2 or
// later, whose CLUSTER and CONFIG commands it relies on.
func Usable(ctx context.Context, name string) (path string, err error) {
	if path, err = Binary(name); err != nil {
		return "", err
	}
	s, err := Server(ctx, path)
	if err == nil && !s.AtLeast(6, 2) {
		err = fmt.Errorf("%s is %s, and slotstorm needs 6.2 or later: name another one in redis.binary", path, s)
	}
	return path, err
}
