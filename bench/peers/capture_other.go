//go:build !linux

package main

import (
	"errors"
	"time"
)

// capture fails: it needs packet sockets.
func capture(int) (func() ([]int64, error), error) {
	return nil, errors.New("-pacing needs Linux")
}

// sleep is not reached: capture comes first.
func sleep(int, time.Duration) paced { return paced{} }
