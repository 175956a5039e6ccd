package processes

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// Binary finds the redis-server to run.
func Binary(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("redis-server: %w; install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis) or name it in redis.binary", err)
	}
	return filepath.Abs(path)
}

var versionPattern = regexp.MustCompile(`v=(\d+)\.(\d+)(\.\d+)*`)

// Version asks a redis-server binary for its version, such as "7.0.15".
func Version(ctx context.Context, binary string) (string, error) {
	version, _, err := ask(ctx, binary)
	return version, err
}

// ask gives a binary's version, and whether it is one that slotstorm works with:
// 6.2 or later, whose CLUSTER and CONFIG commands it relies on.
func ask(ctx context.Context, binary string) (version string, known bool, err error) {
	out, err := local.Ask(ctx, binary, "--version")
	if err != nil {
		return "", false, fmt.Errorf("%s --version: %w", binary, err)
	}
	m := versionPattern.FindStringSubmatch(out)
	if m == nil {
		return "", false, fmt.Errorf("%s --version answers %.200q: not a redis-server", binary, strings.TrimSpace(out))
	}
	major, errMajor := strconv.Atoi(m[1])
	minor, errMinor := strconv.Atoi(m[2])
	if err := errors.Join(errMajor, errMinor); err != nil {
		return "", false, fmt.Errorf("%s --version answers %.200q: %w", binary, strings.TrimSpace(out), err)
	}
	return strings.TrimPrefix(m[0], "v="), major > 6 || major == 6 && minor >= 2, nil
}

// Usable finds the redis-server to run and checks that slotstorm works with it.
func Usable(ctx context.Context, name string) (path string, err error) {
	if path, err = Binary(name); err != nil {
		return "", err
	}
	version, known, err := ask(ctx, path)
	if err == nil && !known {
		err = fmt.Errorf("%s is version %s, and slotstorm needs 6.2 or later: name another one in redis.binary", path, version)
	}
	return path, err
}
