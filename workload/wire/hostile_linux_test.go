package wire

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
)

// fake is a server that answers PING and HELLO, so that a load starts, and whatever else
// comes with answer; then it closes if asked.
func fake(t *testing.T, answer string, closing bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					if strings.Contains(string(buf[:n]), "PING") {
						_, _ = conn.Write([]byte("+PONG\r\n"))
						continue
					}
					if strings.Contains(string(buf[:n]), "HELLO") {
						_, _ = conn.Write([]byte("%1\r\n+proto\r\n:3\r\n"))
						continue
					}
					if _, err = conn.Write([]byte(answer)); err != nil || closing {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// Whatever a server sends instead of replies ends the connection, not the run;
// the requests under way are unknown, and memory stays bounded. Each connection
// meets it four times; more would only add the waits between attempts to connect.
func TestHostileServer(t *testing.T) {
	const requests = 8
	for _, c := range []struct {
		name, answer string
		closing      bool
		class        Class
	}{
		{"http", "HTTP/1.1 400 Bad Request\r\n\r\n", false, ClassProtocol},
		{"one gigabyte", "$1073741824\r\n", false, ClassProtocol},
		{"array of a billion", "*1000000000\r\n", false, ClassProtocol},
		{"map of a billion", "%1000000000\r\n", false, ClassProtocol},
		{"set of a billion", "~1000000000\r\n", false, ClassProtocol},
		{"push of a billion", ">1000000000\r\n", false, ClassProtocol},
		{"attributes of a billion", "|1000000000\r\n", false, ClassProtocol},
		{"error of a gigabyte", "!1073741824\r\n", false, ClassProtocol},
		{"verbatim of a gigabyte", "=1073741824\r\n", false, ClassProtocol},
		{"streamed string", "$?\r\n;1073741824\r\n", false, ClassProtocol},
		{"streamed array", "*?\r\n:1\r\n", false, ClassProtocol},
		{"endless number", "(" + strings.Repeat("9", 20<<10), false, ClassProtocol},
		{"too deep", strings.Repeat("*1\r\n", 1000), false, ClassProtocol},
		{"endless line", "+" + strings.Repeat("a", 20<<10), false, ClassProtocol},
		{"bulk of 2^31", "$2147483647\r\n", false, ClassProtocol},
		{"bulk of 2^63", "$9223372036854775807\r\n", false, ClassProtocol},
		{"array of 2^31", "*2147483647\r\n", false, ClassProtocol},
		{"map of 2^62", "%4611686018427387904\r\n", false, ClassProtocol},
		{"pushes in pushes", strings.Repeat(">1\r\n", 1000), false, ClassProtocol},
		{"attributes of attributes", strings.Repeat("|1\r\n", 1000), false, ClassProtocol},
		{"error without end", "-ERR " + strings.Repeat("a", 20<<10), false, ClassProtocol},
		{"zeros", strings.Repeat("\x00", 100), false, ClassProtocol},
		{"answer to nothing", "+OK\r\n+OK\r\n+OK\r\n", false, ClassProtocol},
		{"half a reply", "$64\r\nabc", true, ClassEOF},
		{"nothing", "", true, ClassEOF},
		{"silence", "", false, ClassTimeout},
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("RESP%d/%s", protocol, c.name), func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				cfg := config(fake(t, c.answer, c.closing))
				cfg.Conns, cfg.Timeout, cfg.Protocol = 2, 100*time.Millisecond, protocol
				cfg.NewSource = func(int) Source { return newMix(0, 100, requests) }
				result, got := drive(t, t.Context(), cfg)
				runtime.ReadMemStats(&after)
				// Answers to nothing: the first of each three is taken for the reply.
				if n := result.Counts; n.Total() != requests || n.Unknown != got.total.Errors[c.class] ||
					(n.Unknown == 0 && c.name != "answer to nothing") || n.OK+n.Unknown != requests {
					t.Errorf("got %+v, %v", n, got.total.Errors)
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
					t.Errorf("%d bytes allocated", used)
				}
			})
		}
	}
}

