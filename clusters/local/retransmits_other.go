//go:build !linux

package local

// Retransmitted is refused.
func Retransmitted() (uint64, error) { return 0, errNoRoom }
