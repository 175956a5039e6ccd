//go:build !linux

package bounded

// putBack does nothing: a run is one process here, and reads once.
func putBack(string, []byte) error { return nil }
