package runner

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

const everyCommand = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: commands}
cluster: {local: {isolation: none}}
redis: {auth: {enabled: false}}
timeline: {phases: [{name: calm, duration: 2s}]}
workload:
  rate: 500
  warmup: 0s
  probe: {interval: 50ms}
  client: {options: {clusterStateReloadInterval: 1s}}
  keys: {prefix: "a:", count: 500, tag: 20, slot: {slot: 7, share: 0.2}}
  values: {logNormal: {median: 60, sigma: 1, max: 4096}, compressible: 0.3}
  prefill: {keys: 100%}
  mix:
    - {command: GET, weight: 1}
    - {command: SET, weight: 1, nx: true, ttl: 1000h0m0.5s}
    - {command: SET, name: SET-wait, weight: 1, wait: {replicas: 1, timeout: 1s}}
    - {command: MGET, weight: 1}
    - {command: MSET, weight: 1, keys: 5}
    - {command: INCR, weight: 1}
    - {command: DECR, weight: 1}
    - {command: HSET, weight: 1}
    - {command: HGET, weight: 1}
    - {command: HGETALL, weight: 1}
    - {command: LPUSH, weight: 1, count: 3}
    - {command: RPUSH, weight: 1}
    - {command: LPOP, weight: 1}
    - {command: RPOP, weight: 1}
    - {command: LRANGE, weight: 1, count: 1}
    - {command: ZADD, weight: 1}
    - {command: ZINCRBY, weight: 1}
    - {command: ZRANGE, weight: 1}
    - {command: SADD, weight: 1}
    - {command: SISMEMBER, weight: 1}
    - {command: EXPIRE, weight: 1, type: hash, ttl: 1m}
    - {command: DEL, weight: 1}
    - {command: XADD, weight: 1}
    - {command: SPUBLISH, weight: 1}
    - {command: EVALSHA, weight: 3, keys: 2, script: "return redis.call('INCR', KEYS[1])", args: ["{random:10}", "x{index}"]}
    - {command: MULTI, weight: 1, commands: ["INCR {key:counter}", "HSET {key:hash} f {value}", "GET {key+1}"]}
    - {command: MULTI, name: MULTI-wait, weight: 1, commands: ["INCR {key:counter}"], wait: {replicas: 1, timeout: 1s}}
    - {command: RAW, weight: 1, raw: "SETRANGE {key} 0 {value}"}
`

// counts sums a finished run's frames up.
func counts(r *Result) (map[string]results.Counts, map[string]int) {
	sums, errors := map[string]results.Counts{}, map[string]int{}
	for _, f := range r.Bundle.Frames {
		for name, c := range f.Commands {
			sums[name] = sums[name].Plus(c)
		}
		for class, n := range f.Errors {
			errors[class] += n
		}
	}
	return sums, errors
}

// clean fails the test for every command that was not sent or did not go well.
func clean(t *testing.T, r *Result) {
	t.Helper()
	sums, errors := counts(r)
	for name, c := range sums {
		if c.OK == 0 || c.Total() != c.OK {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if len(errors) > 0 {
		t.Errorf("errors: %v", errors)
	}
}

// agrees checks that the servers counted what the report says.
func agrees(t *testing.T, r *Result) {
	t.Helper()
	s, err := judge.Analyze(r.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Checks {
		if c.Result == results.CheckDisagrees {
			t.Errorf("%s: %+v", c.Name, c.Differences)
		}
	}
}

// onPrimaries asks every primary of the run's cluster.
func (in *intruder) onPrimaries(ask func(ctx context.Context, node *redis.Client) error) {
	cl := redis.NewClusterClient(&redis.ClusterOptions{Addrs: in.addrs()})
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := cl.ForEachMaster(ctx, ask); err != nil {
		in.t.Error(err)
	}
}

// Redis accepts every command, on keys of its own type, and a
// script that a node has forgotten is loaded again.
func TestEveryCommandAgainstRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	filled := make(chan int64, 3)
	before := &intruder{t: t, root: t.TempDir(), at: "prefill 100 %"}
	before.act = func(in *intruder) {
		in.onPrimaries(func(ctx context.Context, node *redis.Client) error {
			n, err := node.DBSize(ctx).Result()
			filled <- n
			return err
		})
	}
	forget := &intruder{t: t, root: before.root, at: "phase: calm"}
	forget.act = func(in *intruder) {
		in.onPrimaries(func(ctx context.Context, node *redis.Client) error { return node.ScriptFlush(ctx).Err() })
	}
	r := start(t, everyCommand, Options{Root: before.root, Observer: observers{before, &stageObserver{forget}}})
	clean(t, r)
	// Strings, counters, hashes, lists, sorted sets, sets and streams, each in
	// the key space and in the hot slot.
	close(filled)
	total := int64(0)
	for n := range filled {
		total += n
	}
	if want := int64(7 * 2 * 500); total != want {
		t.Errorf("the prefill left %d keys, want %d", total, want)
	}
	agrees(t, r)
}

// The same bytes do the same through slotstorm's own driver: with the replicas
// awaited, over connections that come and go, with reads from replicas, and with
// scripts that are forgotten on the way and loaded again.
func TestEveryCommandThroughWire(t *testing.T) {
	beside(t)
	yaml := strings.Replace(everyCommand, "client: {options: {clusterStateReloadInterval: 1s}}",
		"client: {type: wire, wire: {readFrom: replica}, churn: {every: 20ms}, storm: {at: 1s}}", 1)
	forget := &intruder{t: t, root: t.TempDir(), at: "phase: calm"}
	forget.act = func(in *intruder) {
		in.onPrimaries(func(ctx context.Context, node *redis.Client) error { return node.ScriptFlush(ctx).Err() })
	}
	r := start(t, yaml, Options{Root: forget.root, Observer: &stageObserver{forget}})
	sums, errors := counts(r)
	for name, c := range sums {
		// A node that lacks the script refuses the request and executes nothing.
		if c.OK == 0 || c.Unknown > 0 || c.Failed > 0 && name != "EVALSHA" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	last := r.Bundle.Frames[len(r.Bundle.Frames)-1]
	if c := last.Commands["EVALSHA"]; errors["NOSCRIPT"] == 0 || c.OK != c.Total() {
		t.Errorf("errors %v, and in the last second %+v", errors, c)
	}
	agrees(t, r)
}

// stageObserver lets an intruder wait for a stage.
type stageObserver struct{ in *intruder }

func (s *stageObserver) Observe(p Progress) {
	s.in.Observe(Progress{Message: p.Stage + " " + p.Message})
}

// Pipelines of drawn depth, replayed times, churn and storms: each replayed time
// starts one pipeline, connections come and go, and nothing fails.
func TestReplayedPipelinesOverChangingConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	dir := t.TempDir()
	var times strings.Builder
	const lines = 300
	for i := range lines {
		times.WriteString(strconv.FormatFloat(float64(i)*0.005, 'f', 3, 64) + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "times.txt"), []byte(times.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	yaml := `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: pipes}
