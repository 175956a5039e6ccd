package remote

import (
	"context"
	"net"
	"sync"
	"time"
)

// names looks up names whose addresses change, such as those of pods. When nobody
// answers for a name in time, it goes by the address that it had last: the name
// server is no part of the cluster under test, and may be away with the control
// plane.
type names struct {
	lookup func(ctx context.Context, host string) ([]string, error)

	mu   sync.Mutex
	last map[string]known
}

// known is the address that a name had, and when its server was asked last.
type known struct {
	addr  string
	asked time.Time
}

func newNames() *names {
	return &names{lookup: net.DefaultResolver.LookupHost, last: map[string]known{}}
}

// How long an answer is waited for, with and without an address to go by.
const (
	askBriefly = 100 * time.Millisecond
	askLong    = 5 * time.Second
)

// askEvery is how often a name server is asked for the same name: while a pod is
// away, everything that dials it asks again and again, for all search domains.
const askEvery = 100 * time.Millisecond

func (n *names) resolve(ctx context.Context, host string) (string, error) {
	n.mu.Lock()
	last, ok := n.last[host]
	n.mu.Unlock()
	limit := askLong
	if ok {
		if time.Since(last.asked) < askEvery {
			return last.addr, nil
		}
		limit = askBriefly
	}
	asking, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found, err := n.lookup(asking, host)
	if err != nil && (!ok || ctx.Err() != nil) {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	// Another dial may have learnt an address while this one asked in vain.
	last = n.last[host]
	if err == nil {
		last.addr = found[0]
	}
	last.asked = time.Now()
	n.last[host] = last
	return last.addr, nil
}

// learn asks for all names of a target, so that there is an address to go by from
// the start. A name that nobody knows yet is asked for again when it is dialled.
func (n *names) learn(ctx context.Context, t target) {
	var wg sync.WaitGroup
	for _, members := range t.Shards {
		for _, m := range members {
			if host, _, err := net.SplitHostPort(m.Addr); err == nil && net.ParseIP(host) == nil {
				wg.Go(func() { _, _ = n.resolve(ctx, host) })
			}
		}
	}
	wg.Wait()
}
