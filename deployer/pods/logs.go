package pods

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
)

// logs copies what nodes write into files, from every container of every pod
// that a node ever has: the log of a pod goes with it.
type logs struct {
	pods  *pods
	stop  context.CancelFunc
	wg    sync.WaitGroup
	files map[string]*logFile
}

// logFile is one node's.
type logFile struct {
	mu   sync.Mutex
	path string
	// last is the time of the last line that was copied: a stream that broke is
	// taken up after it. Kubernetes stamps every line.
	last time.Time
	err  error
}

// followLogs copies what nodes write from a time on, into a folder; an empty one keeps
// nothing.
func followLogs(p *pods, nodes []deployer.Node, dir string, from time.Time) *logs {
	ctx, stop := context.WithCancel(context.Background())
	l := &logs{pods: p, stop: stop, files: map[string]*logFile{}}
	if dir == "" {
		return l
	}
	for _, node := range nodes {
		f := &logFile{path: filepath.Join(dir, node.Name+".log"), last: from}
		l.files[node.Name] = f
		l.wg.Go(func() { l.follow(ctx, node.Name, f) })
	}
	return l
}

func (l *logs) close() {
	l.stop()
	l.wg.Wait()
}

// follow copies the log of one container after the other.
func (l *logs) follow(ctx context.Context, node string, f *logFile) {
	done := ""
	for ctx.Err() == nil {
		pod, err := l.pods.await(ctx, node, "a container of "+node, func(p Pod) bool { return p.ContainerID != "" && p.ContainerID != done })
		if err != nil {
			return
		}
		if l.copy(ctx, node, f, true) == nil {
			// The stream ends with its container, unless it breaks.
			done = pod.ContainerID
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// copy appends what a node has written since the last line that was copied.
func (l *logs) copy(ctx context.Context, node string, f *logFile, follow bool) error {
	container := l.pods.of.container
	if pod, ok := l.pods.byHost(node); ok {
		container = pod.Container
	}
	o := &api.PodLogOptions{Container: container, Follow: follow, Timestamps: true}
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	if !last.IsZero() {
		// Kubernetes cuts it to the second: what comes twice is left out below.
		o.SinceTime = &api.Time{Time: last}
	}
	stream, err := l.pods.of.in.Client.CoreV1().Pods(l.pods.of.namespace).GetLogs(node, o).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	r := bufio.NewReader(stream)
	for {
		line, err := r.ReadString('\n')
		if stamp, text, ok := strings.Cut(line, " "); ok {
			f.append(stamp, text)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (f *logFile) append(stamp, text string) {
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !at.After(f.last) {
		return
	}
	f.last = at
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = file.WriteString(text)
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil && f.err == nil {
		f.err = err
	}
}

// open brings a node's file up to date and opens it.
func (l *logs) open(ctx context.Context, node string) (io.ReadCloser, error) {
	f := l.files[node]
	if f == nil {
		return nil, fmt.Errorf("there is no node %q", node)
	}
	// A node that has no container now has nothing to add.
	_ = l.copy(ctx, node, f, false)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, fmt.Errorf("keeping the log of %s: %w", node, f.err)
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the log of %s: %w", node, err)
	}
	return file, nil
}
