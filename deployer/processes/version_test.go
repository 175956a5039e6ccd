package processes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/scripttest"
	"github.com/slotstorm/slotstorm/scenarios"
)

// program is a file that answers like a redis-server, or does not.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "redis-server")
	scripttest.Write(t, path, script)
	return path
}

func TestServersThatDoNotFitAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"an old one":           {"echo Redis server v=6.0.16 sha=0", "is Redis 6.0.16, and slotstorm needs 6.2 or later"},
		"an ancient one":       {"echo Redis server v=2.8.24 sha=0", "is Redis 2.8.24, and slotstorm needs 6.2 or later"},
		"one that floods":      {"exec cat /dev/zero", "more than 64 KiB"},
		"one that fails":       {"echo cannot execute binary >&2; exit 126", "cannot execute binary"},
		"something else":       {"echo hello", "not a redis-server"},
		"a version of nothing": {"echo Redis server v=99999999999999999999.1.1", "slotstorm needs 6.2 or later"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Usable(t.Context(), program(t, tc.script))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	for _, server := range []string{"Redis server v=6.2.0", "Redis server v=7.0.15", "Redis server v=10.0.0", "Valkey server v=9.1.2"} {
		if _, err := Usable(t.Context(), program(t, "echo "+server+" sha=0")); err != nil {
			t.Error(err)
		}
	}
}

func TestAnOldServerIsRefusedBeforeAnythingIsMade(t *testing.T) {
	volumes := filepath.Join(t.TempDir(), "volumes")
	_, err := Deploy(t.Context(), Options{Redis: scenarios.Redis{Binary: program(t, "echo Redis server v=6.0.16"), Shards: 3}, Volumes: volumes})
	if err == nil || !strings.Contains(err.Error(), "needs 6.2 or later") {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Lstat(volumes); !os.IsNotExist(err) {
		t.Errorf("its volumes: %v", err)
	}
}

// A server may write what it likes to its log.
func TestALogIsReadFromItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("first\nlast words\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := tail(path, 6); err != nil || text != "last words\n" {
		t.Errorf("%q %v", text, err)
	}
	if text, err := tail(path, 1000); err != nil || text != "" {
		t.Errorf("%q %v", text, err)
	}
	if err := os.Truncate(path, 20<<30); err != nil {
		t.Fatal(err)
	}
	if text, err := tail(path, 0); err != nil || len(text) != tailLimit {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
