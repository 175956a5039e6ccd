package client

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// pair is a tracked connection and its other end.
func pair(t *testing.T, l net.Listener, c *connections) (client, server net.Conn) {
	t.Helper()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	client = c.add(raw)
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// soon is how long to look for what should not come, long what should.
const (
	soon = 20 * time.Millisecond
	long = 10 * time.Second
)

func ended(t *testing.T, server net.Conn, within time.Duration) bool {
	t.Helper()
	if err := server.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	_, err := server.Read(make([]byte, 1))
	return err == io.EOF
}

// The oldest connections are cut; the answer to what was sent still arrives.
func TestCutTakesTheOldestAndLetsAnswersThrough(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var c connections
	first, firstServer := pair(t, l, &c)
	second, secondServer := pair(t, l, &c)
	_, thirdServer := pair(t, l, &c)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if !ended(t, secondServer, long) {
		t.Error("a connection that was closed is open")
	}
	c.cut(1)
	if !ended(t, firstServer, long) {
		t.Error("the oldest connection was not cut")
	}
	if ended(t, thirdServer, soon) {
		t.Error("another connection was cut too")
	}
	if _, err := firstServer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(first, make([]byte, 1)); err != nil {
		t.Errorf("the answer under way did not arrive: %v", err)
	}
	c.cut(all)
	if !ended(t, thirdServer, long) {
		t.Error("a storm left a connection open")
	}
	if len(c.open) != 0 {
		t.Errorf("%d connections are still known", len(c.open))
	}
}

// A storm comes when it should, once without every.
func TestShakeEndsByItself(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var c connections
	_, server := pair(t, l, &c)
	p := Plan{Workload: scenarios.Workload{Generators: 1}}
	p.Workload.Client.Storm = &scenarios.ReconnectStorm{At: scenarios.Duration(time.Millisecond)}
	c.shake(t.Context(), p, time.Now()) // returns after the only storm
	if !ended(t, server, long) {
		t.Error("the storm cut nothing")
	}
}
