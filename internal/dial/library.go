package dial

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// Options sets in a client's options how to reach the servers and what they
// require. The client is for questions with small answers: replies above 16 MiB
// are refused.
func (d Dialer) Options(o *redis.Options) {
	limits := resp.DefaultLimits()
	limits.MaxBulk, limits.MaxReply = 16<<20, 16<<20
	o.Username, o.Password, o.Dialer = d.security.Username, d.security.Password, d.library(limits)
}

// ClusterOptions does the same for a client of a cluster that makes load: replies
// may be as large as resp.DefaultLimits allow.
func (d Dialer) ClusterOptions(o *redis.ClusterOptions) {
	o.Username, o.Password, o.Dialer = d.security.Username, d.security.Password, d.library(resp.DefaultLimits())
}

// library is Dial as go-redis calls it. The library authenticates by itself. It
// allocates whatever length a reply claims, so its replies are guarded.
func (d Dialer) library(l resp.Limits) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		conn, err := d.Dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		g := guarded{Conn: conn, guard: resp.NewGuard(l)}
		if raw, ok := conn.(syscall.Conn); ok {
			return &guardedSocket{g, raw}, nil
		}
		return &g, nil
	}
}

// guarded is a connection whose replies are bounded. Reads are one goroutine's at a
// time, as go-redis does them.
type guarded struct {
	net.Conn
	guard resp.Guard
}

// Read implements net.Conn. A reply over the limits ends the stream before the
// reader sees what it claims.
func (g *guarded) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if refused := g.guard.Check(b[:n]); refused != nil {
		return 0, refused
	}
	return n, err
}

// CloseWrite ends what is sent, so that replies under way still come.
func (g *guarded) CloseWrite() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn is the connection beneath, for the library to look for data and for its
// end.
func (g *guarded) NetConn() net.Conn {
	if outer, ok := g.Conn.(interface{ NetConn() net.Conn }); ok {
		return outer.NetConn()
	}
	return g.Conn
}

// guardedSocket is one that the library can look at, as it can without a guard.
type guardedSocket struct {
	guarded
	raw syscall.Conn
}

// SyscallConn implements syscall.Conn.
func (g *guardedSocket) SyscallConn() (syscall.RawConn, error) { return g.raw.SyscallConn() }
