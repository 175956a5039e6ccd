package deployer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Login is what a scenario asks for: its user, and the password from its environment
// variable or a random one; empty without auth.
func Login(a *scenarios.Auth) (dial.Security, error) {
	if a == nil || !a.Enabled {
		return dial.Security{}, nil
	}
	password, err := password(a)
	return dial.Security{Username: a.User, Password: password}, err
}

func password(a *scenarios.Auth) (string, error) {
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

// LoginDirectives have a node ask for a password, in redis.conf, and give it to the node that
// it replicates. With a user of the access control list, the default user is switched off.
// The list has the password's SHA-256 alone; masterauth needs the password itself.
func LoginDirectives(login dial.Security) string {
	switch {
	case login.Password == "":
		return ""
	case login.Username == "":
		return Directive("requirepass", login.Password) + Directive("masterauth", login.Password)
	}
	return fmt.Sprintf("user default off\nuser %s on #%x ~* &* +@all\n", login.Username, sha256.Sum256([]byte(login.Password))) +
		Directive("masteruser", login.Username) + Directive("masterauth", login.Password)
}

// Certificates are what a cluster with TLS needs: the certificate of an
// authority that was made for it, and one certificate with its key for all
// nodes, which present it to clients and to each other. Where nodes require
// certificates of clients there is one for all clients too. All are PEM.
type Certificates struct {
	CA, Cert, Key         []byte
	ClientCert, ClientKey []byte
}

// Mutual says whether nodes require certificates of their clients.
func (c *Certificates) Mutual() bool { return len(c.ClientCert) > 0 }

// ServerName is the name in the certificate. Nodes have no names of their own
// there: their addresses change.
const ServerName = "redis.slotstorm.dev"

// clientName is the name in the certificate of clients.
const clientName = "client.slotstorm.dev"

// validity of the certificates; longer than any run or kept deployment.
const validity = 90 * 24 * time.Hour

// NewCertificates makes an authority and certificates of it, that of clients only
// if mutual, and forgets the authority's key.
func NewCertificates(mutual bool) (*Certificates, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, err
	}
	c := &Certificates{CA: encode("CERTIFICATE", a.cert.Raw)}
	// Nodes are clients of each other: on the bus, and of their primaries.
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if c.Cert, c.Key, err = a.sign(ServerName, usage); err != nil || !mutual {
		return c, err
	}
	c.ClientCert, c.ClientKey, err = a.sign(clientName, usage[1:])
	return c, err
}

// authority signs certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	// The clocks of nodes may stand a little behind.
	from := time.Now().Add(-time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "slotstorm"}, NotBefore: from, NotAfter: from.Add(validity),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the authority: %w", err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the authority: %w", err)
	}
	return &authority{key, cert}, nil
}

// sign makes a certificate and its key.
func (a *authority) sign(name string, usage []x509.ExtKeyUsage) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, fmt.Errorf("making a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usage,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("signing the certificate of %s: %w", name, err)
	}
	keyRaw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("writing the key of %s: %w", name, err)
	}
	return encode("CERTIFICATE", raw), encode("PRIVATE KEY", keyRaw), nil
}

func encode(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

// Secure makes the certificates that the cluster is to have, and gives them and
// the login to its Dialer. Without TLS the certificates are nil.
func (c *Cluster) Secure(login dial.Security, t *scenarios.TLS) (*Certificates, error) {
	if t == nil || !t.Enabled {
		return nil, c.Use(login, nil)
	}
	certificates, err := NewCertificates(t.Mutual)
	if err != nil {
		return nil, err
	}
	return certificates, c.Use(login, certificates)
}

// Use gives the cluster's Dialer the login and the certificates that its nodes
// have already; certificates are nil without TLS.
func (c *Cluster) Use(login dial.Security, certificates *Certificates) error {
	security := dial.Security{Username: login.Username, Password: login.Password}
	if certificates != nil {
		security.TLS = &dial.TLS{CA: certificates.CA, Cert: certificates.ClientCert, Key: certificates.ClientKey, ServerName: ServerName}
	}
	dialer, err := c.Dialer.With(security)
	if err != nil {
		return err
	}
	c.Dialer = dialer
	return nil
}

// TLSDirectives turn TLS on for clients, replication and the bus of a node, in
// redis.conf; the three files lie in dir. The node accepts no other connections.
// mutual has it require certificates of clients.
func TLSDirectives(port int, dir string, mutual bool) string {
	clients := "tls-auth-clients no\n"
	if mutual {
		clients = "tls-auth-clients yes\n"
	}
	return "port 0\n" + Directive("tls-port", strconv.Itoa(port)) + "tls-cluster yes\ntls-replication yes\n" + clients +
		Directive("tls-ca-cert-file", dir+"/ca.crt") + Directive("tls-cert-file", dir+"/tls.crt") + Directive("tls-key-file", dir+"/tls.key")
}
