//go:build linux

package workload

import (
	"context"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// server starts a redis-server that is no cluster.
func server(t *testing.T) (addr string, process *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		c, err := connect(ctx, Target{Dial: direct}, addr, time.Second)
		if err == nil {
			c.close()
			return addr, cmd
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func direct(ctx context.Context, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
}

// open is an open-loop load of GETs at a constant rate on one server.
func open(t *testing.T, addr, client string, rate float64, length time.Duration, sink Sink) Plan {
	t.Helper()
	yaml := `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: stall}
workload: {arrival: constant, maxInFlight: 100000, mix: [{command: GET, weight: 1}]}
timeline: {phases: [{name: all, duration: 1s}]}
`
	set := []string{"workload.rate=" + strconv.FormatFloat(rate, 'f', -1, 64), "workload.client.type=" + client}
	if client == "wire" {
		set = append(set, "workload.client.wire={timeout: 10s, connections: 4, depth: 4096}")
	} else {
		set = append(set, "workload.client.options={poolSize: 20000, readTimeout: 10s, poolTimeout: 10s}")
	}
	s, err := scenarios.Parse("stall", []byte(yaml), set...)
	if err != nil {
		t.Fatal(err)
	}
	s.Workload.Probe = scenarios.Probe{}
	return Plan{
		Workload: s.Workload, Seed: 1, Length: length, Sink: sink, Drain: 15 * time.Second, Clock: results.Clock{Start: time.Now()},
		Target: Target{Addrs: []string{addr}, Shards: [][]Member{{{Name: "one", Addr: addr}}}, ShardOf: func(int) int { return 0 }, Dial: direct},
	}
}

// TestAStallShowsInFull stops a server and compares what is reported with what
// must be: of the requests that were due in a stall of length D, the one due at u
// after its beginning waits D-u. The stall's own length is measured, and what
// requests take without it is taken from a quiet stretch of the same run.
func TestAStallShowsInFull(t *testing.T) {
	const rate = 2000.0
	length, stalls := 6*time.Second, []time.Duration{100 * time.Millisecond, time.Second}
	if os.Getenv("SLOTSTORM_SOAK") != "" {
		length, stalls = 30*time.Second, append(stalls, 5*time.Second)
	}
	for _, stall := range stalls {
		t.Run(stall.String(), func(t *testing.T) {
			addr, redis := server(t)
			var mu sync.Mutex
			all, quiet := hdr.New(1, results.HistogramMax, 3), hdr.New(1, results.HistogramMax, 3)
			plan := open(t, addr, "wire", rate, length, func(f results.Frame, _ time.Time, h map[string]*hdr.Histogram) error {
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
			stopped := time.Now()
			if err := redis.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(stall)
			if err := redis.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			d := time.Since(stopped).Seconds()
			if err := load.Wait(); err != nil {
				t.Fatal(err)
			}
			base, n := quiet.Mean()/1e6, rate*length.Seconds()
			if got := float64(all.TotalCount()); got != n {
				t.Errorf("%.0f requests are recorded, %.0f were due", got, n)
			}
			// Waits are spread evenly from 0 to d, over a share d/length of all.
			// A quantile that lies before them is one of the quiet stretch.
			quantile := func(q float64) float64 {
				waits := d - (1-q)*length.Seconds()
				if waits <= 0 {
					return float64(quiet.ValueAtQuantile(100*q)) / 1e6
				}
				return waits
			}
			for _, c := range []struct {
				name      string
				got, want float64
			}{
				{"mean", all.Mean() / 1e6, base + d*d/2/length.Seconds()},
				{"p99", float64(all.ValueAtQuantile(99)) / 1e6, quantile(0.99)},
				{"p99.9", float64(all.ValueAtQuantile(99.9)) / 1e6, quantile(0.999)},
				{"max", float64(all.Max()) / 1e6, d},
			} {
				// The signal acts some time after it is sent, and what has piled up
				// is answered some time after the stall: on a busy machine that is
				// milliseconds, whatever the stall.
				slack := 0.02*c.want + 0.010
				t.Logf("%s: %.1f ms, analytic %.1f ms", c.name, c.got*1e3, c.want*1e3)
				if math.Abs(c.got-c.want) > slack {
					t.Errorf("%s is %.1f ms, want %.1f ms within %.1f ms", c.name, c.got*1e3, c.want*1e3, slack*1e3)
				}
			}
		})
	}
}
