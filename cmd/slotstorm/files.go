package main

import (
	"fmt"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Resources that a run of 3 shards with one replica each needs at least.
const (
	wantCores  = 2
	wantMemory = 1 << 30
	wantFiles  = 4096
)

// leastFiles is the least number of open files with which another program can be run:
// standard streams, the poller of Go and pipes. Go itself needs 8 to start.
const leastFiles = 24

// tooFewFiles is the error of a limit of open files that is too low.
func tooFewFiles(limit, need uint64) error {
	return fmt.Errorf("%w: the limit of open files is %d, but at least %d are needed: raise it with 'ulimit -n %d', as root if the hard limit is too low", site.ErrEnvironment, limit, need, wantFiles)
}

// enoughFiles returns an error if the limit of open files is below need.
func enoughFiles(need uint64) error {
	if limit, ok := openFiles(); ok && limit < need {
		return tooFewFiles(limit, need)
	}
	return nil
}

// usualPool is how many connections to a primary the pool of go-redis opens under a
// few thousand requests per second. It may grow to ten for each processor.
const usualPool = 20

// filesOf is the least number of open files that a run of s needs, in this process or in
// a node, whichever needs more. For each node these are a log, a probe, a poll,
// connections of the audit, and links of the cluster in both directions.
func filesOf(s *scenarios.Scenario) uint64 {
	shards := max(s.Redis.Shards, s.MostShards())
	nodes := shards * (1 + s.Redis.ReplicasPerShard)
	need := 40 + 8*nodes
	if c := s.Workload.Client; s.Cluster.Provider == "local" {
		connections := c.Wire.Connections
		if c.Type != "wire" {
			connections = min(usualPool, s.Workload.MaxInFlight)
		}
		need += connections * shards
	}
	return uint64(need)
}
