package kubetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Streams are the ways into pods. Set them before the first is used.
type Streams struct {
	// Exec, if not nil, runs a command in a container.
	Exec func(Command) error
	// Forward, if not nil, is the address at which a port of a pod is reached.
	Forward func(pod string, port int) (addr string, err error)
	// Log, if not nil, writes the log of a container. With Follow it returns when the
	// container or the context ends.
	Log func(context.Context, LogRequest, io.Writer) error
}

// LogRequest asks for the log of a container.
type LogRequest struct {
	Pod, Container   string
	Follow, Previous bool
}

// Command is a command that runs in a container.
type Command struct {
	Pod, Container string
	Args           []string
	// In is nil where the command has no input.
	In        io.Reader
	Out, Errs io.Writer
}

// Exit is the error of a command that ends with a code other than 0.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("command terminated with exit code %d", int(e)) }

// Protocols of the streams. Sources: k8s.io/apimachinery/pkg/util/remotecommand, and
// the kubelet's portforward package.
const (
	execProtocol    = "v4.channel.k8s.io"
	forwardProtocol = "portforward.k8s.io"
)

// upgrade makes a connection of a request. It returns nil if that fails, with the
// answer given.
func upgrade(w http.ResponseWriter, r *http.Request, protocol string, handler httpstream.NewStreamHandler) httpstream.Connection {
	if _, err := httpstream.Handshake(r, w, []string{protocol}); err != nil {
		return nil
	}
	return spdy.NewResponseUpgrader().UpgradeResponse(w, r, handler)
}

// exec runs a command, connected to the streams that its caller opens.
func (s *Streams) exec(w http.ResponseWriter, r *http.Request, pod string) {
	if s.Exec == nil {
		http.Error(w, "no exec here", http.StatusNotImplemented)
		return
	}
	q := r.URL.Query()
	want := 1 // the stream for errors
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		if on, err := strconv.ParseBool(q.Get(name)); err == nil && on {
			want++
		}
	}
	opened := make(chan httpstream.Stream, want)
	conn := upgrade(w, r, execProtocol, func(stream httpstream.Stream, _ <-chan struct{}) error {
		opened <- stream
		return nil
	})
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	streams := map[string]httpstream.Stream{}
	for range want {
		select {
		case stream := <-opened:
			streams[stream.Headers().Get(api.StreamType)] = stream
		case <-conn.CloseChan():
			return
		}
	}
	c := Command{Pod: pod, Container: q.Get("container"), Args: q["command"], Out: streams["stdout"], Errs: streams["stderr"]}
	if in := streams["stdin"]; in != nil {
		c.In = in
	}
	err := s.Exec(c)
	_ = json.NewEncoder(streams[api.StreamTypeError]).Encode(statusOf(err)) // the caller may be gone
	for _, stream := range streams {
		_ = stream.Close()
	}
	// The caller closes the connection when it has read all.
	<-conn.CloseChan()
}

// statusOf is how the API server reports the end of a command.
func statusOf(err error) api.Status {
	switch err := err.(type) {
	case nil:
		return api.Status{Status: "Success"}
	case Exit:
		return api.Status{
			Status: "Failure", Reason: "NonZeroExitCode", Message: err.Error(),
			Details: &api.StatusDetails{Causes: []api.StatusCause{{Type: "ExitCode", Message: strconv.Itoa(int(err))}}},
		}
	}
	return api.Status{Status: "Failure", Reason: "InternalError", Message: err.Error()}
}

// forward carries connections to the ports of a pod.
func (s *Streams) forward(w http.ResponseWriter, r *http.Request, pod string) {
	if s.Forward == nil {
		http.Error(w, "no forward here", http.StatusNotImplemented)
		return
	}
	var mu sync.Mutex
	troubles := map[string]httpstream.Stream{} // request → its stream for errors
	conn := upgrade(w, r, forwardProtocol, func(stream httpstream.Stream, answered <-chan struct{}) error {
		id := stream.Headers().Get(api.PortForwardRequestIDHeader)
		mu.Lock()
		defer mu.Unlock()
		if stream.Headers().Get(api.StreamType) == api.StreamTypeError {
			troubles[id] = stream
			return nil
		}
		trouble := troubles[id]
		delete(troubles, id)
		go func() {
			<-answered
			s.carry(pod, stream, trouble)
		}()
		return nil
	})
	if conn != nil {
		<-conn.CloseChan()
	}
}

// carry copies one connection both ways, and reports on trouble that it cannot.
func (s *Streams) carry(pod string, data, trouble httpstream.Stream) {
	defer trouble.Close()
	defer data.Close()
	conn, err := s.dial(pod, data)
	if err != nil {
		fmt.Fprint(trouble, err)
		go drain(data)
		return
	}
	go func() {
		_, _ = io.Copy(conn, data) // its end is the connection's
		conn.Close()
		drain(data)
	}()
	_, _ = io.Copy(data, conn)
}

// dial connects to the port that a stream is for.
func (s *Streams) dial(pod string, data httpstream.Stream) (net.Conn, error) {
	port, err := strconv.Atoi(data.Headers().Get(api.PortHeader))
	if err != nil {
		return nil, err
	}
	addr, err := s.Forward(pod, port)
	if err != nil {
		return nil, err
	}
	return net.Dial("tcp", addr)
}

// drain reads what is under way to a stream: unread, it would hold up frames of others.
func drain(data httpstream.Stream) { _, _ = io.Copy(io.Discard, data) }

// log writes what a container has written.
func (s *Streams) log(w http.ResponseWriter, r *http.Request, pod string) {
	if s.Log == nil {
		http.Error(w, "no logs here", http.StatusNotFound)
		return
	}
	q := r.URL.Query()
	err := s.Log(r.Context(), LogRequest{Pod: pod, Container: q.Get("container"), Follow: q.Get("follow") == "true", Previous: q.Get("previous") == "true"}, flushing{w})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// flushing sends each write at once.
type flushing struct{ http.ResponseWriter }

func (f flushing) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	if flusher, ok := f.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	return n, err
}
