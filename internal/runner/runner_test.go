package runner

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/internal/recount"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// small is a run of a few seconds on plain loopback, where tests reach its nodes
// without a password. By default a primary waits 5 s before it sends its data.
const small = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: small}
seed: 3
cluster: {local: {isolation: none, restartDelay: 4s}}
redis: {auth: {enabled: false}, config: {cluster-node-timeout: 1000, repl-diskless-sync-delay: 0}}
workload:
  rate: 200
  warmup: 1s
  client: {options: {clusterStateReloadInterval: 1s}}
  keys: {count: 1000}
  audit: {rate: 100}
  probe: {interval: 50ms}
`

const threeCalmSeconds = `
timeline: {phases: [{name: calm, duration: 3s}]}
`

const oneKill = `
timeline:
  phases: [{name: calm, duration: 2s}, {name: failure, duration: 8s}]
  faults: [{name: kill, at: 2s, kill: {target: primary of shard 0}}]
`

// start runs a scenario; tests look in on it by an observer.
func start(t *testing.T, yaml string, o Options) *Result {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	if o.Root == "" {
		o.Root = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r, err := Run(ctx, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(o.Root, "*", results.VolumesDir)); err != nil || len(left) > 0 {
		t.Errorf("volumes are left behind: %v %v", left, err)
	}
	return r
}

// intruder reaches the cluster of a run by a back door: the files of its volumes.
type intruder struct {
	t    *testing.T
	root string
	once sync.Once
	// at is the message of the progress at which act is called, once.
	at  string
	act func(in *intruder)
}

func (in *intruder) Observe(p Progress) {
	if strings.Contains(p.Message, in.at) {
		in.once.Do(func() { in.act(in) })
	}
}

// addrs are the addresses of all nodes, by number.
func (in *intruder) addrs() []string {
	confs, err := filepath.Glob(filepath.Join(in.root, "*", results.VolumesDir, "node-*", "redis.conf"))
	if err != nil || len(confs) == 0 {
		in.t.Errorf("no redis.conf under %s: %v", in.root, err)
	}
	slices.Sort(confs)
	var list []string
	for _, c := range confs {
		raw, err := os.ReadFile(c)
		if err != nil {
			in.t.Error(err)
		}
		m := regexp.MustCompile(`(?m)^port (\d+)`).FindSubmatch(raw)
		b := regexp.MustCompile(`(?m)^bind (\S+)`).FindSubmatch(raw)
		list = append(list, string(b[1])+":"+string(m[1]))
	}
	return list
}

// values are those of all audited keys, read by another program. The ledger of
// a run under way is not on the disk yet: the names come from the nodes.
func (in *intruder) values() map[string][]string {
	ctx := context.Background()
	var writes []results.Write
	for _, addr := range in.addrs() {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			in.t.Error(err)
		}
		out, err := exec.Command("redis-cli", "-h", host, "-p", port, "KEYS", "slotstorm:audit:*").Output()
		if err != nil {
			in.t.Error(err)
		}
		for key := range strings.FieldsSeq(string(out)) {
			w := results.Write{Key: key}
			if _, rest, ok := strings.Cut(key, "slotstorm:audit:"); ok {
				if kind, _, ok := strings.Cut(rest, ":"); ok {
					w.Kind = kind
				}
			}
			writes = append(writes, w)
		}
	}
	values, err := recount.Values(ctx, writes, recount.Local(in.addrs()[1]))
	if err != nil {
		in.t.Error(err)
	}
	return values
}

func lostSeqs(b *results.Bundle, class string) []int {
	var list []int
	for _, f := range b.Findings {
		if f.Class == class {
			list = append(list, f.Write.Seq)
		}
	}
	slices.Sort(list)
	return list
}

func TestAQuietRunLosesNothing(t *testing.T) {
	beside(t)
	r := start(t, small+threeCalmSeconds, Options{})
	a := r.Bundle.Run.Audit
	if a.Writes < 350 || a.OK != a.Writes || a.ReadBack != a.Writes || len(r.Bundle.Findings) != 0 {
		t.Errorf("audit of a quiet run: %+v, %d findings", a, len(r.Bundle.Findings))
	}
	// Other packages' tests run on the same cores: a generator that is late for
	// that says so, and rightly.
	late := r.Summary.Verdict == results.Invalid && len(r.Summary.Reasons) == 1 && strings.HasPrefix(r.Summary.Reasons[0], "the load generator was the limit")
	if r.Summary.Verdict != results.Pass && !late {
		t.Errorf("verdict is %s: %v", r.Summary.Verdict, r.Summary.Reasons)
	}
	total := 0
	for _, f := range r.Bundle.Frames {
		for _, c := range f.Commands {
			total += c.Total()
		}
	}
	// Poisson arrivals: five standard deviations around 200 per second × 4 s.
	if total < 800-142 || total > 800+142 {
		t.Errorf("%d requests in 4 s at 200 per second", total)
	}
	again, err := results.Load(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Run.ID != r.Bundle.Run.ID {
		t.Errorf("the sealed bundle is of run %q", again.Run.ID)
	}
}

func TestAuditFindsExactlyWhatWasPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	// Keys that are written once: the four kinds take turns.
	deleted, altered := []int{16, 100, 204}, 56
	in := &intruder{t: t, root: t.TempDir(), at: "audit"}
	in.act = func(in *intruder) {
		ctx := context.Background()
		cl := redis.NewClusterClient(&redis.ClusterOptions{Addrs: in.addrs()})
		defer cl.Close()
		for _, seq := range deleted {
			if n, err := cl.Del(ctx, "slotstorm:audit:"+strconv.Itoa(seq)).Result(); n != 1 || err != nil {
				t.Errorf("deleting write %d: %d %v", seq, n, err)
			}
		}
		if err := cl.Set(ctx, fmt.Sprintf("slotstorm:audit:%d", altered), "other", 0).Err(); err != nil {
			t.Error(err)
		}
		if err := cl.Incr(ctx, "slotstorm:audit:counter:0").Err(); err != nil {
			t.Error(err)
		}
		if err := cl.RPush(ctx, "slotstorm:audit:list:0", "other").Err(); err != nil {
			t.Error(err)
		}
	}
	r := start(t, small+threeCalmSeconds, Options{Root: in.root, Observer: in})
	if got := lostSeqs(r.Bundle, "lost"); !slices.Equal(got, deleted) {
		t.Errorf("lost are %v, planted were %v", got, deleted)
	}
	if got := lostSeqs(r.Bundle, "altered"); !slices.Equal(got, []int{altered}) {
		t.Errorf("altered are %v, planted was %d", got, altered)
	}
	if a := r.Bundle.Run.Audit; a.Phantom != 2 || a.Duplicated != 1 || a.Lost != len(deleted) || a.Reads == nil || a.Reads.Replica == 0 || a.Reads.Primary == 0 {
		t.Errorf("the audit: %+v", a)
	}
}

// TestAuditFindsTheAsynchronousTail holds a replica back while its primary
// acknowledges writes, kills the primary, and compares what the audit reports
// with an independent count.
func TestAuditFindsTheAsynchronousTail(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	// Between the fault's check and its injection the run waits for its observer.
	in := &intruder{t: t, root: t.TempDir(), at: "node-0 is primary of shard 0"}
	var held int
	in.act = func(in *intruder) { held = holdBack(in) }
	dead := &intruder{t: t, root: in.root, at: "ended by SIGKILL", act: func(in *intruder) {
		if held == 0 {
			return // and the test has failed
		}
		if err := syscall.Kill(held, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}}
	var survived map[string][]string
	after := &intruder{t: t, root: in.root, at: "audit", act: func(in *intruder) { survived = in.values() }}
	r := start(t, small+oneKill, Options{Root: in.root, Observer: observers{in, dead, after}})
	want := recount.Lost(r.Bundle.Writes, survived)
	if len(want) == 0 {
		t.Fatal("nothing was lost: the test did not hold the replica back")
	}
	if got := recount.Found(r.Bundle.Findings); !slices.Equal(got, want) {
		t.Errorf("the audit reports %v as lost, an independent count %v", got, want)
	}
	kinds := map[string]int{}
	for _, f := range r.Bundle.Findings {
		kinds[f.Write.Kind]++
		if f.Class != results.ClassLost || f.Cause != results.CauseAsyncTail {
			t.Errorf("found %s (%s): %+v", f.Class, f.Cause, f.Write)
		}
	}
	if len(kinds) != 4 {
		t.Errorf("losses by kind of key: %v, want all four", kinds)
	}
	for _, l := range r.Summary.Losses {
		if l.Shard != 0 || l.Node != "node-0" || l.First <= 0 {
			t.Errorf("losses are located at %+v, want them at node-0 of shard 0, before the promotion", l)
		}
	}
	if len(r.Summary.Failovers) != 1 || !r.Summary.Failovers[0].Complete {
		t.Errorf("failovers: %+v", r.Summary.Failovers)
	}
}

// holdBack stops the replica of shard 0 and cuts it off, and gives its process once its
// primary has acknowledged writes without it.
func holdBack(in *intruder) int {
	ctx := context.Background()
	replica := redis.NewClient(&redis.Options{Addr: in.addrs()[3]}) // node-3 is of shard 0
	defer replica.Close()
	info, err := replica.InfoMap(ctx, "server").Result()
	if err != nil {
		in.t.Error(err)
		return 0
	}
	pid, err := strconv.Atoi(info["Server"]["process_id"])
	if err != nil {
		in.t.Error(err)
		return 0
	}
	// Stopped, it cannot reconnect; and what the primary sent is in its
	// buffers already, so that the link must be cut for writes to be lost.
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		in.t.Error(err)
	}
	primary := redis.NewClient(&redis.Options{Addr: in.addrs()[0]})
	defer primary.Close()
	if n, err := primary.ClientKillByFilter(ctx, "TYPE", "replica").Result(); n != 1 || err != nil {
		in.t.Errorf("cutting the replica off: %d %v", n, err)
	}
	if !moreOfEachKind(ctx, in.t, primary) {
		return 0
	}
	return pid
}

// moreOfEachKind waits until a node has taken several more writes of each kind of the audit:
// of two kinds by SET, which the load sends too, of one by INCR and of one by RPUSH.
func moreOfEachKind(ctx context.Context, t *testing.T, node *redis.Client) bool {
	calls := func(command string) (n int) {
		info := node.InfoMap(ctx, "commandstats")
		if info.Err() != nil {
			t.Error(info.Err())
		}
		_, _ = fmt.Sscanf(info.Item("Commandstats", "cmdstat_"+command), "calls=%d,", &n) // without a call there is no line
		return n
	}
	want := map[string]int{"set": 15, "incr": 3, "rpush": 3}
	for c := range want {
		want[c] += calls(c)
	}
	for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if calls("set") >= want["set"] && calls("incr") >= want["incr"] && calls("rpush") >= want["rpush"] {
			return true
		}
	}
	t.Error("the audit does not write")
	return false
}

type observers []Observer

func (o observers) Observe(p Progress) {
	for _, one := range o {
		one.Observe(p)
	}
}

func TestAStopHealsCollectsAndMarksTheReport(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	stop := make(chan struct{})
	in := &intruder{t: t, root: t.TempDir(), at: "ended by SIGKILL", act: func(*intruder) { close(stop) }}
	r := start(t, small+oneKill, Options{Root: in.root, Observer: in, Stop: stop})
	if r.Bundle.Run.Interrupted == "" {
		t.Error("the run is not marked interrupted")
	}
	if f := r.Bundle.Run.Faults[0]; f.Status != results.StatusHealed {
		t.Errorf("the fault in force ended as %s: %s", f.Status, f.Reason)
	}
	if r.Summary.Verdict != results.Inconclusive {
		t.Errorf("verdict is %s", r.Summary.Verdict)
	}
	if _, err := results.Load(r.Dir); err != nil {
		t.Error(err)
	}
}

func TestClosedLoopAndSeveralGenerators(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	yaml := strings.Replace(small, "rate: 200", "rate: max\n  maxInFlight: 6\n  generators: 3", 1)
	r := start(t, yaml+threeCalmSeconds, Options{})
	generators := map[int]int{}
	for _, f := range r.Bundle.Frames {
		for _, c := range f.Commands {
			generators[f.Generator] += c.OK
		}
		if f.InFlightMax > 2 {
			t.Errorf("generator %d had %d requests in flight, its part of 6 is 2", f.Generator, f.InFlightMax)
		}
	}
	if len(generators) != 3 || generators[0] < 20 || generators[1] < 20 || generators[2] < 20 {
		t.Errorf("ok replies by generator: %v", generators)
	}
}

func TestARunThatCannotStartLeavesNothing(t *testing.T) {
	root := t.TempDir()
	s, err := scenarios.Parse("test.yaml", []byte(small+threeCalmSeconds), "redis.binary=/no/such/redis-server")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), s, Options{Root: root})
	if err == nil || !strings.Contains(err.Error(), "/no/such/redis-server") {
		t.Errorf("error is %v", err)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
