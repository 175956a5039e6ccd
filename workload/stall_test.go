//go:build linux

package workload

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// stoppable is a target of which one server can be stopped.
type stoppable struct {
	servers.Target
	signal func(syscall.Signal) error
	// serves reports whether the server that can be stopped has a slot.
	serves func(slot int) bool
}

// alone is one server that is no cluster.
func alone(t *testing.T) stoppable {
	addr, redis := redistest.Start(t)
	return stoppable{
		Target: servers.Target{Addrs: []string{addr}, Shards: [][]servers.Member{{{Name: "one", Addr: addr}}}, ShardOf: func(int) int { return 0 }},
		signal: func(s syscall.Signal) error { return redis.Process.Signal(s) },
		serves: func(int) bool { return true },
	}
}

// oneOfThree is the first shard of a cluster of three.
func oneOfThree(t *testing.T) stoppable {
	dir := t.TempDir()
	logs := filepath.Join(dir, "nodes")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := processes.Deploy(ctx, processes.Options{
		Room: local.Room{}, Redis: scenarios.Redis{Binary: "redis-server", Shards: 3}, RestartDelay: time.Hour,
		Volumes: filepath.Join(dir, "volumes"), Logs: logs, Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	target := servers.Target{Cluster: true, Shards: make([][]servers.Member, 3), ShardOf: d.ShardOf, Dialer: d.Dialer}
	for _, n := range d.Nodes {
		target.Addrs = append(target.Addrs, n.Addr)
		target.Shards[n.Shard] = append(target.Shards[n.Shard], servers.Member{Name: n.Name, Addr: n.Addr})
	}
	p, err := d.Process(target.Shards[0][0].Name)
	if err != nil {
		t.Fatal(err)
	}
	return stoppable{target, p.Signal, func(slot int) bool { return d.ShardOf(slot) == 0 }}
}

// openLoop is a plan of GETs at a constant rate.
func openLoop(t *testing.T, target servers.Target, rate float64, length time.Duration, sink frame.Sink) Plan {
	t.Helper()
	s, err := scenarios.Parse("stall", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: stall}
workload:
  arrival: constant
  maxInFlight: 100000
  mix: [{command: GET, weight: 1}]
  client: {type: wire, wire: {timeout: 10s, connections: 4, depth: 4096}}
timeline: {phases: [{name: only, duration: 1s}]}
`), "workload.rate="+strconv.FormatFloat(rate, 'f', -1, 64))
	if err != nil {
		t.Fatal(err)
	}
	s.Workload.Probe = scenarios.Probe{}
	return Plan{
		Workload: s.Workload, Seed: 1, Length: length, Sink: sink, Drain: 15 * time.Second, Clock: results.Clock{Start: time.Now()}, Target: target,
	}
}

// waits are how long the requests of a plan that a stopped server answers must
// wait, in seconds, the longest first: one that is due at u after the beginning of
// a stall of length d waits d-u.
func waits(t *testing.T, p Plan, rate float64, serves func(slot int) bool, stall [2]float64) []float64 {
	t.Helper()
	st, err := stream.New(&p.Workload, p.Seed)
	if err != nil {
		t.Fatal(err)
	}
	from, to := stall[0], stall[1]
	var list []float64
	var buf []byte
	for i := int64(math.Ceil(from * rate)); float64(i) < to*rate; i++ {
		due := float64(i) / rate
		var m stream.Meta
		if buf, m = st.Append(buf[:0], i, time.Duration(due*1e9)); serves(m.Slot) {
			list = append(list, to-due)
		}
	}
	return list
}

// statistic is what a run reported of response times, and what it had to, in
// seconds.
type statistic struct {
	name      string
	got, want float64
}

// stalled drives a load of some length at a rate, and stops a server for a time in
// its third second. The stall's own length is measured, and what requests take
// without it is taken from the run's first second, of which noise is p99.9, in seconds.
func stalled(t *testing.T, target stoppable, rate float64, length, stall time.Duration) (statistics []statistic, noise float64) {
	t.Helper()
	var mu sync.Mutex
	all, quiet := hdrhistogram.New(1, results.HistogramMax, 3), hdrhistogram.New(1, results.HistogramMax, 3)
	plan := openLoop(t, target.Target, rate, length, func(f results.Frame, _ time.Time, h map[string]*hdrhistogram.Histogram) error {
		mu.Lock()
		defer mu.Unlock()
		if c := f.Commands["GET"]; c.OK != c.Total() {
			t.Errorf("second %d: %+v", f.Seq, c)
		}
		if h["response/GET"] == nil {
			t.Errorf("second %d has no response times", f.Seq)
			return nil
		}
		all.Merge(h["response/GET"])
		if f.Seq == 0 {
			quiet.Merge(h["response/GET"])
		}
		return nil
	})
	load, err := Drive(t.Context(), t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(load.Start.Add(2 * time.Second)))
	from := time.Since(load.Start).Seconds()
	if err := target.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(stall)
	if err := target.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	to := time.Since(load.Start).Seconds()
	if err := load.Wait(); err != nil {
		t.Fatal(err)
	}
	n := rate * length.Seconds()
	if got := float64(all.TotalCount()); got != n {
		t.Errorf("%.0f requests are recorded, %.0f were due", got, n)
	}
	must := waits(t, plan, rate, target.serves, [2]float64{from, to})
	mean := quiet.Mean() / 1e6
	for _, w := range must {
		mean += w / n
	}
	// A quantile that lies before the waits is one of the quiet stretch.
	quantile := func(q float64) float64 {
		if above := int((1 - q) * n); above < len(must) {
			return must[above]
		}
		return float64(quiet.ValueAtQuantile(100*q)) / 1e6
	}
	return []statistic{
		{"mean", all.Mean() / 1e6, mean},
		{"p99", float64(all.ValueAtQuantile(99)) / 1e6, quantile(0.99)},
		{"p99.9", float64(all.ValueAtQuantile(99.9)) / 1e6, quantile(0.999)},
		{"max", float64(all.Max()) / 1e6, slices.Max(must)},
	}, float64(quiet.ValueAtQuantile(99.9)) / 1e6
}

// TestAStallShowsInFull compares what is reported with what must be, within 2 %.
// The signal acts some time after it is sent, and what has piled up is answered
// some time after the stall: a soak, which has the machine to itself, allows 1 ms
// for both. Where others work meanwhile it can be any time, so that as much is
// allowed as one request in a thousand takes without a stall, and the best of a few
// runs counts: a wrong statistic is wrong in each.
func TestAStallShowsInFull(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const rate = 2000.0
	length, stalls, tries := 4*time.Second, []time.Duration{500 * time.Millisecond, time.Second}, 3
	soak := os.Getenv("SLOTSTORM_SOAK") != ""
	if soak {
		length, stalls, tries = 30*time.Second, []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}, 1
	}
	for name, deploy := range map[string]func(*testing.T) stoppable{"one server": alone, "one shard of three": oneOfThree} {
		t.Run(name, func(t *testing.T) {
			target := deploy(t)
			for _, stall := range stalls {
				off := 0
				for try := 1; try == 1 || off > 0 && try <= tries; try++ {
					off = 0
					statistics, noise := stalled(t, target, rate, length, stall)
					slack := 0.001
					if !soak {
						slack += 0.004 + noise
					}
					for _, s := range statistics {
						t.Logf("%v, run %d: %s: %.2f ms, analytic %.2f ms (2 %% and %.1f ms)", stall, try, s.name, s.got*1e3, s.want*1e3, slack*1e3)
						if math.Abs(s.got-s.want) > 0.02*s.want+slack {
							off++
						}
					}
				}
				if off > 0 {
					t.Errorf("%v: %d statistics are not what they must be", stall, off)
				}
			}
		})
	}
}