// MOVED to ever new addresses adds a bounded number of nodes, and with it of
// connections and buffers.
func TestMovedToEverNewAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	port := l.Addr().(*net.TCPAddr).Port
	var sent atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				p := bufio.NewReader(conn)
				for {
					line, err := p.ReadString('\n')
					if err != nil {
						return
					}
					answer := ""
					switch strings.TrimSpace(line) {
					case "CLUSTER":
						answer = fmt.Sprintf("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:%d\r\n$1\r\na\r\n", port)
					case "GET", "SET":
						n := sent.Add(1)
						answer = fmt.Sprintf("-MOVED 1 127.9.%d.%d:1\r\n", n/250%250, 1+n%250)
					}
					if _, err := conn.Write([]byte(answer)); err != nil {
						return
					}
				}
			}()
		}
	}()
	cfg := config(l.Addr().String())
	cfg.Cluster, cfg.Conns, cfg.Depth, cfg.Refresh = true, 2, 8, time.Minute
	var mu sync.Mutex
	dialled := map[string]bool{}
	cfg.Dialer = cfg.Dialer.Via(func(ctx context.Context, addr string) (net.Conn, error) {
		mu.Lock()
		dialled[addr] = true
		mu.Unlock()
		return dial.Dialer{}.Dial(ctx, addr)
	})
	cfg.NewSource = func(int) Source { return newMix(0, 1000, 3000) }
	result, _ := drive(t, t.Context(), cfg)
	if n := result.Counts; n.Total() != 3000 || n.OK > 0 {
		t.Errorf("got %+v", n)
	}
	mu.Lock()
	defer mu.Unlock()
	// The topology is read at the start and once more meanwhile.
	if n := len(dialled); n < 10 || n > 1+3*maxStrangers {
		t.Errorf("%d redirects had %d addresses dialled", sent.Load(), n)
	}
}

func TestNoServer(t *testing.T) {
	cfg := config("127.0.0.1:1")
	cfg.NewSource = func(int) Source { return newMix(0, 1, 1) }
	cfg.OnSecond = func(*Second) {}
	if _, err := New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}

func TestAuth(t *testing.T) {
	s := startRedis(t, "--requirepass", "secret")
	for _, protocol := range []int{2, 3} {
		cfg := config(s.addr)
		cfg.Conns, cfg.Dialer, cfg.Protocol = 3, dialer(t, dial.Security{Password: "secret"}), protocol
		cfg.NewSource = func(int) Source { return newMix(0, 100, 1000) }
		if result, _ := drive(t, t.Context(), cfg); result.Counts.OK != 1000 {
			t.Errorf("protocol %d: %+v", protocol, result.Counts)
		}
		cfg.Dialer = dialer(t, dial.Security{Password: "wrong"})
		cfg.OnSecond = func(*Second) {}
		if _, err := New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
			t.Errorf("protocol %d, wrong password: %v", protocol, err)
		}
	}
}

// The slower path: a dialler of the caller's own, and TLS.
func TestDial(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t, 3)
	cfg := config("redis-0.test:1")
	cfg.Cluster, cfg.Conns, cfg.Depth = true, 2, 8
	cfg.Dialer = cfg.Dialer.Via(func(ctx context.Context, addr string) (net.Conn, error) {
		if addr == "redis-0.test:1" {
			addr = nodes[0].addr
		}
		return dial.Dialer{}.Dial(ctx, addr)
	})
	cfg.NewSource = func(int) Source { return newMix(0, 1000, 5000) }
	if result, _ := drive(t, t.Context(), cfg); result.Counts.OK != 5000 {
		t.Errorf("got %+v", result.Counts)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := certificate(t, dir)
	port := freePort(t)
	s := startRedis(t, "--tls-port", strconv.Itoa(port), "--tls-cert-file", filepath.Join(dir, "cert.pem"),
		"--tls-key-file", filepath.Join(dir, "key.pem"), "--tls-ca-cert-file", filepath.Join(dir, "cert.pem"),
		"--tls-auth-clients", "no", "--requirepass", "secret")
	source := newMix(0, 1000, 5000)
	cfg := config(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	cfg.Conns, cfg.Depth, cfg.Protocol = 4, 4, 3
	cfg.Dialer = dialer(t, dial.Security{Password: "secret", TLS: &dial.TLS{CA: ca}})
	cfg.NewSource = func(int) Source { return source }
	if result, _ := drive(t, t.Context(), cfg); result.Counts.OK != 5000 {
		t.Errorf("got %+v", result.Counts)
	}
	// And when that server dies, what flew is unknown and the rest has failed.
	source = newMix(0, 1000, 1<<40)
	cfg.NewSource = func(int) Source { return source }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 500_000, left: 3000} }
	go func() {
		await(t, "load to run", func() bool { return source.drawn.Load() > 1000 })
		s.kill()
	}()
	result, got := drive(t, t.Context(), cfg)
	if n := result.Counts; n.Total() != 3000 || n.Unknown > 16 || got.total.Errors[ClassDial] < 1000 {
		t.Errorf("got %+v, %v", n, got.total.Errors)
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

// certificate writes a self-signed one for 127.0.0.1 and its key, and gives it.
func certificate(t *testing.T, dir string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
}
