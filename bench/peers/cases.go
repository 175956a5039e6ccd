package main

import (
	"strconv"
	"strings"
)

// All cases have these in common.
const (
	keys      = 100_000
	keyLimit  = "100000"
	valueSize = "64"
	shards    = 3
)

// goal is the ratio that is to be reached; the zero goal is no more than a report.
type goal struct{ most float64 }

// benchCase is a case of the table. Connections are to one server, or to each
// shard of a cluster.
type benchCase struct {
	name                  string
	cluster               bool
	connections, pipeline int
	perBenchmark          goal // wire against redis-benchmark
	perMemtier            goal // wire against memtier_benchmark
}

func allCases() []benchCase {
	return []benchCase{
		{"1x1", false, 1, 1, goal{1.0}, goal{0.85}},
		{"8x1", false, 8, 1, goal{0.85}, goal{0.85}},
		{"50x1", false, 50, 1, goal{0.85}, goal{0.85}},
		{"8x16", false, 8, 16, goal{1.15}, goal{0.7}},
		{"cluster-24x1", true, 8, 1, goal{0.9}, goal{0.9}},
		{"cluster-24x16", true, 8, 16, goal{}, goal{0.8}},
		{"cluster-150x1", true, 50, 1, goal{1.0}, goal{0.95}},
	}
}

// throughputGoal is the least of the better peer's throughput that wire may have.
const throughputGoal = 0.95

// inAll is the number of connections to all servers.
func (b benchCase) inAll() int {
	if b.cluster {
		return shards * b.connections
	}
	return b.connections
}

// title is the case in words.
func (b benchCase) title() string {
	s := plural(b.connections, "connection") + ", pipeline " + itoa(b.pipeline)
	if b.cluster {
		s = "cluster of " + itoa(shards) + " shards, " + plural(b.inAll(), "connection") + ", pipeline " + itoa(b.pipeline)
	}
	return s
}

func plural(n int, noun string) string {
	return itoa(n) + " " + noun + strings.Repeat("s", min(n-1, 1))
}

func itoa(n int) string { return strconv.Itoa(n) }