cluster: {local: {isolation: none}}
timeline: {phases: [{name: calm, duration: 2s}]}
workload:
  generators: 2
  warmup: 0s
  probe: {interval: 50ms}
  client: {profile: tuned, options: {readTimeout: 3s}, churn: {every: 20ms}, storm: {at: 500ms, every: 500ms}}
  pipeline: {min: 1, max: 8}
  pattern: {replay: {file: ` + filepath.Join(dir, "times.txt") + `}}
  mix:
    - {command: GET, weight: 1}
    - {command: SET, weight: 1}
    - {command: EVALSHA, weight: 1, script: "return redis.call('INCR', KEYS[1])"}
`
	r := start(t, yaml, Options{})
	clean(t, r)
	sums, _ := counts(r)
	total := 0
	for _, c := range sums {
		total += c.Total()
	}
	// Five standard deviations of 300 draws from 1 to 8.
	if total < lines*45/10-5*40 || total > lines*45/10+5*40 {
		t.Errorf("%d requests in %d pipelines of 1 to 8", total, lines)
	}
	// Without churn two generators open some 30 connections.
	opened := connectionsOpened(t, r.Dir)
	if opened < 120 {
		t.Errorf("%d connections were opened: churn and storms did nothing", opened)
	}
	kept, err := os.ReadFile(filepath.Join(r.Dir, replayFile))
	if err != nil || string(kept) != times.String() {
		t.Errorf("the bundle's times are not those that were replayed (%v)", err)
	}
}

// connectionsOpened is the number of connections that all nodes accepted.
func connectionsOpened(t *testing.T, dir string) int {
	t.Helper()
	opened := 0
	infos, err := filepath.Glob(filepath.Join(dir, "nodes", "*.after.txt"))
	if err != nil || len(infos) == 0 {
		t.Fatal(infos, err)
	}
	for _, file := range infos {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if n, ok := strings.CutPrefix(line, "total_connections_received:"); ok {
				v, err := strconv.Atoi(strings.TrimSpace(n))
				if err != nil {
					t.Fatal(err)
				}
				opened += v
			}
		}
	}
	return opened
}

func TestTimesThatAreNoTimesStopARun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "times.txt")
	if err := os.WriteFile(file, []byte("1\nsoon\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", []byte(small+threeCalmSeconds), "workload.pattern.replay.file="+file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), s, Options{Root: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), `line 2: "soon" is not a number of seconds`) {
		t.Errorf("error is %v", err)
	}
}

// TestWireSeesAFailover runs slotstorm's own driver through the death of a
// primary: it finds the new one by itself, and every request is accounted for.
func TestWireSeesAFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	r := start(t, strings.Replace(small, "client: {options: {clusterStateReloadInterval: 1s}}", "client: {type: wire}", 1)+oneKill, Options{})
	if len(r.Summary.Failovers) != 1 || !r.Summary.Failovers[0].Complete {
		t.Fatalf("failovers: %+v", r.Summary.Failovers)
	}
	f := r.Summary.Failovers[0]
	if f.Client <= 0 || f.Client < f.Server-results.DurationOf(time.Second) {
		t.Errorf("the client wrote again after %v, the server after %v", f.Client, f.Server)
	}
	if c := r.Bundle.Run.Client; c.Type != "wire" {
		t.Errorf("the client is said to be %q", c.Type)
	}
	seconds := map[int]bool{}
	var all results.Counts
	for _, frame := range r.Bundle.Frames {
		seconds[frame.Seq] = true
		for _, c := range frame.Commands {
			all = all.Plus(c)
		}
	}
	// One second of warm-up and ten of timeline, at 200 per second, Poisson.
	if len(seconds) != 11 || all.Total() < 2200-235 || all.Total() > 2200+235 {
		t.Errorf("%d seconds, %+v", len(seconds), all)
	}
	last := 0
	for _, i := range r.Bundle.Intervals {
		last = max(last, i.Second)
	}
	if last != 10 {
		t.Errorf("the last histogram is of second %d, want 10", last)
	}
}
