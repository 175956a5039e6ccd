package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// servers are the Redis servers of one topology: one alone, or a cluster of
// primaries. They end with this program, however it ends.
type servers struct {
	host    *local.Host
	nodes   []*local.Process
	clients []*redis.Client
	ports   []int
}

const (
	startLimit   = 10 * time.Second
	startPoll    = 20 * time.Millisecond
	clusterSlots = 16384
	// busOffset is the distance of the cluster bus from the client port.
	busOffset = 10000
)

// startServers starts n servers, and makes a cluster of them if asked to.
func startServers(ctx context.Context, c config, dir string, n int, cluster bool) (s *servers, err error) {
	ports, err := freePorts(n)
	if err != nil {
		return nil, err
	}
	s = &servers{host: local.NewHost(), ports: ports}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, port := range ports {
		if err := s.start(c, filepath.Join(dir, itoa(port)), port, cluster); err != nil {
			return s, err
		}
	}
	for _, port := range ports {
		err := s.until(ctx, "listen", func() bool {
			conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", itoa(port)))
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
		if err != nil {
			return s, err
		}
	}
	if cluster {
		return s, s.join(ctx)
	}
	return s, nil
}

func (s *servers) start(c config, dir string, port int, cluster bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a server's folder: %w", err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return fmt.Errorf("making a server's log: %w", err)
	}
	defer log.Close() // the child has its own
	args := []string{
		"--cpu-list", c.serverCPU, c.redisServer, "--port", itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no",
	}
	if cluster {
		args = append(args, "--cluster-enabled", "yes")
	}
	p, err := s.host.Start(local.Spec{Path: c.tasks, Args: args, Dir: dir, Output: log})
	if err != nil {
		return err
	}
	s.nodes = append(s.nodes, p)
	s.clients = append(s.clients, redis.NewClient(&redis.Options{
		Addr: net.JoinHostPort("127.0.0.1", itoa(port)), Protocol: 2, DisableIdentity: true, PoolSize: 1, MaxRetries: -1, DialerRetries: 1,
	}))
	return nil
}

// join makes a cluster of the servers, its slots shared evenly.
func (s *servers) join(ctx context.Context) error {
	for i, cl := range s.clients {
		first, last := i*clusterSlots/len(s.clients), (i+1)*clusterSlots/len(s.clients)-1
		err := errors.Join(
			cl.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(),
			cl.ClusterAddSlotsRange(ctx, first, last).Err(),
			cl.ClusterMeet(ctx, "127.0.0.1", itoa(s.ports[0])).Err(),
		)
		if err != nil {
			return fmt.Errorf("making a cluster: node %d: %w", i, err)
		}
	}
	for _, cl := range s.clients {
		err := s.until(ctx, "form a cluster", func() bool {
			info, err := infoOf(cl.ClusterInfo(ctx))
			return err == nil && info["cluster_state"] == "ok" && info["cluster_slots_ok"] == itoa(clusterSlots)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// until polls until done, the limit, or the end of a server.
func (s *servers) until(ctx context.Context, what string, done func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("the servers did not %s within %s", what, startLimit))
	defer cancel()
	for !done() {
		for _, p := range s.nodes {
			select {
			case <-p.Done():
				return fmt.Errorf("a server did not %s: it %s", what, p.Exit())
			default:
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(startPoll):
		}
	}
	return nil
}

// port is where the tools are sent; they find the other servers through it.
func (s *servers) port() string { return itoa(s.ports[0]) }

func (s *servers) close() {
	for _, cl := range s.clients {
		cl.Close()
	}
	for _, p := range s.nodes {
		if p.Kill() == nil {
			<-p.Done()
		}
	}
	s.host.Close()
}

// freePorts gives ports that are free, with those of the cluster bus.
func freePorts(n int) ([]int, error) {
	const attempts = 100
next:
	for range attempts {
		ports := make([]int, n)
		base := 20000 + rand.IntN(20000)
		for i := range ports {
			ports[i] = base + i
			for _, port := range []int{ports[i], ports[i] + busOffset} {
				l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", itoa(port)))
				if err != nil {
					continue next
				}
				l.Close()
			}
		}
		return ports, nil
	}
	return nil, fmt.Errorf("no %d free ports on 127.0.0.1 after %d attempts", n, attempts)
}

// infoOf reads field:value lines, as INFO and CLUSTER INFO give them.
func infoOf(c *redis.StringCmd) (map[string]string, error) {
	text, err := c.Result()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if field, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			out[field] = value
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the answer has no fields")
	}
	return out, nil
}
