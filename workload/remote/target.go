package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// targetOf puts a target into a form that travels. Connections are made by the
// generator itself, so that Dial stays behind.
func targetOf(t workload.Target, secured *TLS) target {
	out := target{Addrs: t.Addrs, Shards: t.Shards, Cluster: t.Cluster, Username: t.Username, Password: t.Password, TLS: secured}
	for slot := range resp.Slots {
		shard := t.ShardOf(slot)
		if n := len(out.Slots); n > 0 && out.Slots[n-1].Shard == shard {
			out.Slots[n-1].Last = slot
			continue
		}
		out.Slots = append(out.Slots, slots{First: slot, Last: slot, Shard: shard})
	}
	return out
}

// target is the way back. ctx bounds what names are asked for at once.
func (t target) target(ctx context.Context) (workload.Target, error) {
	shardOf := make([]int, resp.Slots)
	for _, r := range t.Slots {
		if r.First < 0 || r.Last >= resp.Slots || r.Shard < 0 || r.Shard >= len(t.Shards) {
			return workload.Target{}, fmt.Errorf("slots %d-%d of shard %d are none of this cluster", r.First, r.Last, r.Shard)
		}
		for slot := r.First; slot <= r.Last; slot++ {
			shardOf[slot] = r.Shard
		}
	}
	n := newNames()
	n.learn(ctx, t)
	out := workload.Target{
		Addrs: t.Addrs, Shards: t.Shards, Cluster: t.Cluster, Username: t.Username, Password: t.Password,
		ShardOf: func(slot int) int { return shardOf[slot] },
		Dial:    n.dial,
	}
	if t.TLS == nil {
		return out, nil
	}
	var err error
	if out.TLS, err = t.TLS.config(); err != nil {
		return out, err
	}
	out.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		c, err := n.dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		secured := tls.Client(c, out.TLS)
		if err := secured.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, &net.OpError{Op: "dial", Net: "tls", Err: err}
		}
		return secured, nil
	}
	return out, nil
}

func (t *TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool(), ServerName: t.ServerName}
	if !c.RootCAs.AppendCertsFromPEM(t.CA) {
		return nil, errors.New("the plan's authority has no certificate")
	}
	if len(t.Cert) > 0 {
		pair, err := tls.X509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the plan's certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
