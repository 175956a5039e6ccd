package self

import "time"

// threads are the sums of this process's threads, by id, at the last look.
type threads map[int]threadTimes

// threadTimes are a thread's sums: how long it was ready without a processor, and
// how often it got one.
type threadTimes struct {
	waited time.Duration
	runs   int64
}
