package remote

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Identity is a key of one run that the controller and its generators share.
// Both show it and refuse connections without it, so that no one else on the network
// can give orders or read a plan, which contains the password of Redis.
type Identity struct {
	pem  []byte
	cert tls.Certificate
}

// NewIdentity makes a key.
func NewIdentity() (*Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key for the generators: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "slotstorm"},
		// Clocks differ, and the dates are not what makes the certificate trusted.
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making a key for the generators: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a key for the generators: %w", err)
	}
	return ParseIdentity(append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...))
}

// ParseIdentity reads what PEM gives.
func ParseIdentity(text []byte) (*Identity, error) {
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("reading the key of the generators: %w", err)
	}
	return &Identity{text, cert}, nil
}

// PEM is the identity as text. It is a secret.
func (i *Identity) PEM() []byte { return i.pem }

// config demands the same key of the other side: whoever holds it is who it
// should be, whatever its name.
func (i *Identity) config() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{i.cert},
		ClientAuth:   tls.RequireAnyClientCert,
		// Neither names nor chains are trusted: VerifyConnection compares the key
		// itself.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) != 1 || !bytes.Equal(s.PeerCertificates[0].Raw, i.cert.Certificate[0]) {
				return errors.New("the other side has another run's key")
			}
			return nil
		},
		// A resumed session would be a second way in.
		SessionTicketsDisabled: true,
	}
}
