package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// outbox keeps records until they are acknowledged.
type outbox struct {
	mu sync.Mutex
	// kept are encoded records; the first one's number is acked + 1.
	kept  [][]byte
	acked int64
	// news is closed when a record comes or is acknowledged.
	news chan struct{}
}

func newOutbox() *outbox { return &outbox{news: make(chan struct{})} }

// add numbers a record and keeps it.
func (o *outbox) add(r record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	r.N = o.acked + int64(len(o.kept)) + 1
	b, err := json.Marshal(reply{Record: &r})
	if err != nil {
		return fmt.Errorf("encoding record %d: %w", r.N, err)
	}
	o.kept = append(o.kept, append(b, '\n'))
	o.announce()
	return nil
}

// announce wakes everything that waits for news.
func (o *outbox) announce() {
	close(o.news)
	o.news = make(chan struct{})
}

// ack forgets the records up to number n.
func (o *outbox) ack(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if gone := min(n-o.acked, int64(len(o.kept))); gone > 0 {
		// A new slice, so that what is acknowledged is freed.
		o.kept = append([][]byte(nil), o.kept[gone:]...)
		o.acked += gone
		o.announce()
	}
}

// after gives the records behind number n, and what is closed at the next news.
func (o *outbox) after(n int64) ([][]byte, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	from := max(n-o.acked, 0)
	if from >= int64(len(o.kept)) {
		return nil, o.news
	}
	return o.kept[from:], o.news
}

// drained waits until every record is acknowledged.
func (o *outbox) drained(ctx context.Context) error {
	for {
		o.mu.Lock()
		n, news := len(o.kept), o.news
		o.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-news:
		}
	}
}
