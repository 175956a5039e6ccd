package deployer

import (
	"context"
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
	for {
		err := client.Ping(ctx).Err()
		if err == nil {
			return false, nil
		}
		select {
		case <-done:
			return true, nil
		case <-ctx.Done():
			return false, fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		case <-t.C:
		}
	}
}
