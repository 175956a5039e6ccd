package wire

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type benchCase struct {
	name           string
	shards         int
	conns, depth   int // connections over all shards
	againstCluster bool
}

var benchCases = []benchCase{
	{"conns=1/depth=1", 1, 1, 1, false},
	{"conns=8/depth=1", 1, 8, 1, false},
	{"conns=50/depth=1", 1, 50, 1, false},
	{"conns=8/depth=16", 1, 8, 16, false},
	{"shards=3/conns=24/depth=1", 3, 24, 1, true},
	{"shards=3/conns=24/depth=16", 3, 24, 16, true},
	{"shards=3/conns=150/depth=1", 3, 150, 1, true},
}

// BenchmarkPeers drives b.N requests of 64-byte values, GET and SET half and
// half, with wire, then b.N GET and b.N SET with redis-benchmark, on the same
// servers, and reports processor time per request and throughput of both. Run
// it with the client on one core and the servers on the other, in rounds:
//
//	taskset -c 1 go test ./workload/wire -run '^$' -bench Peers -benchtime 200000x -count 5
func BenchmarkPeers(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			var servers []*server
			if c.againstCluster {
				servers = startCluster(b, c.shards)
			} else {
				servers = []*server{startRedis(b)}
			}
			for _, s := range servers {
				pin(b, s.cmd.Process.Pid, 0)
			}
			cfg := config(servers[0].addr)
			cfg.Cluster, cfg.Conns, cfg.Depth = c.againstCluster, c.conns/c.shards, c.depth
			cfg.NewSource = func(core int) Source { return newMix(core, 100_000, int64(b.N)) }
			var errs [Classes]uint64
			cfg.OnSecond = func(s *Second) {
				for c, n := range s.Errors {
					errs[c] += n
				}
			}
			b.ResetTimer()
			before := processCPU(b)
			e, err := New(b.Context(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			result, err := e.Run(b.Context())
			if err != nil || result.Counts.OK != uint64(b.N) {
				b.Fatalf("%+v, %v, %v", result.Counts, errs, err)
			}
			cpu := processCPU(b) - before
			n := float64(b.N)
			rate := n / result.Elapsed.Seconds()
			calls := float64(result.Stats.Reads+result.Stats.Writes+result.Stats.Waits) / n
			b.StopTimer()
			if b.N == 1 {
				return // the probe that the testing package begins with
			}
			peerCPU, peerRate := redisBenchmark(b, servers[0], c)
			b.ReportMetric(float64(cpu)/n, "cpu-ns/req")
			b.ReportMetric(float64(result.Stats.CPU)/n, "loop-ns/req")
			b.ReportMetric(rate, "req/s")
			b.ReportMetric(calls, "calls/req")
			b.ReportMetric(float64(peerCPU)/n, "peer-cpu-ns/req")
			b.ReportMetric(peerRate, "peer-req/s")
			b.ReportMetric(float64(cpu)/float64(peerCPU), "cpu-ratio")
			b.ReportMetric(rate/peerRate, "rate-ratio")
		})
	}
}

// redisBenchmark is redis-benchmark's processor time and throughput, the means
// of b.N GET and of b.N SET.
func redisBenchmark(b *testing.B, s *server, c benchCase) (cpu time.Duration, rate float64) {
	b.Helper()
	for _, command := range []string{"get", "set"} {
		args := []string{"-p", strconv.Itoa(s.port), "-t", command, "-n", strconv.Itoa(b.N), "-c", strconv.Itoa(c.conns),
			"-P", strconv.Itoa(c.depth), "-d", "64", "-r", "100000", "--csv"}
		if c.againstCluster {
			args = append(args, "--cluster")
		}
		cmd := exec.Command("redis-benchmark", args...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("redis-benchmark: %v: %s", err, out)
		}
		rate += float64(b.N) / time.Since(began).Seconds() / 2
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()) / 2
	}
	return cpu, rate
}

// pin puts a server on one core, with all its threads that matter.
func pin(b *testing.B, pid, cpu int) {
	b.Helper()
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(pid, &set); err != nil {
		b.Fatal(fmt.Errorf("pin: %w", err))
	}
}

func processCPU(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
