package native

import (
	"context"
	"time"
)

// lookEvery is the distance of two looks at a condition.
const lookEvery = 10 * time.Millisecond

// until looks until f gives nil, or ctx ends: then it gives what f said last.
func until(ctx context.Context, f func(ctx context.Context) error) error {
	return untilEvery(ctx, lookEvery, f)
}

// untilEvery is until, for looks that cost more.
func untilEvery(ctx context.Context, every time.Duration, f func(ctx context.Context) error) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-t.C:
		}
	}
}
