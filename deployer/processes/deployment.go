package processes

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Options of a deployment.
type Options struct {
	Room  local.Room
	Redis scenarios.Redis
	// MostShards is the most that the run scales the cluster to; 0 if it does not scale it.
	MostShards int
	// RestartDelay is how long a node that ended stays down.
	RestartDelay time.Duration
	// Volumes is the folder of the nodes' data, Logs that of their logs.
	Volumes, Logs string
	// VolumeSize makes each volume a file system of its own, of so many bytes and in
	// memory; 0 leaves them folders.
	VolumeSize int64
	// Disks serves each volume through a file system that can be slow, fail and lose
	// power. It needs a sealed room.
	Disks bool
	Clock results.Clock
	Emit  results.Emit
	// Journal, if not nil, takes what must be known if this program is killed: outside
	// of a sealed room every process, before it may do anything, and where secrets are.
	Journal func(results.JournalEntry) error
}

// Deployment is a cluster that runs. Its supervisors work until Remove.
type Deployment struct {
	*deployer.Cluster

	options Options
	// certificates are those of a cluster with TLS, else nil.
	certificates *deployer.Certificates
	// key is the key of certificates, where the nodes read it; nil without TLS.
	key *local.Secret
	// disks serves the volumes; nil without Options.Disks.
	disks *disk.Server
	host  *local.Host
	stop  context.CancelFunc
	done  sync.WaitGroup
	// oversee starts the supervisor of a node.
	oversee func(*node)
	nodes   map[string]*node
	// spare is an endpoint that no node has: for servers beside the cluster.
	spare local.Endpoint
}

type node struct {
	deployer.Node
	// number is N of node-N.
	number   int
	endpoint local.Endpoint
	dir      string
	disk     *disk.Volume
	log      *os.File

	mu      sync.Mutex
	process *local.Process
	// changed is closed and replaced whenever process changes.
	changed chan struct{}
	// stuck is why the supervisor gave up.
	stuck error
	// binary is what it starts next.
	binary string
	// held is set while the supervisor must not start it unless hurry says so.
	held bool
	// hurry has the supervisor start it without the delay.
	hurry chan struct{}
	// left is set of a node that is not in the cluster: its end is meant. supervised is
	// closed when its supervisor has ended; nil if it had none.
	left       bool
	supervised chan struct{}
}

// Redis is the cluster, and how to talk to it.
func (d *Deployment) Redis() *deployer.Cluster { return d.Cluster }

// Log opens what a node has written so far.
func (d *Deployment) Log(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(d.LogPath(name))
}

// Volume is the folder of a node's data.
func (d *Deployment) Volume(name string) (string, error) {
	n, ok := d.nodes[name]
	if !ok {
		return "", fmt.Errorf("there is no node %q", name)
	}
	return n.dir, nil
}

// Disk is the disk of a node's volume, which can be slow, fail and lose power.
func (d *Deployment) Disk(name string) (*disk.Volume, error) {
	n, ok := d.nodes[name]
	if !ok {
		return nil, fmt.Errorf("there is no node %q", name)
	}
	if n.disk == nil {
		return nil, fmt.Errorf("the volume of %s is a plain folder", name)
	}
	return n.disk, nil
}

// LogPath is where a node's log is.
func (d *Deployment) LogPath(name string) string {
	return filepath.Join(d.options.Logs, name+".log")
}

// Process is the process that runs a node now, or ran it last.
func (d *Deployment) Process(name string) (*local.Process, error) {
	n, ok := d.nodes[name]
	if !ok {
		return nil, fmt.Errorf("there is no node %q", name)
	}
	return n.current(), nil
}

// KeepDown has a node stay down once it has ended, or lets it start again, at once if it
// is down.
func (d *Deployment) KeepDown(name string, on bool) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	n.hold(on)
	if on {
		return nil
	}
	select {
	case <-n.current().Done():
		n.hurryUp()
	default:
	}
	return nil
}

// AwaitNext waits until a node runs as another process than old, and gives that.
func (d *Deployment) AwaitNext(ctx context.Context, name string, old *local.Process) (*local.Process, error) {
	n, ok := d.nodes[name]
	if !ok {
		return nil, fmt.Errorf("there is no node %q", name)
	}
	for {
		n.mu.Lock()
		p, changed, stuck := n.process, n.changed, n.stuck
		n.mu.Unlock()
		if p != old {
			return p, nil
		}
		if stuck != nil {
			return nil, fmt.Errorf("%s does not come back: %w", name, stuck)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s to be started again: %w", name, context.Cause(ctx))
		case <-changed:
		}
	}
}

// journal adds an entry to the run's journal, if there is one.
func (d *Deployment) journal(e results.JournalEntry) error {
	if d.options.Journal == nil {
		return nil
	}
	e.Offset = d.options.Clock.Now()
	return d.options.Journal(e)
}

func (d *Deployment) emit(n *node, kind, message string) {
	shard := n.Shard
	d.options.Emit(results.Event{Offset: d.options.Clock.Now(), Kind: kind, Source: "supervisor", Node: n.Name, Shard: &shard, Message: message})
}

func (n *node) current() *local.Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

func (n *node) isHeld() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.held
}

func (n *node) hold(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = on
}

// hurryUp has the supervisor start the node without its delay, now or when it ends.
func (n *node) hurryUp() {
	select {
	case n.hurry <- struct{}{}:
	default: // it hurries already
	}
}

func (n *node) giveUp(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stuck = err
	close(n.changed)
	n.changed = make(chan struct{})
}

// lastWords are the last lines of a node's log.
func (d *Deployment) lastWords(n *node) string {
	text, err := tail(d.LogPath(n.Name), 0)
	if err != nil {
		return "its log cannot be read: " + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-4):], " | ")
}

// tailLimit bounds what is read of a log that a process can make as long as it
// likes, in bytes.
const tailLimit = 64 << 10

// tail is the end of a file after mark, of tailLimit bytes at most.
func tail(path string, mark int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	from := max(mark, st.Size()-tailLimit)
	b, err := io.ReadAll(io.NewSectionReader(f, from, tailLimit))
	return string(b), err
}

// leave notes that the node is not in the cluster, or is again.
func (n *node) leave(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = on
}

func (n *node) hasLeft() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.left
}
