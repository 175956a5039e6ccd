package web

import (
	"net"
	"sync"
)

// limited accepts so many connections at a time; the rest wait in the kernel.
type limited struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	once   *sync.Once
}

func limit(l net.Listener, n int) net.Listener {
	return &limited{l, make(chan struct{}, n), make(chan struct{}), &sync.Once{}}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &seat{Conn: c, leave: sync.OnceFunc(func() { <-l.room })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// seat is a connection that makes room when it is closed.
type seat struct {
	net.Conn
	leave func()
}

func (c *seat) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
