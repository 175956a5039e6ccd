// Package processes deploys a Redis Cluster as redis-server processes on this
// machine:
//
//	Deploy: folder and redis.conf per node ─▶ processes ─▶ Form ─▶ AwaitWhole
//	then    a supervisor per node starts it again when it ends
//	Remove: processes end, volumes go
package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Options of a deployment.
type Options struct {
	Room  local.Room
	Redis scenarios.Redis
	// RestartDelay is how long a node that ended stays down.
	RestartDelay time.Duration
	// Volumes is the folder of the nodes' data, Logs that of their logs.
	Volumes, Logs string
	// VolumeSize makes each volume a file system of its own, of so many bytes and in
	// memory; 0 leaves them folders.
	VolumeSize int64
	Clock      results.Clock
	Emit       results.Emit
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
	key   *local.Secret
	host  *local.Host
	stop  context.CancelFunc
	done  sync.WaitGroup
	nodes map[string]*node
	// spare is an endpoint that no node has: for servers beside the cluster.
	spare local.Endpoint
}

type node struct {
	deployer.Node
	endpoint local.Endpoint
	dir      string
	log      *os.File

	mu      sync.Mutex
	process *local.Process
	// changed is closed and replaced whenever process changes.
	changed chan struct{}
	// stuck is why the supervisor gave up.
	stuck error
	// binary is what it starts next.
	binary string
	// held is set while the supervisor must not start it unless told to hurry.
	held bool
	// hurry tells the supervisor to start it without the delay.
	hurry chan struct{}
}

// Binary finds the redis-server to run.
func Binary(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("redis-server: %w; install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis) or name it in redis.binary", err)
	}
	return filepath.Abs(path)
}

var versionPattern = regexp.MustCompile(`v=(\d+)\.(\d+)(\.\d+)*`)

// Version asks a redis-server binary for its version, such as "7.0.15".
func Version(ctx context.Context, binary string) (string, error) {
	version, _, err := ask(ctx, binary)
	return version, err
}

// ask gives a binary's version, and whether it is one that slotstorm works with:
// 6.2 or later, whose CLUSTER and CONFIG commands it relies on.
func ask(ctx context.Context, binary string) (version string, known bool, err error) {
	out, err := local.Ask(ctx, binary, "--version")
	if err != nil {
		return "", false, fmt.Errorf("%s --version: %w", binary, err)
	}
	m := versionPattern.FindStringSubmatch(out)
	if m == nil {
		return "", false, fmt.Errorf("%s --version answers %.200q: not a redis-server", binary, strings.TrimSpace(out))
	}
	major, errMajor := strconv.Atoi(m[1])
	minor, errMinor := strconv.Atoi(m[2])
	if err := errors.Join(errMajor, errMinor); err != nil {
		return "", false, fmt.Errorf("%s --version answers %.200q: %w", binary, strings.TrimSpace(out), err)
	}
	return strings.TrimPrefix(m[0], "v="), major > 6 || major == 6 && minor >= 2, nil
}

// Usable finds the redis-server to run and checks that slotstorm works with it.
func Usable(ctx context.Context, name string) (path string, err error) {
	if path, err = Binary(name); err != nil {
		return "", err
	}
	version, known, err := ask(ctx, path)
	if err == nil && !known {
		err = fmt.Errorf("%s is version %s, and slotstorm needs 6.2 or later: name another one in redis.binary", path, version)
	}
	return path, err
}

// choosePassword is the one that all nodes ask for. On plain loopback every user of this
// machine can reach them: there is one unless the scenario rules it out.
func (o Options) choosePassword() (string, error) {
	auth := o.Redis.Auth
	if auth == nil && !o.Room.Sealed {
		auth = &scenarios.Auth{Enabled: true}
	}
	return deployer.Password(auth)
}

