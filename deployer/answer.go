package deployer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// answerEvery is how often AwaitAnswer tries.
const answerEvery = 10 * time.Millisecond

// AwaitAnswer waits until a server answers PING, which one that loads its data does not.
// ended says that its process ended before: its log says why.
func AwaitAnswer(ctx context.Context, client *redis.Client, done <-chan struct{}) (ended bool, err error) {
	t := time.NewTicker(answerEvery)
	defer t.Stop()
	began := time.Now()
	for {
		err := client.Ping(ctx).Err()
		if err == nil {
			return false, nil
		}
		select {
		case <-done:
			return true, nil
		case <-ctx.Done():
			return false, inVain(err, context.Cause(ctx), began)
		case <-t.C:
		}
	}
}

// unmet is what was seen last of a condition whose wait ended by cause.
type unmet struct {
	last, cause error
	waited      time.Duration
}

// inVain is the error of a wait since began that ended by cause.
func inVain(last, cause error, began time.Time) error {
	return unmet{last, cause, time.Since(began)}
}

func (u unmet) Error() string {
	why := u.cause.Error()
	if errors.Is(u.cause, context.DeadlineExceeded) {
		why = fmt.Sprintf("after a wait of %v", u.waited.Round(100*time.Millisecond))
	}
	return fmt.Sprintf("%v (%s)", u.last, why)
}

func (u unmet) Unwrap() []error { return []error{u.last, u.cause} }
