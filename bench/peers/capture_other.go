//go:build !linux

package main

import "errors"

// capture is not there: it needs packet sockets.
func capture(int) (func() ([]int64, error), error) {
	return nil, errors.New("-pacing needs Linux")
}
