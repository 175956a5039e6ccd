package runner

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/dial"
)

// room is where the tests of this package run: a sealed one wherever the kernel
// grants it, so that the network can be cut.
var room local.Room

// password is that of secured deployments. It is set for the whole process, because
// tests side by side cannot set variables of their own.
const password = `s3cret "with\ all`

// slots bounds the runs side by side: more would wait for processors and not for
// time. The room has one cluster at a time, at fixed addresses.
var (
	slots    = make(chan struct{}, 3)
	roomFree = make(chan struct{}, 1)
)

// beside lets a run go beside others on plain loopback, where each has ports of its
// own. Runs that cut the network or load the machine on purpose, and those whose
// verdict is judged, do not call it: they go alone, before all others.
func beside(t *testing.T) {
	t.Helper()
	t.Parallel()
	take(t, slots)
}

// besideInRoom is beside for a run in the room.
func besideInRoom(t *testing.T) {
	t.Helper()
	t.Parallel()
	take(t, roomFree)
	take(t, slots)
}

func take(t *testing.T, from chan struct{}) {
	from <- struct{}{}
	t.Cleanup(func() { <-from })
}

func TestMain(m *testing.M) {
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
	inside, err := local.Inside()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if inside {
		room = local.Room{Sealed: true}
		os.Exit(m.Run())
	}
	outside, code, entered, err := local.Enter(local.Auto, nil, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if entered {
		os.Exit(code)
	}
	room = outside
	os.Exit(m.Run())
}
