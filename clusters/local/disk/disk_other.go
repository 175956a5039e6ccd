//go:build !linux

package disk

import (
	"errors"
	"net"
	"os"
	"runtime"
)

var errNoDisk = errors.New("disks that fail need FUSE and namespaces of Linux, and this is " + runtime.GOOS)

// Able refuses.
func Able() error { return errNoDisk }

// Serve refuses.
func Serve() error { return errNoDisk }

func pair() (net.Conn, *os.File, error) { return nil, nil, errNoDisk }
