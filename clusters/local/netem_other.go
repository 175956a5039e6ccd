//go:build !linux

package local

// TryNetem is refused: netem is a part of Linux.
func TryNetem() error { return errNoRoom }
