//go:build !linux

package local

import "time"

// Cut is refused: there is no room whose network could be cut.
func Cut(string, []Rule, time.Duration) error { return errNoRoom }

// Mend has nothing to do.
func Mend(string) error { return nil }

// Cuts are none.
func Cuts() ([]string, error) { return nil, nil }

// Dropped is refused.
func Dropped(string) (uint64, error) { return 0, errNoRoom }

// Counted is refused.
func Counted(string) (packets, size uint64, err error) { return 0, 0, errNoRoom }
