package remote

import (
	"context"
	"net"
	"sync"
)

// proxy is the way to a generator; it can be cut and be frozen.
type proxy struct {
	to string

	mu     sync.Mutex
	conns  []net.Conn
	frozen chan struct{} // closed when it thaws; nil if it is not frozen
}

func (p *proxy) dial(ctx context.Context) (net.Conn, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.to)
	if err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	p.mu.Lock()
	p.conns = append(p.conns, c, far)
	p.mu.Unlock()
	go p.copy(c, far)
	go p.copy(far, c)
	return near, nil
}

// wait waits for as long as the proxy is frozen.
func (p *proxy) wait(ctx context.Context) error {
	p.mu.Lock()
	frozen := p.frozen
	p.mu.Unlock()
	if frozen == nil {
		return nil
	}
	select {
	case <-frozen:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	// Few bytes at a time: cuts fall into the middle of lines.
	b := make([]byte, 700)
	for {
		n, err := from.Read(b)
		if p.wait(context.Background()) != nil || err != nil && n == 0 {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) freeze() (thaw func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = make(chan struct{})
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		close(p.frozen)
		p.frozen = nil
	}
}
