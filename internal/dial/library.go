package dial

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
)

// Options sets in a client's options how to reach the servers and what they
// require.
func (d Dialer) Options(o *redis.Options) {
	o.Username, o.Password, o.Dialer = d.security.Username, d.security.Password, d.library
}

// ClusterOptions does the same for a client of a cluster.
func (d Dialer) ClusterOptions(o *redis.ClusterOptions) {
	o.Username, o.Password, o.Dialer = d.security.Username, d.security.Password, d.library
}

// library is Dial as go-redis calls it. The library authenticates by itself.
func (d Dialer) library(ctx context.Context, _, addr string) (net.Conn, error) {
	return d.Dial(ctx, addr)
}
