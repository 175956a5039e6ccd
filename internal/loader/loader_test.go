package loader

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/frame"
)

// cluster deploys three shards, each with so many replicas, and gives the addresses of
// their nodes.
func cluster(t *testing.T, replicas int) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "nodes"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := processes.Deploy(ctx, processes.Options{
		Room: local.Room{}, Redis: scenarios.Redis{Binary: "redis-server", Shards: 3, ReplicasPerShard: replicas, Auth: &scenarios.Auth{}}, RestartDelay: time.Hour,
		Volumes: filepath.Join(dir, "volumes"), Logs: filepath.Join(dir, "nodes"), Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	var addrs []string
	for _, n := range d.Nodes {
		addrs = append(addrs, n.Addr)
	}
	return addrs
}

func closedLoop(t *testing.T, set ...string) scenarios.Workload {
	t.Helper()
	s, err := scenarios.Parse("load", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: load}
workload: {rate: max, warmup: 0s, keys: {count: 1000}}
timeline: {phases: [{name: load, duration: 1s}]}
`), set...)
	if err != nil {
		t.Fatal(err)
	}
	s.Workload.Probe = scenarios.Probe{}
	return s.Workload
}

func TestEveryClientCountsEveryRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	addr := cluster(t, 0)[1]
	const requests = 20_000
	for _, tc := range []struct {
		name string
		set  []string
	}{
		{"go-redis", nil},
		{"wire", []string{"workload.client={type: wire, wire: {connections: 4, depth: 1}}"}},
		{"wire, deep, on two cores", []string{"workload.client={type: wire, wire: {connections: 4, depth: 16, cores: 2, protocol: 3}}"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := Run(t.Context(), Options{Addr: addr, Workload: closedLoop(t, tc.set...), Seed: 7, Length: time.Minute, Requests: requests})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Cluster || r.Shards != 3 || r.OpenLoop {
				t.Errorf("the server is taken for cluster %v of %d shards, open loop %v", r.Cluster, r.Shards, r.OpenLoop)
			}
			all := r.Rows[len(r.Rows)-1]
			if all.Counts.OK != requests || all.Counts.Total() != requests || len(r.Errors) > 0 {
				t.Errorf("%d requests ended as %+v, errors %v", requests, all.Counts, r.Errors)
			}
			var sum results.Counts
			for _, row := range r.Rows[:len(r.Rows)-1] {
				sum = sum.Plus(row.Counts)
				if row.Response.P50 <= 0 || row.Response.P50 > row.Response.P99 || row.Response.P99 > row.Response.Max {
					t.Errorf("percentiles of %s: %+v", row.Command, row.Response)
				}
			}
			if sum != all.Counts {
				t.Errorf("commands sum up to %+v", sum)
			}
			if r.Elapsed <= 0 || all.PerSec <= 0 || r.CPU <= 0 {
				t.Errorf("%v elapsed, %v per second, CPU %v", r.Elapsed, all.PerSec, r.CPU)
			}
		})
	}
}

// Reads of keys that are not there are misses, whatever the reply looks like; once all are
// written, all reads are hits. Writes and transactions are neither.
func TestReadsAreHitsOrMisses(t *testing.T) {
	const reads = `workload.mix=[{command: GET, weight: 2}, {command: MGET, weight: 1, keys: 3}, {command: LRANGE, weight: 1}, {command: MULTI, name: TX, weight: 1, commands: ["GET {key}"]}]`
	const writes = `workload.mix=[{command: SET, weight: 1}, {command: MSET, weight: 1, keys: 3}, {command: RPUSH, weight: 1}]`
	for name, client := range map[string]string{"go-redis": "{type: go-redis}", "wire": "{type: wire}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := cluster(t, 0)[0]
			run := func(set ...string) map[string]results.Counts {
				r, err := Run(t.Context(), Options{Addr: addr, Workload: closedLoop(t, append(set, "workload.client="+client, "workload.keys={count: 20, distribution: uniform}")...), Seed: 7, Length: time.Minute, Requests: 1000})
				if err != nil {
					t.Fatal(err)
				}
				sums := map[string]results.Counts{}
				for _, row := range r.Rows {
					sums[row.Command] = row.Counts
				}
				return sums
			}
			read := func(hits bool) {
				sums := run(reads)
				for _, command := range []string{"GET", "MGET", "LRANGE"} {
					c := sums[command]
					if want := map[bool]int{hits: c.OK}; c.OK == 0 || c.Hits != want[true] || c.Misses != want[false] {
						t.Errorf("%s, all there %v: %+v", command, hits, c)
					}
				}
				if c := sums["TX"]; c.OK == 0 || c.Hits+c.Misses != 0 {
					t.Errorf("transactions: %+v", c)
				}
			}
			read(false)
			for command, c := range run(writes) {
				if c.OK == 0 || c.Hits+c.Misses != 0 {
					t.Errorf("%s: %+v", command, c)
				}
			}
			read(true)
		})
	}
}

// stopOnce closes stop when requests have been answered.
func stopOnce(stop chan struct{}) func(time.Duration, frame.Progress) {
	var once sync.Once
	return func(_ time.Duration, p frame.Progress) {
		if p.Requests > 0 {
			once.Do(func() { close(stop) })
		}
	}
}

func TestAStopEndsALoad(t *testing.T) {
	addr := cluster(t, 0)[1]
	stop := make(chan struct{})
	r, err := Run(t.Context(), Options{Addr: addr, Workload: closedLoop(t, "workload.client={type: wire}"), Length: time.Hour, Stop: stop,
		Progress: stopOnce(stop)})
	if err != nil {
		t.Fatal(err)
	}
	if all := r.Rows[len(r.Rows)-1]; all.Counts.OK == 0 || all.Counts.OK != all.Counts.Total() {
		t.Errorf("until the stop: %+v", all.Counts)
	}
	if r.Interrupted == "" {
		t.Error("the result does not say that the load ended early")
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	if _, err := Run(t.Context(), Options{Addr: addr, Workload: closedLoop(t), Length: time.Second}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
}
