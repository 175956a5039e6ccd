//go:build !linux

package self

import "time"

// starvation is told by Linux alone.
func (t *threads) starvation(func(waited time.Duration, runs int64)) {}
