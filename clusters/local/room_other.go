//go:build !linux

package local

import (
	"errors"
	"os"
	"runtime"
)

var errNoRoom = errors.New("namespaces are a feature of Linux, this is " + runtime.GOOS)

// Enter never enters: there are no namespaces here.
func Enter(isolation string, _ *os.File, _ <-chan os.Signal) (room Room, code int, entered bool, err error) {
	if isolation == Namespaces {
		return Room{}, 0, false, errNoRoom
	}
	return Room{Why: errNoRoom.Error()}, 0, false, nil
}

// Inside is false: no room, no inside.
func Inside() (bool, error) { return false, nil }

// News is nil: nothing is passed on.
func News() *os.File { return nil }
