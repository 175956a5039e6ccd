package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// forwards keeps one tunnel for each pod, through the API server and the
// kubelet; each connection is a pair of streams in it.
type forwards struct {
	mu      sync.Mutex
	tunnels map[podKey]*tunnel
}

type podKey struct{ namespace, pod, uid string }

// tunnel is the way to one pod. Its mutex keeps others from dialling it twice.
type tunnel struct {
	mu   sync.Mutex
	conn httpstream.Connection
	next int
	// busy is since when a connection is being opened, in nanoseconds since 1970;
	// 0 if none is.
	busy atomic.Int64
}

// hung reports whether the tunnel has been opening one connection for too long. One
// that went through an API server that was away may never come back, although
// nothing has closed it.
func (t *tunnel) hung() bool {
	since := t.busy.Load()
	return since != 0 && time.Since(time.Unix(0, since)) > hungLimit
}

// hungLimit is how long the opening of a connection may take while others wait.
const hungLimit = 3 * time.Second

// tunnelLimit bounds the opening of a tunnel: the API server may be away, and
// its client knows no context.
const tunnelLimit = 10 * time.Second

// server is an API server, and who speaks to it.
type server struct {
	config *rest.Config
	client kubernetes.Interface
}

// open opens a connection to a port of a pod, in the pod's tunnel.
func (f *forwards) open(ctx context.Context, through server, key podKey, port int) (net.Conn, error) {
	f.mu.Lock()
	if f.tunnels == nil {
		f.tunnels = map[podKey]*tunnel{}
	}
	t := f.tunnels[key]
	if t == nil {
		t = &tunnel{}
		f.tunnels[key] = t
	}
	f.mu.Unlock()
	type opened struct {
		conn net.Conn
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		conn, err := t.open(through, key, port)
		done <- opened{conn, err}
	}()
	select {
	case o := <-done:
		return o.conn, o.err
	case <-ctx.Done():
		dropped := t.hung() && f.discard(key, t)
		go func() {
			if o := <-done; o.conn != nil {
				o.conn.Close()
			}
			if dropped {
				t.close()
			}
		}()
		return nil, fmt.Errorf("port-forward to %s/%s: %w", key.namespace, key.pod, context.Cause(ctx))
	}
}

// open opens a pair of streams, on a new tunnel if the old one is closed.
func (t *tunnel) open(through server, key podKey, port int) (net.Conn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy.Store(time.Now().UnixNano())
	defer t.busy.Store(0)
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "port-forward", Err: fmt.Errorf("%s/%s: %w", key.namespace, key.pod, err)}
	}
	if t.conn != nil {
		select {
		case <-t.conn.CloseChan():
			t.conn = nil
		default:
		}
	}
	if t.conn == nil {
		conn, err := through.tunnel(key)
		if err != nil {
			return fail(err)
		}
		t.conn = conn
	}
	t.next++
	conn := t.conn
	// A kubelet that does not read one stream answers no request for some others. The end of
	// the tunnel ends the wait, and the next connection gets a new one.
	hung := time.AfterFunc(hungLimit, func() { _ = conn.Close() })
	stream, err := newStream(conn, t.next, port)
	hung.Stop()
	if err != nil {
		_ = t.conn.Close()
		t.conn = nil
		return fail(err)
	}
	return stream, nil
}

// portForwardProtocol is the name of the protocol. Source: the kubelet's
// portforward package.
const portForwardProtocol = "portforward.k8s.io"

func (s server) tunnel(key podKey) (httpstream.Connection, error) {
	transport, upgrader, err := spdy.RoundTripperFor(s.config)
	if err != nil {
		return nil, err
	}
	u := s.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(key.namespace).Name(key.pod).SubResource("portforward").URL()
	// The transport cannot cancel a request that has timed out, and http.Client calls for that if it
	// sees the method: then each look at a node of a machine that hangs writes to standard error.
	quiet := struct{ http.RoundTripper }{transport}
	dialer := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: quiet, Timeout: tunnelLimit}, http.MethodPost, u)
	conn, protocol, err := dialer.Dial(portForwardProtocol)
	if err != nil {
		return nil, withoutURL(err)
	}
	if protocol != portForwardProtocol {
		_ = conn.Close()
		return nil, fmt.Errorf("the API server speaks %q, not %q", protocol, portForwardProtocol)
	}
	return conn, nil
}

// withoutURL takes the request's address out of an error: it is long, and says
// nothing that the pod's name does not.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// newStream makes one forwarded connection. A pipe gives it the deadlines that
// streams have not.
func newStream(conn httpstream.Connection, id, port int) (net.Conn, error) {
	h := http.Header{}
	h.Set(api.StreamType, api.StreamTypeError)
	h.Set(api.PortHeader, strconv.Itoa(port))
	h.Set(api.PortForwardRequestIDHeader, strconv.Itoa(id))
	trouble, err := conn.CreateStream(h)
	if err != nil {
		return nil, err
	}
	// Only the kubelet writes to this stream.
	_ = trouble.Close()
	h.Set(api.StreamType, api.StreamTypeData)
	data, err := conn.CreateStream(h)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	go func() {
		// An error there (no process listens on the port) ends the connection.
		said, err := io.ReadAll(trouble)
		if err != nil || strings.TrimSpace(string(said)) != "" {
			theirs.Close()
			_ = data.Reset()
		}
	}()
	go func() {
		_, _ = io.Copy(theirs, data) // its end is the connection's
		theirs.Close()
	}()
	go func() {
		_, _ = io.Copy(data, theirs)
		_ = data.Close()
		conn.RemoveStreams(trouble, data)
		_ = data.Reset()
		_ = trouble.Reset()
	}()
	return ours, nil
}

// discard has the next connection to a pod take a tunnel of its own.
func (f *forwards) discard(key podKey, t *tunnel) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tunnels[key] != t {
		return false
	}
	delete(f.tunnels, key)
	return true
}

func (t *tunnel) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil {
		_ = t.conn.Close()
	}
}

// drop closes the tunnels into a namespace.
func (f *forwards) drop(namespace string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, t := range f.tunnels {
		if key.namespace != namespace {
			continue
		}
		delete(f.tunnels, key)
		go t.close()
	}
}
