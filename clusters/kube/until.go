package kube

import (
	"context"
	"errors"
	"time"
)

// untilEvery is the distance of two looks at a condition that nothing announces.
const untilEvery = 250 * time.Millisecond

// until looks until f is true or ctx ends. An error of f is returned only then: the
// API server may be away for a while.
func until(ctx context.Context, f func() (bool, error)) error {
	t := time.NewTicker(untilEvery)
	defer t.Stop()
	for {
		ok, err := f()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-t.C:
		}
	}
}
