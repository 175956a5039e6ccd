package runner

import (
	"fmt"
	"os"
	"testing"

	place "github.com/slotstorm/slotstorm/clusters/local"
)

// room is where the tests of this package run: a sealed one wherever the kernel
// grants it, so that the network can be cut.
var room place.Room

func TestMain(m *testing.M) {
	inside, err := place.Inside()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if inside {
		room = place.Room{Sealed: true}
		os.Exit(m.Run())
	}
	outside, code, entered, err := place.Enter(place.Auto, nil, nil)
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
