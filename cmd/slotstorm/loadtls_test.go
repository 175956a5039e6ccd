package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates of nodes.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, file: filepath.Join(t.TempDir(), "ca.pem")}
	if a.cert, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// node listens at ip, with a certificate for that address alone, or for name.
func (a *authority) node(t *testing.T, ip, name string) (addr string) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(ip)}}
	if name != "" {
		template.IPAddresses, template.DNSNames = nil, []string{name}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", net.JoinHostPort(ip, "0"), &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: a.key}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1)) // the handshake
			c.Close()
		}
	}()
	return l.Addr().String()
}

// TestLoadChecksEachNode: nodes with certificates for their own addresses are accepted, by
// the address of the first; a name is that of all.
func TestLoadChecksEachNode(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	first, second := a.node(t, "127.0.0.1", ""), a.node(t, "127.0.0.2", "")
	named := a.node(t, "127.0.0.2", "redis.example.com")
	for _, tt := range []struct {
		host, sni string
		accepts   map[string]bool
	}{
		{first, "", map[string]bool{first: true, second: true, named: false}},
		{first, "redis.example.com", map[string]bool{first: false, second: false, named: true}},
		{"redis.example.com:6379", "", map[string]bool{first: false, second: false, named: true}},
	} {
		args := []string{"--tls", "--tls-ca", a.file}
		if tt.sni != "" {
			args = append(args, "--sni", tt.sni)
		}
		o, err := optionsOf(t, append(args, tt.host)...)
		if err != nil {
			t.Fatal(err)
		}
		for addr, want := range tt.accepts {
			conn, err := o.Dialer.Dial(t.Context(), addr)
			if (err == nil) != want {
				t.Errorf("%s --sni %q, %s: %v", tt.host, tt.sni, addr, err)
			}
			if err == nil {
				conn.Close()
			}
		}
	}
}
