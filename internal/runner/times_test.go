//go:build unix

package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

func replaying(file string) *scenarios.Scenario {
	return &scenarios.Scenario{Workload: scenarios.Workload{Pattern: &scenarios.Pattern{Replay: &scenarios.Replay{File: file}}}}
}

// TestTimesAreBounded: a file of times that has no end is refused before anything
// is deployed.
func TestTimesAreBounded(t *testing.T) {
	large := filepath.Join(t.TempDir(), "times.txt")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 300<<20); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{"/dev/zero": "/dev/zero is a device", large: "a file of times has at most 268435456"} {
		if _, _, err := replayed(t.Context(), replaying(file), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives %v", file, err)
		}
	}
}

// TestTimesForPodsAreFewer: what does not reach a generator in a pod is refused before anything
// is deployed.
func TestTimesForPodsAreFewer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "times.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("1\n", remote.MostTimes+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := replaying(file)
	s.Cluster.Provider = "kind"
	if _, _, err := replayed(t.Context(), s, nil); err == nil || !strings.Contains(err.Error(), "generators in pods take 1000000 at most") {
		t.Errorf("it gives %v", err)
	}
}

// TestTimesCanBeStopped: the first signal ends the wait for a FIFO's writer.
func TestTimesCanBeStopped(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	close(stop)
	ctx, release := untilStopped(t.Context(), stop)
	defer release()
	if _, _, err := replayed(ctx, replaying(fifo), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped run gives %v", err)
	}
}