// Deploy starts the nodes, forms the cluster and waits until it is whole. If it
// fails, nothing is left.
func Deploy(ctx context.Context, o Options) (_ *Deployment, err error) {
	binary, err := Usable(ctx, o.Redis.Binary)
	if err != nil {
		return nil, err
	}
	password, err := o.choosePassword()
	if err != nil {
		return nil, err
	}
	count := o.Redis.Shards * (1 + o.Redis.ReplicasPerShard)
	endpoints, err := o.Room.Endpoints(count + 1)
	if err != nil {
		return nil, err
	}
	cluster := &deployer.Cluster{Shards: o.Redis.Shards}
	certificates, err := cluster.Secure(password, o.Redis.TLS)
	if err != nil {
		return nil, err
	}
	supervise, stop := context.WithCancel(context.Background())
	d := &Deployment{
		Cluster: cluster, certificates: certificates,
		options: o, host: local.NewHost(), stop: stop, nodes: map[string]*node{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Remove(false))
		}
	}()
	if err := d.keepKey(); err != nil {
		return nil, err
	}
	d.spare = endpoints[count]
	for i, e := range endpoints[:count] {
		n := &node{
			Node:     deployer.Node{Name: fmt.Sprintf("node-%d", i), Addr: e.Addr(), Shard: i % o.Redis.Shards},
			endpoint: e, dir: filepath.Join(o.Volumes, fmt.Sprintf("node-%d", i)), changed: make(chan struct{}),
			binary: binary, hurry: make(chan struct{}, 1),
		}
		d.Nodes = append(d.Nodes, n.Node)
		d.nodes[n.Name] = n
		if err := d.furnish(n); err != nil {
			return nil, fmt.Errorf("preparing %s: %w", n.Name, err)
		}
		if err := d.start(n, d.known(n.Name)); err != nil {
			return nil, err
		}
		d.done.Go(func() { d.supervise(supervise, n) })
	}
	// A node that cannot start (a directive that Redis does not know) ends at
	// once: that is the answer, not the time-out that would follow.
	forming, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	for _, n := range d.nodes {
		go func() {
			select {
			case <-n.current().Done():
				failed(fmt.Errorf("%s %s: %s", n.Name, n.current().Exit(), d.lastWords(n)))
			case <-forming.Done():
			}
		}()
	}
	err = d.WithoutSyncDelay(forming, func() error {
		if err := d.Form(forming); err != nil {
			return err
		}
		return d.AwaitWhole(forming)
	})
	if cause := context.Cause(forming); err != nil && cause != nil {
		return nil, fmt.Errorf("forming the cluster: %w", cause)
	}
	if err != nil {
		return nil, fmt.Errorf("forming the cluster: %w", err)
	}
	return d, nil
}

// keepKey puts the key of the cluster's certificate where nodes read it.
func (d *Deployment) keepKey() (err error) {
	if d.certificates == nil {
		return nil
	}
	d.key, err = local.NewSecret(d.certificates.Key, func(folder string) error {
		return d.journal(results.JournalEntry{Step: "secret", Folder: folder, Why: "the key of the run's certificate"})
	})
	return err
}

// journal adds an entry to the run's journal, if there is one.
func (d *Deployment) journal(e results.JournalEntry) error {
	if d.options.Journal == nil {
		return nil
	}
	e.Offset = d.options.Clock.Now()
	return d.options.Journal(e)
}

// known gives the function that enters a process into the journal before it acts. In
// a sealed room the kernel ends all processes with the run's own.
func (d *Deployment) known(name string) func(local.Identity) error {
	if d.options.Room.Sealed {
		return nil
	}
	return func(id local.Identity) error {
		p := results.Process(id)
		return d.journal(results.JournalEntry{Step: "start", Node: name, Process: &p, Why: fmt.Sprintf("process %d", id.PID)})
	}
}

