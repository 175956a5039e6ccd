//go:build !linux

package self

import "time"

// starvation gives nothing: only Linux counts it.
func (t *threads) starvation(func(waited time.Duration, runs int64)) {}
