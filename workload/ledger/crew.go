package ledger

import "sync"

const (
	// maxWriters bounds the writes under way from each seat; during an outage of
	// one shard the writes to it pile up for as long as a time-out at most.
	maxWriters = 64
	// maxReaders bounds the reads under way from each seat.
	maxReaders = 8
)

// crew are the audited clients of one seat that do one thing.
type crew struct {
	a    *Audit
	seat *seat
	most int
	work sync.WaitGroup

	mu   sync.Mutex
	made int
	idle []*client
}

func newCrew(a *Audit, s *seat, most int) *crew {
	return &crew{a: a, seat: s, most: most}
}

// try has a client do something, beside its caller; false if all are busy. It takes
// the client that was busy last: if they took turns, each would connect to each node,
// and those connections would disturb the measurement.
func (c *crew) try(do func(*client)) bool {
	client := c.take()
	if client == nil {
		return false
	}
	c.work.Go(func() {
		do(client)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.idle = append(c.idle, client)
	})
	return true
}

func (c *crew) take() *client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		client := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return client
	}
	if c.made == c.most {
		return nil
	}
	c.made++
	return newClient(c.a, c.seat)
}

// close waits for what is being done and closes the connections.
func (c *crew) close() {
	c.work.Wait()
	for _, client := range c.idle {
		client.close()
	}
}