// furnish makes a node's volume with its redis.conf, and opens its log.
func (d *Deployment) furnish(n *node) error {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return err
	}
	if size := d.options.VolumeSize; size > 0 {
		if err := local.BoundVolume(n.dir, size); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(d.LogPath(n.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	n.log = log
	if c := d.certificates; c != nil {
		for name, pem := range map[string][]byte{"ca.crt": c.CA, "tls.crt": c.Cert} {
			if err := os.WriteFile(filepath.Join(n.dir, name), pem, 0o600); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(n.dir, "redis.conf"), []byte(d.config(n)), 0o600)
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

// LogPath is where a node's log is.
func (d *Deployment) LogPath(name string) string {
	return filepath.Join(d.options.Logs, name+".log")
}

// config is a node's redis.conf, in its volume. What is secret is not in it.
func (d *Deployment) config(n *node) string {
	var b strings.Builder
	set := func(directive, value string) { b.WriteString(deployer.Directive(directive, value)) }
	if c := d.certificates; c != nil {
		b.WriteString(deployer.TLSDirectives(n.endpoint.Port, n.dir, c.Mutual()))
	} else {
		set("port", fmt.Sprint(n.endpoint.Port))
	}
	set("bind", n.endpoint.Host)
	// Without these two, nodes on loopback addresses introduce themselves with
	// an address that is not theirs, and MEET never completes.
	set("bind-source-addr", n.endpoint.Host)
	set("cluster-announce-ip", n.endpoint.Host)
	set("protected-mode", "no")
	set("daemonize", "no")
	set("cluster-enabled", "yes")
	set("cluster-config-file", "nodes.conf")
	set("dir", n.dir)
	set("logfile", "") // standard output
	b.WriteString(deployer.Directives(d.options.Redis.Config))
	return b.String()
}

// secrets are the directives that a node reads from standard input: they are in no
// file, no argument and no environment. They come after those of redis.conf and
// replace them, as its tls-key-file, which names a file that does not exist.
func (d *Deployment) secrets() []byte {
	var b strings.Builder
	if d.key != nil {
		b.WriteString(deployer.Directive("tls-key-file", d.key.Path()))
	}
	b.Write(d.password())
	return []byte(b.String())
}

// password are the directives that have a server ask for the cluster's password.
func (d *Deployment) password() []byte {
	password := d.Dialer.Security().Password
	if password == "" {
		return nil
	}
	return []byte(deployer.Directive("requirepass", password) + deployer.Directive("masterauth", password))
}

// knownAgain is known for a node that comes back: a journal that cannot be written,
// as on a full disk, must not keep it down.
func (d *Deployment) knownAgain(n *node) func(local.Identity) error {
	record := d.known(n.Name)
	if record == nil {
		return nil
	}
	return func(id local.Identity) error {
		if err := record(id); err != nil {
			d.emit(n, results.EventNote, fmt.Sprintf("process %d is not in the journal, and so 'slotstorm recover' would not end it: %v", id.PID, err))
		}
		return nil
	}
}

// start starts a node, and has known learn its process before that gets its secrets.
func (d *Deployment) start(n *node, known func(local.Identity) error) error {
	n.mu.Lock()
	binary := n.binary
	n.mu.Unlock()
	p, err := d.host.Start(local.Spec{
		// "-" reads more from standard input. Source: redis-server --help.
		Path: binary, Args: []string{filepath.Join(n.dir, "redis.conf"), "-"}, Dir: n.dir,
		// UTC, so that the times in the log need no guess.
		Env: []string{"TZ=UTC", "LC_ALL=C"}, Output: n.log,
		Input: d.secrets(), Secret: d.key, Started: known,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	n.mu.Lock()
	n.process = p
	close(n.changed)
	n.changed = make(chan struct{})
	n.mu.Unlock()
	d.emit(n, results.EventNodeStart, fmt.Sprintf("process %d of %s", p.PID(), binary))
	return nil
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

// maxCrashes is how often in a row a node may end within a second of its start
// before its supervisor gives up.
const maxCrashes = 5

// supervise starts a node again, RestartDelay after it ended, until ctx ends.
func (d *Deployment) supervise(ctx context.Context, n *node) {
	crashes := 0
	for {
		p, started := n.current(), time.Now()
		select {
		case <-ctx.Done():
			return
		case <-p.Done():
		}
		d.emit(n, results.EventNodeExit, p.Exit())
		if time.Since(started) > time.Second {
			crashes = 0
		}
		if crashes++; crashes > maxCrashes {
			n.giveUp(fmt.Errorf("it ended %d times in a row right after its start: %s", crashes, d.lastWords(n)))
			return
		}
		var delay <-chan time.Time
		if !n.isHeld() {
			delay = time.After(d.options.RestartDelay)
		}
		select {
		case <-ctx.Done():
			return
		case <-delay:
		case <-n.hurry:
		}
		if err := d.start(n, d.knownAgain(n)); err != nil {
			n.giveUp(err)
			return
		}
		if d.awaitReady(ctx, n) {
			d.emit(n, results.EventNodeReady, "")
		}
	}
}

func (n *node) giveUp(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stuck = err
	close(n.changed)
	n.changed = make(chan struct{})
}

// awaitReady waits until a node answers PING, or ends.
func (d *Deployment) awaitReady(ctx context.Context, n *node) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := n.current()
	go func() {
		select {
		case <-p.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	return d.AwaitPing(ctx, n.Node) == nil
}

// AwaitAnswer waits until a node answers PING.
func (d *Deployment) AwaitAnswer(ctx context.Context, name string) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	return d.AwaitPing(ctx, n.Node)
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

// Process is the process that runs a node now, or ran it last.
func (d *Deployment) Process(name string) (*local.Process, error) {
	n, ok := d.nodes[name]
	if !ok {
		return nil, fmt.Errorf("there is no node %q", name)
	}
	return n.current(), nil
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

// exitLimit is how long the kernel may take to end a killed node.
const exitLimit = 5 * time.Second

// Remove ends all nodes and, unless they are to be kept, deletes their volumes.
// Logs stay.
func (d *Deployment) Remove(keepVolumes bool) error {
	d.stop()
	d.done.Wait()
	var errs []error
	for _, n := range d.nodes {
		if p := n.current(); p != nil {
			errs = append(errs, end(p))
		}
		if n.log != nil {
			errs = append(errs, n.log.Close())
		}
	}
	d.host.Close()
	if d.key != nil {
		errs = append(errs, d.key.Close())
	}
	if d.options.VolumeSize > 0 {
		for _, n := range d.nodes {
			errs = append(errs, local.FreeVolume(n.dir))
		}
	}
	if !keepVolumes {
		errs = append(errs, os.RemoveAll(d.options.Volumes))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("removing the cluster: %w", err)
	}
	return nil
}

// end kills a process: its data is about to be deleted, so there is nothing
// that a graceful end would save.
func end(p *local.Process) error {
	select {
	case <-p.Done():
		return nil
	default:
	}
	if err := p.Kill(); err != nil {
		return err
	}
	select {
	case <-p.Done():
		return nil
	case <-time.After(exitLimit):
		return fmt.Errorf("process %d does not end", p.PID())
	}
}
