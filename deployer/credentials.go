package deployer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Password is the one that a scenario asks for: from its environment variable,
// or a random one; empty without auth.
func Password(a *scenarios.Auth) (string, error) {
	if a == nil || !a.Enabled {
		return "", nil
	}
	if a.PasswordEnv != "" {
		p := os.Getenv(a.PasswordEnv)
		if p == "" {
			return "", fmt.Errorf("redis.auth.passwordEnv: the environment variable %s is empty or not set", a.PasswordEnv)
		}
		if strings.ContainsAny(p, "\r\n\x00") {
			return "", fmt.Errorf("redis.auth.passwordEnv: the password in %s contains a line break", a.PasswordEnv)
		}
		return p, nil
	}
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("making a password: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

// Certificates are what a cluster with TLS needs: the certificate of an
// authority that was made for it, and one certificate with its key for all
// nodes, which show it to clients and to each other. All are PEM.
type Certificates struct{ CA, Cert, Key []byte }

// ServerName is the name in the certificate. Nodes have no names of their own
// there: their addresses change.
const ServerName = "redis.slotstorm.dev"

// validity of the certificates; longer than any run or kept deployment.
const validity = 90 * 24 * time.Hour

// NewCertificates makes an authority and a certificate of it, and forgets the
// authority's key.
func NewCertificates() (*Certificates, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	// The clocks of nodes may stand a little behind.
	from := time.Now().Add(-time.Hour)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "slotstorm"}, NotBefore: from, NotAfter: from.Add(validity),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: ServerName}, DNSNames: []string{ServerName}, NotBefore: from, NotAfter: from.Add(validity),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	caRaw, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, fmt.Errorf("signing the authority: %w", err)
	}
	leafRaw, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate: %w", err)
	}
	keyRaw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing the key: %w", err)
	}
	encode := func(kind string, raw []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
	}
	return &Certificates{CA: encode("CERTIFICATE", caRaw), Cert: encode("CERTIFICATE", leafRaw), Key: encode("PRIVATE KEY", keyRaw)}, nil
}

// Encrypt makes the cluster's certificates if it is to have TLS, and has its
// dialer encrypt. Without TLS it gives nil.
func (c *Cluster) Encrypt(t *scenarios.TLS) (*Certificates, error) {
	if t == nil || !t.Enabled {
		return nil, nil
	}
	certificates, err := NewCertificates()
	if err != nil {
		return nil, err
	}
	return certificates, c.UseTLS(certificates)
}

// UseTLS has the cluster's dialer encrypt with certificates.
func (c *Cluster) UseTLS(certificates *Certificates) error {
	config, err := certificates.Config()
	if err != nil {
		return err
	}
	plain := c.Dial
	c.TLS = config
	c.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := plain(ctx, addr)
		if err != nil {
			return nil, err
		}
		encrypted := tls.Client(conn, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, &net.OpError{Op: "dial", Net: "tls", Err: fmt.Errorf("%s: %w", addr, err)}
		}
		return encrypted, nil
	}
	return nil
}

// Config is that of a client: it wants the nodes' certificate to be of the
// authority.
func (c *Certificates) Config() (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.CA) {
		return nil, fmt.Errorf("reading the authority's certificate: not PEM")
	}
	return &tls.Config{RootCAs: roots, ServerName: ServerName, MinVersion: tls.VersionTLS12}, nil
}

// TLSDirectives turn TLS on for clients, replication and the bus of a node, in
// redis.conf; the three files lie in dir.
func TLSDirectives(port int, dir string) string {
	return "port 0\n" + Directive("tls-port", strconv.Itoa(port)) +
		"tls-cluster yes\ntls-replication yes\ntls-auth-clients no\n" +
		Directive("tls-ca-cert-file", dir+"/ca.crt") + Directive("tls-cert-file", dir+"/tls.crt") + Directive("tls-key-file", dir+"/tls.key")
}
