package runner

import (
	"fmt"
	"os"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// room is where the tests of this package run: a sealed one wherever the kernel
// grants it, so that the network can be cut.
var room local.Room

func TestMain(m *testing.M) {
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
