package runner

import "context"

// untilStopped gives a context that a gentle stop ends, for steps after which
// nothing needs to be healed.
func untilStopped(parent context.Context, stop <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
