package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
)

// server starts a redis-server that takes TLS alone, with certificates of clients,
// and a password.
func server(t *testing.T, c *deployer.Certificates, password string) (addr string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.crt": c.CA, "tls.crt": c.Cert, "tls.key": c.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	conf := "bind 127.0.0.1\nsave \"\"\ndir " + dir + "\nrequirepass " + password + "\n" +
		strings.ReplaceAll(strings.ReplaceAll(deployer.TLSDirectives(port, dir, c.Mutual()), "tls-cluster yes\n", ""), "tls-replication yes\n", "")
	file := filepath.Join(dir, "redis.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	addr = l.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			c.Close()
			return addr
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func dialer(t *testing.T, s dial.Security) dial.Dialer {
	t.Helper()
	d, err := dial.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Whatever way a Dialer goes, and whoever uses it, what the server requires goes
// with it; and without each part of it the server says no.
func TestEveryWayIsSecured(t *testing.T) {
	c, err := deployer.NewCertificates(true)
	if err != nil {
		t.Fatal(err)
	}
	addr := server(t, c, "secret")
	all := dial.Security{Password: "secret", TLS: &dial.TLS{CA: c.CA, Cert: c.ClientCert, Key: c.ClientKey, ServerName: deployer.ServerName}}
	straight := dialer(t, all)
	forwarded := 0
	ways := map[string]dial.Dialer{
		"straight": straight,
		"from":     straight.From(netip.MustParseAddr("127.0.0.1")),
		"via": straight.Via(func(ctx context.Context, addr string) (net.Conn, error) {
			forwarded++
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		}),
		"by name": straight.Resolving(func(context.Context, string) (string, error) { return "127.0.0.1", nil }),
	}
	for name, d := range ways {
		to := addr
		if name == "by name" {
			_, port, _ := net.SplitHostPort(addr)
			to = "somebody.test:" + port
		}
		if _, plain := d.Plain(); plain {
			t.Errorf("%s: may be dialled in plaintext", name)
		}
		if err := both(t, d, to); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if forwarded != 2 {
		t.Errorf("%d connections were forwarded, not 2", forwarded)
	}
	for name, spoil := range map[string]func(*dial.Security){
		"no TLS":         func(s *dial.Security) { s.TLS = nil },
		"no authority":   func(s *dial.Security) { s.TLS.CA = nil },
		"no certificate": func(s *dial.Security) { s.TLS.Cert, s.TLS.Key = nil, nil },
		"another name":   func(s *dial.Security) { s.TLS.ServerName = "" },
		"no password":    func(s *dial.Security) { s.Password = "" },
		"wrong password": func(s *dial.Security) { s.Password = "wrong" },
		"wrong user":     func(s *dial.Security) { s.Username = "nobody" },
	} {
		bad, encryption := all, *all.TLS
		bad.TLS = &encryption
		spoil(&bad)
		if err := both(t, dialer(t, bad), addr); err == nil {
			t.Errorf("%s: the server answers", name)
		}
	}
}

// both asks over a raw connection and through go-redis; both must get an answer, or
// neither.
func both(t *testing.T, d dial.Dialer, addr string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	raw := ping(ctx, d, addr)
	o := &redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1, DialTimeout: 30 * time.Second, ReadTimeout: 30 * time.Second}
	d.Options(o)
	cl := redis.NewClient(o)
	defer cl.Close()
	library := cl.Ping(ctx).Err()
	if (raw == nil) != (library == nil) {
		t.Errorf("a raw connection: %v; go-redis: %v", raw, library)
	}
	return errors.Join(raw, library)
}

func ping(ctx context.Context, d dial.Dialer, addr string) error {
	c, err := d.Connect(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := c.Read(answer)
	if err == nil && string(answer[:n]) != "+PONG\r\n" {
		err = errors.New(string(answer[:n]))
	}
	return err
}

// Unusable certificates are refused before any connection is opened.
func TestBadCertificatesAreRefused(t *testing.T) {
	one, err := deployer.NewCertificates(true)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]dial.TLS{
		"no certificate": {CA: []byte("hello")},
		"another's key":  {CA: one.CA, Cert: one.ClientCert, Key: one.Key},
		"no key":         {CA: one.CA, Cert: one.ClientCert},
	} {
		if _, err := dial.New(dial.Security{TLS: &s}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// A server that answers AUTH without an end, or not at all, is left in time.
func TestAnEndlessAnswerToAuth(t *testing.T) {
	for _, answer := range []string{strings.Repeat("a", 4096), ""} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if answer == "" {
				cancel()
			}
			_, _ = c.Write([]byte(answer)) // the other side gives up
			<-t.Context().Done()
			c.Close()
		}()
		if _, err := dialer(t, dial.Security{Password: "secret"}).Connect(ctx, l.Addr().String()); err == nil {
			t.Error("that was taken for an answer")
		}
		cancel()
	}
}
