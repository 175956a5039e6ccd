package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Readable tries which of two releases reads the files that the other writes. It
// is tried beside the cluster, on servers of its own: each release writes a key
// of every type, as a snapshot and as an append-only file, and both read them.
func (d *Deployment) Readable(ctx context.Context, releases ...scenarios.Release) ([]results.Readable, error) {
	var list []results.Readable
	dir := filepath.Join(d.options.Volumes, "readable")
	defer func() { _ = os.RemoveAll(dir) }()
	for i, writer := range releases {
		written := filepath.Join(dir, fmt.Sprintf("written-%d", i))
		wrote, err := d.writeFiles(ctx, writer, written)
		if err != nil {
			return nil, fmt.Errorf("writing files as %s: %w", writer.Binary, err)
		}
		for j, reader := range releases {
			if i == j {
				continue
			}
			read, err := d.server(ctx, reader)
			if err != nil {
				return nil, err
			}
			for _, format := range []string{"RDB", "AOF"} {
				r := results.Readable{Format: format, Writer: wrote, Reader: read}
				if r.OK, r.Evidence, err = d.readFiles(ctx, reader, format, written, filepath.Join(dir, fmt.Sprintf("%s-%d-%d", format, i, j))); err != nil {
					return nil, fmt.Errorf("reading %s of %s as %s: %w", format, wrote, read, err)
				}
				list = append(list, r)
			}
		}
	}
	return list, nil
}

func (d *Deployment) server(ctx context.Context, r scenarios.Release) (results.Server, error) {
	binary, err := Binary(r.Binary)
	if err != nil {
		return results.Server{}, err
	}
	return Server(ctx, binary)
}

// sample has a key of every type of data that all releases know.
var sample = [][]any{
	{"SET", "string", "v"}, {"SET", "volatile", "v", "EX", 3600}, {"RPUSH", "list", "a", "b"}, {"HSET", "hash", "f", "v"},
	{"SADD", "set", "a"}, {"ZADD", "zset", 1, "a"}, {"XADD", "stream", "1-1", "f", "v"},
}

// writeFiles has a release write the sample into dir, and gives what it is.
func (d *Deployment) writeFiles(ctx context.Context, r scenarios.Release, dir string) (wrote results.Server, err error) {
	s, err := d.beside(r, dir, "yes")
	if err != nil {
		return wrote, err
	}
	defer s.close()
	if err := s.await(ctx); err != nil {
		return wrote, err
	}
	for _, command := range sample {
		if err := s.client.Do(ctx, command...).Err(); err != nil {
			return wrote, fmt.Errorf("%v: %w", command[0], err)
		}
	}
	if err := s.client.Save(ctx).Err(); err != nil {
		return wrote, err
	}
	wrote, err = d.server(ctx, r)
	if err != nil {
		return wrote, err
	}
	if err := terminate(s.process); err != nil {
		return wrote, err
	}
	select {
	case <-s.process.Done():
		return wrote, nil
	case <-ctx.Done():
		return wrote, context.Cause(ctx)
	}
}

// readFiles has a release read what another one wrote.
func (d *Deployment) readFiles(ctx context.Context, r scenarios.Release, format, written, dir string) (bool, string, error) {
	names, appendonly := []string{"dump.rdb"}, "no"
	if format == "AOF" {
		// A folder since Redis 7.0, a file before.
		names, appendonly = []string{"appendonlydir", "appendonly.aof"}, "yes"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, "", err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(written, name), filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, "", err
		}
	}
	s, err := d.beside(r, dir, appendonly)
	if err != nil {
		return false, "", err
	}
	defer s.close()
	if err := s.await(ctx); err != nil {
		if ctx.Err() != nil {
			return false, "", err
		}
		return false, err.Error(), nil
	}
	n, err := s.client.DBSize(ctx).Result()
	if err != nil {
		return false, "", err
	}
	return n == int64(len(sample)), fmt.Sprintf("%d of %d keys are there", n, len(sample)), nil
}

// separate is a server beside the cluster.
type separate struct {
	process *local.Process
	client  *redis.Client
	log     *os.File
}

// beside starts a server that is no part of the cluster, on the folder dir.
func (d *Deployment) beside(r scenarios.Release, dir, appendonly string) (*separate, error) {
	binary, err := Binary(r.Binary)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf("port %d\nbind %s\nprotected-mode no\n%ssave \"\"\nappendonly %s\nlogfile \"\"\n",
		d.spare.Port, d.spare.Host, deployer.Directive("dir", dir), appendonly)
	path := filepath.Join(dir, "redis.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p, err := d.host.Start(local.Spec{
		Path: binary, Args: []string{path, "-"}, Dir: dir, Env: []string{"TZ=UTC", "LC_ALL=C"}, Output: log,
		Input: []byte(deployer.LoginDirectives(d.Dialer.Security())), Started: d.known(""),
	})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	c := &deployer.Cluster{}
	if err := c.Use(d.Dialer.Security(), nil); err != nil {
		return nil, errors.Join(err, End(p), log.Close())
	}
	return &separate{p, c.Client(deployer.Node{Addr: d.spare.Addr()}, time.Second), log}, nil
}

// await waits until the server answers. If it ends before, the error is what it
// warned of.
func (s *separate) await(ctx context.Context) error {
	ended, err := deployer.AwaitAnswer(ctx, s.client, s.process.Done())
	if !ended {
		return err
	}
	text, err := tail(s.log.Name(), 0)
	if err != nil {
		return err
	}
	return errors.New(deployer.Complaints(text))
}

// close ends the server. Its files are to be deleted or have been read.
func (s *separate) close() {
	_ = End(s.process)
	_ = s.client.Close()
	_ = s.log.Close()
}
