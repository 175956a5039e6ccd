package remote

import (
	"context"
	"net"
	"sync"
	"time"
)

// names looks up names whose addresses change, such as those of pods. Without an
// answer in time it uses the last known address: the name server is no part of the
// cluster under test, and may be unreachable together with the control plane.
type names struct {
	lookup func(ctx context.Context, host string) ([]string, error)

	mu   sync.Mutex
	last map[string]known
}

// known is the last address of a name, and the time of the last lookup.
type known struct {
	addr  string
	asked time.Time
}

func newNames() *names {
	return &names{lookup: net.DefaultResolver.LookupHost, last: map[string]known{}}
}

// How long a lookup may take, with and without a known address.
const (
	askBriefly = 100 * time.Millisecond
	askLong    = 5 * time.Second
)

// askEvery is the least time between two lookups of the same name: while a pod is
// away, everything that dials it looks it up repeatedly, in all search domains.
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
	// Another dial may have found an address while this lookup failed.
	last = n.last[host]
	if err == nil {
		last.addr = found[0]
	}
	last.asked = time.Now()
	n.last[host] = last
	return last.addr, nil
}

// learn looks up all names of a target, so that an address is known from the start. A
// name that does not resolve yet is looked up again when it is dialled.
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
