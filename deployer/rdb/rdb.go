// Package rdb brings the keys of an RDB file into a cluster:
//
//	Open:  the file ─▶ private copy ─▶ a server of its own reads it ─▶ keys checked
//	Copy:  SCAN, DUMP, PTTL ─▶ RESTORE on the primary of each slot
//	Close: the server ends
//
// The file itself is only read. Nothing outside of the copy's folder is written.
package rdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Options of a source.
type Options struct {
	// File is an RDB file, Dir a folder that does not exist yet, for the copy.
	File, Dir string
	// Binary is the redis-server that reads it.
	Binary string
	// Started, if not nil, learns of the server's process.
	Started func(local.Identity) error
}

// Source is a server that holds the keys of a file.
type Source struct {
	file    string
	server  results.Server
	set     results.DataSet
	host    *local.Host
	process *local.Process
	log     *os.File
	client  *redis.Client
}

// answerLimit is how long a server may take to answer a pipeline.
const answerLimit = 30 * time.Second

// Open starts a server on a private copy of a file. The copy is gone once the server has read
// it. A file that is no RDB file, is of a newer version, or holds what a cluster cannot take is an
// ErrFile.
func Open(ctx context.Context, o Options) (_ *Source, err error) {
	binary, err := processes.Usable(ctx, o.Binary)
	if err != nil {
		return nil, fmt.Errorf("reading %s needs a redis-server on this machine: %w", o.File, err)
	}
	s := &Source{file: o.File}
	if s.server, err = processes.Server(ctx, binary); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(o.Dir))
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.set, err = copied(ctx, o.File, filepath.Join(o.Dir, fileName)); err != nil {
		return nil, err
	}
	if err := s.start(binary, o); err != nil {
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// start starts the server, with a random password that it reads from its standard input.
func (s *Source) start(binary string, o Options) error {
	login, err := deployer.Login(&scenarios.Auth{Enabled: true})
	if err != nil {
		return err
	}
	at, err := local.Room{}.Endpoints(1)
	if err != nil {
		return err
	}
	conf := strings.Join([]string{
		fmt.Sprintf("port %d\nbind %s\nprotected-mode no\nsave \"\"\nappendonly no\nlogfile \"\"\ndbfilename %s\ndatabases %d", at[0].Port, at[0].Host, fileName, databases),
		deployer.Directive("dir", o.Dir),
	}, "\n")
	path := filepath.Join(o.Dir, "redis.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return err
	}
	if s.log, err = os.Create(filepath.Join(o.Dir, "log")); err != nil {
		return err
	}
	s.host = local.NewHost()
	if s.process, err = s.host.Start(local.Spec{
		Path: binary, Args: []string{path, "-"}, Dir: o.Dir, Env: []string{"TZ=UTC", "LC_ALL=C"}, Output: s.log,
		Input: []byte(deployer.LoginDirectives(login)), Started: o.Started,
	}); err != nil {
		return err
	}
	d, err := dial.New(login)
	if err != nil {
		return err
	}
	s.client = (&deployer.Cluster{Dialer: d}).Client(deployer.Node{Addr: at[0].Addr()}, answerLimit)
	return nil
}

// await waits until the server has read the file.
func (s *Source) await(ctx context.Context) error {
	ended, err := deployer.AwaitAnswer(ctx, s.client, s.process.Done())
	switch {
	case err != nil:
		return fmt.Errorf("waiting for %s to read %s: %w", s.server, s.file, err)
	case !ended:
		return nil
	}
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err
	}
	return s.unread(strings.ReplaceAll(deployer.Complaints(string(text)), "Reading config from stdin | ", ""))
}

// unread is the error for a file that the server does not read, from what its log complains of.
// Source: rdbLoadRioWithLoadingCtx in rdb.c of Redis.
func (s *Source) unread(why string) error {
	newer := regexp.MustCompile(`RDB format version (\d+)`).FindStringSubmatch(why)
	switch {
	case newer != nil && s.server.Product == results.ProductValkey:
		return fmt.Errorf("%w: %s has version %s of the format, which %s does not read: versions above 11 are of Redis 7.4 and later; write the file with Redis 7.2 or with Valkey", ErrFile, s.file, newer[1], s.server)
	case newer != nil:
		return fmt.Errorf("%w: %s has version %s of the format, which %s does not read: name a newer server in redis.binary", ErrFile, s.file, newer[1], s.server)
	case strings.Contains(why, "Wrong signature"):
		return fmt.Errorf("%w: %s is a file of Valkey 9.0 or later, which %s does not read: name such a server in redis.binary", ErrFile, s.file, s.server)
	}
	return fmt.Errorf("%w: %s does not read %s: %s", ErrFile, s.server, s.file, why)
}

// check refuses keys that a cluster cannot hold, or that would pass for keys of the run.
func (s *Source) check(ctx context.Context) error {
	text, err := s.client.Info(ctx, "keyspace").Result()
	if err != nil {
		return fmt.Errorf("asking for the keys of %s: %w", s.file, err)
	}
	for line := range strings.Lines(text) {
		db, counts, ok := strings.Cut(strings.TrimSpace(line), ":keys=")
		count, _, _ := strings.Cut(counts, ",")
		switch n, err := strconv.ParseInt(count, 10, 64); {
		case !ok || err != nil:
		case db != "db0":
			return fmt.Errorf("%w: %s has keys in database %s (%d), and a cluster has only database 0", ErrFile, s.file, strings.TrimPrefix(db, "db"), n)
		default:
			s.set.Keys = n
		}
	}
	if s.set.Keys == 0 {
		return fmt.Errorf("%w: %s holds no keys", ErrFile, s.file)
	}
	for cursor := uint64(0); ; {
		keys, next, err := s.client.Scan(ctx, cursor, scenarios.OwnPrefix+"*", scanned).Result()
		switch {
		case err != nil:
			return fmt.Errorf("looking through %s: %w", s.file, err)
		case len(keys) > 0:
			return fmt.Errorf("%w: %s holds the key %.100q: keys that begin with %s are those of the run itself; delete or rename them", ErrFile, s.file, keys[0], scenarios.OwnPrefix)
		case next == 0:
			return nil
		}
		cursor = next
	}
}

// Close ends the server, once. A nil Source has none.
func (s *Source) Close() error {
	if s == nil {
		return nil
	}
	var errs []error
	if s.client != nil {
		errs = append(errs, s.client.Close())
	}
	if s.process != nil {
		errs = append(errs, processes.End(s.process))
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if s.host != nil {
		s.host.Close()
	}
	s.client, s.process, s.log, s.host = nil, nil, nil, nil
	return errors.Join(errs...)
}
