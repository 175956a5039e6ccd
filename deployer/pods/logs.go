package pods

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
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
	// cut is the pod whose stream broke; it has no name while nothing is missing.
	cut Pod
	err error
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
		l.settle(ctx, node, f)
		if l.copy(ctx, node, f, from{container: pod.Container, follow: true}) == nil {
			// The stream ends with its container, unless it breaks.
			f.missing(Pod{})
			done = pod.ContainerID
			continue
		}
		if ctx.Err() == nil {
			f.missing(pod)
		}
		pause(ctx)
	}
}

// pause waits before another try.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(retryEvery):
	}
}

// missing notes the pod whose stream broke.
func (f *logFile) missing(pod Pod) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = pod
}

// settle fetches what a broken stream left out, once its container has ended. A container
// that goes on is read again anyway; one that was replaced in its pod has left its log, and
// one whose pod is gone has not, which the run has to know.
func (l *logs) settle(ctx context.Context, node string, f *logFile) {
	f.mu.Lock()
	cut := f.cut
	f.mu.Unlock()
	now, _ := l.pods.byHost(node)
	if cut.Name == "" || now.ContainerID == cut.ContainerID {
		return
	}
	f.missing(Pod{})
	if now.UID == cut.UID && l.copy(ctx, node, f, from{container: cut.Container, previous: true}) == nil {
		return
	}
	l.lacks(node, f, "pod "+cut.UID+" ended while its log could not be followed")
}

// lacks reports that lines of a node's log may be missing.
func (l *logs) lacks(node string, f *logFile, why string) {
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	l.pods.event(node, results.EventLogCut, fmt.Sprintf("its log may lack lines after %s: %s", last.UTC().Format(time.TimeOnly+".000"), why))
}

// from is what of a container's log is read.
type from struct {
	container        string
	follow, previous bool
}

// copy appends what a node has written since the last line that was copied.
func (l *logs) copy(ctx context.Context, node string, f *logFile, of from) error {
	o := &api.PodLogOptions{Container: of.container, Follow: of.follow, Previous: of.previous, Timestamps: true}
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
		if err != nil && err != io.EOF {
			// The rest of this line comes with the next try.
			return err
		}
		if stamp, text, ok := strings.Cut(line, " "); ok {
			f.append(stamp, text)
		}
		if err == io.EOF {
			return nil
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
		// The last line of a container may lack its end.
		_, err = file.WriteString(strings.TrimSuffix(inUTC(text, at), "\n") + "\n")
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil && f.err == nil {
		f.err = err
	}
}

// serverStamp is the time in a line of a server: "pid:role dd Mon yyyy hh:mm:ss.mmm level text".
// Source: serverLogRaw in Redis' server.c.
var serverStamp = regexp.MustCompile(`^(\d+:[A-Z] )(\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3})( [-.*#] )`)

// zoneStep divides the distance of every zone from UTC.
const zoneStep = 15 * time.Minute

// inUTC is a line of a server, which writes the time of its container's zone, with the same
// moment in UTC: whoever reads the file does not know the zone. Kubernetes' own stamp of the
// line, which is in UTC, shows how far apart the two are.
func inUTC(line string, at time.Time) string {
	const layout = "02 Jan 2006 15:04:05.000"
	m := serverStamp.FindStringSubmatch(line)
	if m == nil {
		return line
	}
	local, err := time.Parse(layout, m[2])
	if err != nil {
		return line
	}
	zone := local.Sub(at).Round(zoneStep)
	return m[1] + local.Add(-zone).Format(layout) + m[3] + line[len(m[0]):]
}

// open brings a node's file up to date and opens it.
func (l *logs) open(ctx context.Context, node string) (io.ReadCloser, error) {
	f := l.files[node]
	if f == nil {
		return nil, fmt.Errorf("there is no node %q", node)
	}
	l.complete(ctx, node, f)
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

// tries bounds the requests for the end of a log.
const tries = 3

// complete brings a node's file up to date.
func (l *logs) complete(ctx context.Context, node string, f *logFile) {
	l.settle(ctx, node, f)
	for try := 1; ; try++ {
		pod, ok := l.pods.byHost(node)
		if !ok || pod.ContainerID == "" {
			return // it has nothing to add
		}
		err := l.copy(ctx, node, f, from{container: pod.Container})
		if err == nil {
			return
		}
		if try == tries || ctx.Err() != nil {
			l.lacks(node, f, err.Error())
			return
		}
		pause(ctx)
	}
}
