// Package dial opens every connection to a Redis server. A Dialer holds the way
// to the servers, the certificates and the credentials, so that no caller can
// forget one of them:
//
//	Dialer ─▶ From or Via ─▶ the same servers, reached another way, equally secured
//	Dialer ─▶ Connect     ─▶ a connection, encrypted and authenticated
//	Dialer ─▶ Options     ─▶ go-redis, with all of it set
//
// An unencrypted connection to servers that use TLS cannot be had from it.
package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Security is what servers require of a connection. The zero value is plain TCP
// without a password.
type Security struct {
	// Username may be empty: the password is then that of the default user.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	// TLS, if not nil, encrypts.
	TLS *TLS `json:"tls,omitempty"`
}

// TLS is how to encrypt. Certificates and keys are PEM.
type TLS struct {
	// CA are the authorities to trust; empty is those of the system.
	CA []byte `json:"ca,omitempty"`
	// Cert with its Key is the certificate to present, if the server requires one.
	Cert []byte `json:"cert,omitempty"`
	Key  []byte `json:"key,omitempty"`
	// ServerName is the name in the servers' certificates; empty is the host that
	// is dialled.
	ServerName string `json:"serverName,omitempty"`
	// SkipVerify accepts any certificate of a server.
	SkipVerify bool `json:"skipVerify,omitempty"`
}

// Transport opens a bare stream to host:port, such as one that is forwarded into
// a pod.
type Transport func(ctx context.Context, addr string) (net.Conn, error)

// Lookup finds the IP address of a host name.
type Lookup func(ctx context.Context, host string) (string, error)

// Dialer opens connections to servers. The zero value is plain TCP without a
// password. Its methods derive other Dialers and change nothing.
type Dialer struct {
	security Security
	config   *tls.Config
	from     netip.Addr
	lookup   Lookup
	via      Transport
}

// New is a Dialer over TCP. It fails if a certificate or a key is not PEM or the
// two do not fit.
func New(s Security) (Dialer, error) { return Dialer{}.With(s) }

// With is d for servers that require s.
func (d Dialer) With(s Security) (Dialer, error) {
	d.security, d.config = s, nil
	if s.TLS == nil {
		return d, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.TLS.ServerName, InsecureSkipVerify: s.TLS.SkipVerify}
	if len(s.TLS.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(s.TLS.CA) {
			return Dialer{}, errors.New("reading the authority's certificate: it is not a certificate in PEM")
		}
	}
	if len(s.TLS.Cert) > 0 {
		pair, err := tls.X509KeyPair(s.TLS.Cert, s.TLS.Key)
		if err != nil {
			return Dialer{}, fmt.Errorf("reading the client certificate and its key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	d.config = config
	return d, nil
}

// From is d over TCP from a local address; one that is not valid leaves the
// address to the kernel.
func (d Dialer) From(addr netip.Addr) Dialer {
	d.from, d.via = addr, nil
	return d
}

// Via is d over another transport.
func (d Dialer) Via(t Transport) Dialer {
	d.via = t
	return d
}

// Resolving is d with look-ups of names of its own.
func (d Dialer) Resolving(l Lookup) Dialer {
	d.lookup = l
	return d
}

// Security is what the servers require, for a process elsewhere that dials them.
func (d Dialer) Security() Security { return d.security }

// Plain says whether connections are TCP and nothing else, which a caller may
// then open by system calls of its own, from the address if it is valid.
func (d Dialer) Plain() (from netip.Addr, ok bool) {
	return d.from, d.config == nil && d.via == nil
}

// Resolve finds the address of a host. It prefers IPv4: a server that binds one
// family nearly always binds that one.
func (d Dialer) Resolve(ctx context.Context, host string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap(), nil
	}
	if d.lookup != nil {
		found, err := d.lookup(ctx, host)
		if err != nil {
			return netip.Addr{}, err
		}
		return netip.ParseAddr(found)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
	return ips[0].Unmap(), nil
}

// Dial opens a connection, encrypted if the servers use TLS, on which nothing has
// been sent yet. ctx bounds the handshake too. It is for clients that
// authenticate by a command of their own; others use Connect.
func (d Dialer) Dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := d.stream(ctx, addr)
	if err != nil || d.config == nil {
		return conn, err
	}
	config := d.config
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	encrypted := tls.Client(conn, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, &net.OpError{Op: "dial", Net: "tls", Err: fmt.Errorf("%s: %w", addr, err)}
	}
	return encrypted, nil
}

// stream opens the bare stream.
func (d Dialer) stream(ctx context.Context, addr string) (net.Conn, error) {
	if d.via != nil {
		return d.via(ctx, addr)
	}
	if d.lookup != nil {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
		ip, err := d.Resolve(ctx, host)
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
		addr = net.JoinHostPort(ip.String(), port)
	}
	var tcp net.Dialer
	if d.from.IsValid() {
		tcp.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.from, 0))
	}
	return tcp.DialContext(ctx, "tcp", addr)
}
