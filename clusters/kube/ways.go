package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Exec runs a command in a pod's container and gives what it wrote to standard
// output. An error holds what it wrote to standard error.
func (c *Cluster) Exec(ctx context.Context, namespace, pod, container string, command ...string) (string, error) {
	u := c.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&api.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	e, err := remotecommand.NewSPDYExecutor(c.Config, "POST", u)
	if err != nil {
		return "", fmt.Errorf("exec in %s: %w", pod, err)
	}
	var out, errs output
	if err := e.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &errs}); err != nil {
		if said := strings.TrimSpace(errs.String()); said != "" {
			return out.String(), fmt.Errorf("exec in %s: %w: %s", pod, withoutURL(err), said)
		}
		return out.String(), fmt.Errorf("exec in %s: %w", pod, withoutURL(err))
	}
	return out.String(), nil
}

// output is what a command has written so far. The library may still write to it
// after it has returned because its context ended.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// session is a command that runs in a container, as its standard input and output.
type session struct {
	io.Reader
	io.Writer
	close func()
}

// Close ends the command's input, and the connection to it.
func (s *session) Close() error {
	s.close()
	return nil
}

// Session runs a command in a pod's container until it is closed, and is connected
// to the command's standard input and output meanwhile. The next Read returns an
// error of the command.
func (c *Cluster) Session(namespace, pod, container string, command ...string) (io.ReadWriteCloser, error) {
	u := c.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&api.PodExecOptions{Container: container, Command: command, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	e, err := remotecommand.NewSPDYExecutor(c.Config, "POST", u)
	if err != nil {
		return nil, fmt.Errorf("exec in %s: %w", pod, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	in, input := io.Pipe()
	reply, out := io.Pipe()
	go func() {
		var errs output
		err := e.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: in, Stdout: out, Stderr: &errs})
		if err == nil {
			err = io.EOF
		}
		if said := strings.TrimSpace(errs.String()); said != "" {
			err = errors.New(said)
		}
		err = fmt.Errorf("exec in %s: %w", pod, withoutURL(err))
		out.CloseWithError(err)
		// Whoever still copies the input sees its end, as one that is well.
		_ = input.Close()
	}()
	return &session{reply, input, func() { _ = input.Close(); cancel() }}, nil
}

// Forward opens a connection to a port of a pod by way of the API server. A pod
// that is made again has another uid, and gets a tunnel of its own.
func (c *Cluster) Forward(ctx context.Context, namespace, pod, uid string, port int) (net.Conn, error) {
	return c.forwards.open(ctx, server{c.Config, c.Client}, podKey{namespace, pod, uid}, port)
}
