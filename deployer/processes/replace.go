package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

var _ deployer.Place = (*Deployment)(nil)

// Replace ends a node by SIGTERM and starts it again as another binary, at once
// and on its own volume.
func (d *Deployment) Replace(ctx context.Context, name string, r scenarios.Release) error {
	n, ok := d.nodes[name]
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	binary, err := Binary(r.Binary)
	if err != nil {
		return err
	}
	mark, err := d.logSize(n)
	if err != nil {
		return err
	}
	old := n.current()
	n.mu.Lock()
	n.binary = binary
	n.mu.Unlock()
	n.hurryUp()
	if err := terminate(old); err != nil {
		return err
	}
	next, err := d.AwaitNext(ctx, name, old)
	if err != nil {
		return err
	}
	return d.awaitUp(ctx, n, next, mark)
}

// awaitUp waits until a node answers in full: not while it loads its data. It
// fails at once if the process ends, with what its log said since mark.
func (d *Deployment) awaitUp(ctx context.Context, n *node, p *local.Process, mark int64) error {
	up, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.Done():
			cancel()
		case <-up.Done():
		}
	}()
	err := d.AwaitPing(up, n.Node)
	select {
	case <-p.Done():
		return fmt.Errorf("%s %s: %s", n.Name, p.Exit(), d.complaints(n, mark))
	default:
	}
	if err != nil {
		return fmt.Errorf("%s does not answer: %w; %s", n.Name, err, d.complaints(n, mark))
	}
	return nil
}

// clusterFile holds a node's place in the cluster.
const clusterFile = "nodes.conf"

// snapshotFile holds a node's data.
func (d *Deployment) snapshotFile() string {
	if name := d.options.Redis.Config["dbfilename"]; name != "" {
		return name
	}
	return "dump.rdb"
}

// backupDir is the folder of the backup, beside the volumes' own.
func (d *Deployment) backupDir(n *node) string {
	return filepath.Join(d.options.Volumes, "backup", n.Name)
}

// Backup has each shard's primary save a snapshot, and keeps a copy for every
// node of the shard, with the node's nodes.conf.
func (d *Deployment) Backup(ctx context.Context) error {
	roles := d.Roles(ctx)
	for _, role := range roles {
		if !role.Primary {
			continue
		}
		if err := d.Snapshot(ctx, role.Node); err != nil {
			return fmt.Errorf("saving %s: %w", role.Node.Name, err)
		}
		for _, member := range roles {
			if member.Node.Shard != role.Node.Shard {
				continue
			}
			n := d.nodes[member.Node.Name]
			if err := os.MkdirAll(d.backupDir(n), 0o700); err != nil {
				return err
			}
			if err := d.keep(d.nodes[role.Node.Name].dir, n.dir, d.backupDir(n)); err != nil {
				return fmt.Errorf("backup of %s: %w", n.Name, err)
			}
		}
	}
	return nil
}

// keep puts the snapshot of one folder and the nodes.conf of another into a third.
// The snapshot is linked, not copied: Redis replaces the file, and never changes
// one.
func (d *Deployment) keep(data, place, to string) error {
	target := filepath.Join(to, d.snapshotFile())
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Link(filepath.Join(data, d.snapshotFile()), target); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(place, clusterFile))
	if err != nil {
		return err
	}
	return results.WriteFile(filepath.Join(to, clusterFile), b)
}

// Restore ends all nodes, puts the backup in the place of their data, and starts
// them as another binary.
func (d *Deployment) Restore(ctx context.Context, r scenarios.Release) error {
	binary, err := Binary(r.Binary)
	if err != nil {
		return err
	}
	old, marks := map[string]*local.Process{}, map[string]int64{}
	for name, n := range d.nodes {
		if marks[name], err = d.logSize(n); err != nil {
			return err
		}
		n.hold(true)
		defer n.hold(false)
		old[name] = n.current()
		if err := terminate(old[name]); err != nil {
			return err
		}
	}
	for name, p := range old {
		select {
		case <-p.Done():
		case <-ctx.Done():
			return fmt.Errorf("%s does not end: %w", name, context.Cause(ctx))
		}
	}
	for _, n := range d.nodes {
		if err := d.keep(d.backupDir(n), d.backupDir(n), n.dir); err != nil {
			return fmt.Errorf("restoring %s: %w", n.Name, err)
		}
		n.mu.Lock()
		n.binary = binary
		n.mu.Unlock()
		n.hurryUp()
	}
	for name, n := range d.nodes {
		next, err := d.AwaitNext(ctx, name, old[name])
		if err != nil {
			return err
		}
		if err := d.awaitUp(ctx, n, next, marks[name]); err != nil {
			return err
		}
	}
	return nil
}
