package conn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// Replies that come in any pieces are read as those of their commands, and the
// first error among them is returned.
func TestPipelineReadsRepliesInPieces(t *testing.T) {
	const depth = 1000
	replies := []byte(strings.Repeat("+OK\r\n:12\r\n$5\r\nhello\r\n*2\r\n:1\r\n:2\r\n", depth/4))
	for _, size := range []int{1, 7, 4096, len(replies)} {
		for _, wrong := range []string{"", "-MOVED 1 a:1\r\n"} {
			client, server := net.Pipe()
			c := &Conn{c: client, timeout: 10 * time.Second, in: make([]byte, 64), parser: resp.NewParser(resp.DefaultLimits())}
			go func() {
				defer server.Close()
				if _, err := io.ReadFull(server, make([]byte, 3)); err != nil {
					return
				}
				all := bytes.NewReader(append(append([]byte(nil), wrong...), replies...))
				for all.Len() > 0 {
					if _, err := io.CopyN(server, all, int64(size)); err != nil {
						return
					}
				}
			}()
			n := depth
			if wrong != "" {
				n++
			}
			err := c.Pipeline([]byte("ask"), n)
			if wrong == "" && err != nil || wrong != "" && !errors.Is(err, ReplyError("MOVED 1 a:1")) {
				t.Errorf("in pieces of %d: %v", size, err)
			}
			if err := c.Pipeline([]byte("ask"), 1); err == nil {
				t.Error("a connection that has ended gave a reply")
			}
			client.Close()
		}
	}
}

// A connection that the server has ended is seen to be of no more use before
// anything is sent, through TLS too: else a write would be unknown.
func TestAnEndIsSeenBeforeASend(t *testing.T) {
	certificates, err := deployer.NewCertificates(false)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificates.Cert, certificates.Key)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	l := tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{pair}})
	goOn := make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 64)
		if _, err := c.Read(buf); err == nil {
			_, _ = c.Write([]byte("+PONG\r\n")) // the client says if it did not come
		}
		<-goOn
	}()
	d, err := dial.New(dial.Security{TLS: &dial.TLS{CA: certificates.CA, ServerName: deployer.ServerName}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), d, plain.Addr().String(), 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do("PING"); err != nil {
		t.Fatal(err)
	}
	if c.ClosedByPeer() {
		t.Error("an idle connection counts as ended")
	}
	close(goOn)
	for deadline := time.Now().Add(30 * time.Second); !c.ClosedByPeer(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the end is not seen")
		}
	}
}
