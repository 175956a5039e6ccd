package runner

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/chaos/shape"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/internal/dial"
)

// room is where the tests of this process run: a sealed one in a process that inRoom
// started, plain loopback in the others.
var room local.Room

// roomTest marks a process that runs one test in a sealed room.
const roomTest = "SLOTSTORM_TEST_ROOM"

// password is that of secured deployments. It is set for the whole process, because
// tests side by side cannot set variables of their own.
const password = `s3cret "with\ all`

// slots bounds the runs side by side: more would wait for processors and not for time.
var slots = make(chan struct{}, 3)

// beside lets a run go beside others, on ports of its own on plain loopback.
func beside(t *testing.T) {
	t.Helper()
	t.Parallel()
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })
}

// inRoom lets a run go beside others in a sealed room of its own, with a network, mounts
// and processes of its own: in another process that runs this test alone. It is true in
// that process. In the first one the test is then over.
func inRoom(t *testing.T) bool {
	t.Helper()
	if os.Getenv(roomTest) != "" {
		return true
	}
	beside(t)
	levels := strings.Split(t.Name(), "/")
	for i, l := range levels {
		levels[i] = "^" + regexp.QuoteMeta(l) + "$"
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.timeout", "5m", "-test.run", strings.Join(levels, "/"))
	test.Env = append(os.Environ(), roomTest+"=1")
	said, err := test.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "--- PASS: "+t.Name()+" ") {
		t.Errorf("in a sealed room: %v\n%s", err, said)
	}
	return false
}

func TestMain(m *testing.M) {
	// The process that shapes packets, and the one that serves a volume, are this program
	// again.
	var serve func() error
	switch {
	case slices.Equal(os.Args[1:], []string{"agent", "shape"}):
		serve = func() error { return shape.Serve(context.Background(), os.Stdin, os.Stdout) }
	case len(os.Args) > 1 && os.Args[1] == disk.Verb:
		serve = disk.Serve
	}
	if serve != nil {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := os.Setenv("SLOTSTORM_TEST_PASSWORD", password); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "64"); err != nil { // slots bounds them
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dial.LogTo(func() *slog.Logger { return slog.New(slog.DiscardHandler) })
	if os.Getenv(roomTest) == "" {
		room = local.Room{Why: "outside of a room"}
		os.Exit(m.Run())
	}
	inside, err := local.Inside()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !inside {
		outside, code, entered, err := local.Enter(local.Auto, nil, nil)
		if err != nil || !entered {
			fmt.Fprintln(os.Stderr, "these tests need a sealed room:", outside, err)
			os.Exit(1)
		}
		os.Exit(code)
	}
	room = local.Room{Sealed: true}
	os.Exit(m.Run())
}
