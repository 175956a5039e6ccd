//go:build !linux

package workload

import "time"

// starvation is told by Linux alone.
func (s *self) starvation(func(waited time.Duration, runs int64)) {}
