package processes

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/results"
)

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
		if n.hasLeft() {
			d.emit(n, results.EventNodeLeft, p.Exit())
			return
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
		if n.hasLeft() {
			return
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
