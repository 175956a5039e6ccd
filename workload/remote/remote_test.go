package remote

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/audit"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/client"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/ledger"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// asGenerator makes the test program a generator: a real process, as a pod has.
const asGenerator = "SLOTSTORM_TEST_GENERATOR"

func TestMain(m *testing.M) {
	if file := os.Getenv(asGenerator); file != "" {
		if err := generate(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func generate(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	identity, err := ParseIdentity(text)
	if err != nil {
		return err
	}
	patience, err := time.ParseDuration(os.Getenv(asGenerator + "_PATIENCE"))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return Serve(context.Background(), l, Options{
		Identity: identity, Patience: patience, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Watch: func(ctx context.Context, p workload.Plan, emit results.Emit) {
			for n := 0; ctx.Err() == nil; n++ {
				emit(results.Event{Offset: p.Clock.Now(), Kind: results.EventNote, Source: "poll", Message: fmt.Sprint(n)})
				select {
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
			}
		},
	})
}

// process is a generator that runs.
type process struct {
	gone   atomic.Bool
	addr   string
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

func spawn(t *testing.T, identity *Identity, patience time.Duration) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.pem")
	if err := os.WriteFile(file, identity.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(os.Args[0]), ended: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), asGenerator+"="+file, asGenerator+"_PATIENCE="+patience.String())
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.addr = strings.TrimSpace(p.addr)
	go func() {
		err := p.cmd.Wait()
		p.gone.Store(true)
		p.ended <- err
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it has ended, as a rule
	return p
}

// exits waits for the process to end by itself.
func (p *process) exits(t *testing.T, limit time.Duration) error {
	t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(limit):
		t.Fatal("the generator does not end")
		return nil
	}
}

// proxy is the way to a generator; it can be cut and be frozen.
type proxy struct {
	to string

	mu     sync.Mutex
	conns  []net.Conn
	frozen chan struct{} // closed when it thaws; nil if it is not frozen
}

func (p *proxy) dial(ctx context.Context) (net.Conn, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.to)
	if err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	p.mu.Lock()
	p.conns = append(p.conns, c, far)
	p.mu.Unlock()
	go p.copy(c, far)
	go p.copy(far, c)
	return near, nil
}

// wait waits for as long as the proxy is frozen.
func (p *proxy) wait(ctx context.Context) error {
	p.mu.Lock()
	frozen := p.frozen
	p.mu.Unlock()
	if frozen == nil {
		return nil
	}
	select {
	case <-frozen:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	// Few bytes at a time: cuts fall into the middle of lines.
	b := make([]byte, 700)
	for {
		n, err := from.Read(b)
		if p.wait(context.Background()) != nil || err != nil && n == 0 {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) freeze() (thaw func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = make(chan struct{})
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		close(p.frozen)
		p.frozen = nil
	}
}

// cluster deploys a real Redis Cluster on plain loopback.
func cluster(t *testing.T, auth bool) servers.Target {
	t.Helper()
	dir := t.TempDir()
	logs := filepath.Join(dir, "nodes")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	redis := scenarios.Redis{Binary: "redis-server", Shards: 3, Auth: &scenarios.Auth{Enabled: auth}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := processes.Deploy(ctx, processes.Options{
		Redis: redis, Volumes: filepath.Join(dir, "volumes"), Logs: logs, Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	target := servers.Target{Cluster: true, Shards: make([][]servers.Member, d.Shards), ShardOf: d.ShardOf, Dialer: d.Dialer}
	for _, n := range d.Nodes {
		target.Addrs = append(target.Addrs, n.Addr)
		target.Shards[n.Shard] = append(target.Shards[n.Shard], servers.Member{Name: n.Name, Addr: n.Addr})
	}
	return target
}

// load is the workload of a scenario.
func load(t *testing.T, text string) scenarios.Workload {
	t.Helper()
	s, err := scenarios.Parse("test", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: remote}
workload: `+text+`
timeline: {phases: [{name: all, duration: 1s}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return s.Workload
}

// book keeps everything that a load gives.
type book struct {
	mu     sync.Mutex
	frames []results.Frame
	walls  []time.Time
	sums   map[string]*hdrhistogram.Histogram
	events []results.Event
	writes []results.Write
	reads  []results.AuditRead
}

func (b *book) frame(f results.Frame, wall time.Time, h map[string]*hdrhistogram.Histogram) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frames, b.walls = append(b.frames, f), append(b.walls, wall)
	for tag, one := range h {
		if b.sums == nil {
			b.sums = map[string]*hdrhistogram.Histogram{}
		}
		if b.sums[tag] == nil {
			b.sums[tag] = hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
		}
		b.sums[tag].Merge(one)
	}
	return nil
}

func (b *book) event(e results.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

func (b *book) write(w results.Write) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes = append(b.writes, w)
	return nil
}

func (b *book) read(r results.AuditRead) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads = append(b.reads, r)
	return nil
}

// whole checks that there is one frame for each second of each generator, that
// they hold every request that was due, and the times of each that was answered.
func (b *book) whole(t *testing.T, generators, seconds, requests int) {
	t.Helper()
	seen := map[[2]int]int{}
	total := results.Counts{}
	for _, f := range b.frames {
		seen[[2]int{f.Generator, f.Seq}]++
		for _, c := range f.Commands {
			total = total.Plus(c)
		}
	}
	for g := range generators {
		for s := range seconds {
			if n := seen[[2]int{g, s}]; n != 1 {
				t.Errorf("second %d of generator %d has %d frames", s, g, n)
			}
		}
	}
	if len(b.frames) != generators*seconds {
		t.Errorf("%d frames, want %d", len(b.frames), generators*seconds)
	}
	if total.Total() != requests {
		t.Errorf("%d requests are recorded, %d were due", total.Total(), requests)
	}
	var timed int64
	for tag, h := range b.sums {
		if strings.HasPrefix(tag, results.Tag(results.Response, "")) {
			timed += h.TotalCount()
		}
	}
	if timed != int64(total.OK) {
		t.Errorf("%d response times for %d good requests", timed, total.OK)
	}
}

// pollsWhole checks that no event is missing and none is doubled.
func (b *book) pollsWhole(t *testing.T) {
	t.Helper()
	n := 0
	for _, e := range b.events {
		if e.Source != "poll" {
			continue
		}
		if e.Message != fmt.Sprint(n) {
			t.Fatalf("event %q stands where %d should", e.Message, n)
		}
		n++
	}
	if n == 0 {
		t.Error("no poll was told")
	}
}

func identity(t *testing.T) *Identity {
	t.Helper()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestBrokenStreamsLoseNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, client string
		length       time.Duration
		trouble      func(ctx context.Context, proxies []*proxy)
	}{
		{"cut at random, go-redis", "go-redis", 8 * time.Second, cutAtRandom},
		{"cut at random, wire", "wire", 8 * time.Second, cutAtRandom},
		{"frozen for longer than either side may be silent", "go-redis", 20 * time.Second, func(_ context.Context, proxies []*proxy) {
			for _, p := range proxies {
				defer p.freeze()()
			}
			time.Sleep(serverSilence + time.Second)
		}},
		{"frozen past the end", "go-redis", 3 * time.Second, func(_ context.Context, proxies []*proxy) {
			defer proxies[1].freeze()()
			time.Sleep(9 * time.Second)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			const generators, rate = 2, 200
			target := cluster(t, true)
			id := identity(t)
			var processes []*process
			var proxies []*proxy
			for range generators {
				p := spawn(t, id, 30*time.Second)
				processes, proxies = append(processes, p), append(proxies, &proxy{to: p.addr})
			}
			fleet := &Fleet{
				Identity: id, Dial: func(ctx context.Context, i int) (net.Conn, error) { return proxies[i].dial(ctx) },
				Place: func(i int) string { return fmt.Sprint("process ", processes[i].cmd.Process.Pid) },
			}
			b := &book{}
			clock := results.Clock{Start: time.Now()}
			auditor := ledger.NewAuditor(ledger.Audit{
				Target: target, Spec: scenarios.Audit{Rate: 50, Reads: 20, Kinds: scenarios.AuditKinds}, Run: t.Name(), Clock: clock, Ledger: b.write, Reads: b.read,
			})
			l, err := workload.Drive(t.Context(), t.Context(), workload.Plan{
				Workload: load(t, fmt.Sprintf("{generators: %d, rate: %d, arrival: constant, warmup: 0s, client: {type: %s}, keys: {count: 1000}}", generators, rate, tc.client)),
				Seed:     5, Target: target, Clock: clock, Length: tc.length, Drain: 5 * time.Second, Sink: b.frame, Emit: b.event, Audit: auditor, Remote: fleet.Driver,
			})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(l.Start.Add(time.Second)))
			ctx, cancel := context.WithDeadline(t.Context(), l.Start.Add(tc.length))
			defer cancel()
			trouble := make(chan struct{})
			go func() { defer close(trouble); tc.trouble(ctx, proxies) }()
			if err := l.Wait(); err != nil {
				t.Error(err)
			}
			about, err := l.Close(t.Context())
			if err != nil {
				t.Error(err)
			}
			<-trouble
			b.whole(t, generators, int(tc.length/time.Second), rate*int(tc.length/time.Second))
			b.pollsWhole(t)
			for i, f := range b.frames {
				if want := l.Start.Add(time.Duration(f.Seq) * time.Second); !b.walls[i].Equal(want) {
					t.Errorf("frame %d of generator %d is placed at %v, want %v", f.Seq, f.Generator, b.walls[i], want)
				}
				if f.Self == nil {
					t.Errorf("generator %d does not tell how it fared in second %d", f.Generator, f.Seq)
				}
				if probed := f.Generator == 0; probed != (len(f.Probes) > 0) {
					t.Errorf("generator %d has probes %v", f.Generator, f.Probes)
				}
			}
			if err := auditor.ReadBack(t.Context()); err != nil {
				t.Error(err)
			}
			finals := 0
			for _, r := range b.reads {
				if r.Final {
					finals++
				}
			}
			if finals == 0 || finals == len(b.reads) {
				t.Errorf("%d audited reads, %d of them at the end", len(b.reads), finals)
			}
			if want := int(50 * tc.length.Seconds()); len(b.writes) != want {
				t.Errorf("%d audited writes are kept, %d were due", len(b.writes), want)
			}
			slices.SortFunc(b.writes, func(x, y results.Write) int { return x.Seq - y.Seq })
			for i, w := range b.writes {
				if w.Seq != i || w.Outcome != string(results.OK) {
					t.Errorf("audited write %d: %+v", i, w)
				}
				if generators > 1 && w.Client != fmt.Sprintf("generator %d", i%generators) {
					t.Errorf("audited write %d came from %q", i, w.Client)
				}
			}
			bundle := &results.Bundle{Writes: b.writes, Reads: b.reads, Events: b.events}
			if a, findings := audit.Judge(bundle); len(findings) > 0 {
				t.Errorf("audit: %+v, findings %+v", a, findings)
			}
			if probe, client := l.Outages(); len(probe)+len(client) > 0 {
				t.Errorf("a stream that breaks is no outage: %v %v", probe, client)
			}
			if len(about) != generators {
				t.Fatalf("generators: %+v", about)
			}
			for _, g := range about {
				t.Logf("%s: %+v", g.Place, g.Clocks)
				if len(g.Clocks) != 2 {
					t.Errorf("generator %d: clock was measured %d times", g.Index, len(g.Clocks))
				}
				for _, c := range g.Clocks {
					// Both clocks are this machine's.
					if off := max(c.Offset, -c.Offset); off > c.Uncertainty+results.DurationOf(time.Millisecond) || c.Uncertainty <= 0 {
						t.Errorf("generator %d: clock offset %v ± %v", g.Index, c.Offset, c.Uncertainty)
					}
				}
			}
			if !slices.ContainsFunc(b.events, func(e results.Event) bool { return strings.Contains(e.Message, "out of reach for") }) {
				t.Error("nobody is told of it")
			}
			for _, p := range processes {
				if err := p.exits(t, 10*time.Second); err != nil {
					t.Errorf("the generator ended with %v: %s", err, p.stderr.String())
				}
			}
		})
	}
}

func cutAtRandom(ctx context.Context, proxies []*proxy) {
	draw := rand.New(rand.NewPCG(7, 7))
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(draw.IntN(400)) * time.Millisecond):
			proxies[draw.IntN(len(proxies))].cut()
		}
	}
}

func TestAGeneratorEndsByItself(t *testing.T) {
	t.Parallel()
	target := cluster(t, false)
	plan := func(b *book, f *Fleet) workload.Plan {
		return workload.Plan{
			Workload: load(t, "{rate: 100, warmup: 0s}"), Seed: 1, Target: target, Clock: results.Clock{Start: time.Now()},
			Length: 2 * time.Second, Drain: time.Second, Sink: b.frame, Remote: f.Driver,
		}
	}
	to := func(id *Identity, p *process) *Fleet {
		return &Fleet{Identity: id, Place: func(int) string { return "" }, Dial: func(ctx context.Context, _ int) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
		}}
	}
	abandoned := func(t *testing.T, p *process) {
		t.Helper()
		if err := p.exits(t, 15*time.Second); err == nil || !strings.Contains(p.stderr.String(), "no controller for") {
			t.Errorf("it ended with %v: %s", err, p.stderr.String())
		}
	}
	t.Run("nobody comes", func(t *testing.T) {
		t.Parallel()
		abandoned(t, spawn(t, identity(t), time.Second))
	})
	t.Run("the controller vanishes before the start", func(t *testing.T) {
		t.Parallel()
		id := identity(t)
		p := spawn(t, id, time.Second)
		d, err := to(id, p).Driver(plan(&book{}, to(id, p)), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.(*driver).hangUp(errors.New("vanished"))
		abandoned(t, p)
	})
	t.Run("the controller vanishes under load", func(t *testing.T) {
		t.Parallel()
		id := identity(t)
		p := spawn(t, id, time.Second)
		d, err := to(id, p).Driver(plan(&book{}, to(id, p)), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now().Add(500 * time.Millisecond)
		ctx, cancel := context.WithDeadline(t.Context(), start.Add(200*time.Millisecond))
		defer cancel()
		b := &book{}
		if err := d.Run(ctx, t.Context(), start, client.Output{Frame: b.frame, View: func(int, gaps.View) {}, Event: b.event}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run gave %v", err)
		}
		d.(*driver).hangUp(errors.New("vanished"))
		abandoned(t, p)
		if ran := time.Since(start); ran < 3*time.Second {
			t.Errorf("it ended %v after its start: its load was 2 s, its patience 1 s", ran)
		}
	})
	t.Run("it is killed under load", func(t *testing.T) {
		t.Parallel()
		id := identity(t)
		p := spawn(t, id, 5*time.Second)
		f := to(id, p)
		dial := f.Dial
		f.Dial = func(ctx context.Context, i int) (net.Conn, error) {
			c, err := dial(ctx, i)
			if err != nil && p.gone.Load() {
				err = fmt.Errorf("%w: %w", ErrGone, err)
			}
			return c, err
		}
		b := &book{}
		l, err := workload.Drive(t.Context(), t.Context(), plan(b, f))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(l.Start.Add(500 * time.Millisecond)))
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := l.Wait(); !errors.Is(err, ErrLost) || !errors.Is(err, ErrGone) {
			t.Errorf("Wait gave %v", err)
		}
		if _, err := l.Close(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("Close gave %v", err)
		}
	})
	t.Run("it is stopped", func(t *testing.T) {
		t.Parallel()
		id := identity(t)
		p := spawn(t, id, 5*time.Second)
		b := &book{}
		one := plan(b, to(id, p))
		one.Length = time.Hour
		stop, now := context.WithCancel(t.Context())
		l, err := workload.Drive(t.Context(), stop, one)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(l.Start.Add(1500 * time.Millisecond)))
		now()
		if err := l.Wait(); err != nil {
			t.Error(err)
		}
		if _, err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(b.frames); n < 2 || n > 4 {
			t.Errorf("%d frames of 1.5 s", n)
		}
		if err := p.exits(t, 5*time.Second); err != nil {
			t.Error(err)
		}
	})
	t.Run("the cluster is not there", func(t *testing.T) {
		t.Parallel()
		id := identity(t)
		p := spawn(t, id, 5*time.Second)
		one := plan(&book{}, to(id, p))
		one.Target.Addrs = []string{"127.0.0.1:1"}
		_, err := workload.Drive(t.Context(), t.Context(), one)
		if err == nil || !strings.Contains(err.Error(), "generator 0: connecting go-redis: ") {
			t.Errorf("Drive gave %v", err)
		}
		if err := p.exits(t, 10*time.Second); err == nil {
			t.Error("it ended well")
		}
	})
}

func TestNobodyElseIsHeard(t *testing.T) {
	t.Parallel()
	id := identity(t)
	p := spawn(t, id, 20*time.Second)
	dial := func() net.Conn {
		c, err := net.Dial("tcp", p.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("plain text", func(t *testing.T) {
		c := dial()
		if err := writeLine(c, order{Version: protocolVersion, End: true}); err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(c); bytes.Contains(b, []byte("version")) {
			t.Errorf("it answered %q", b)
		}
	})
	t.Run("another key", func(t *testing.T) {
		k := link{identity: identity(t), dial: func(context.Context) (net.Conn, error) { return dial(), nil }, pongs: make(chan sample)}
		k.want.End = true
		if err := k.session(t.Context()); err == nil || !strings.Contains(err.Error(), "another run's key") {
			t.Errorf("session gave %v", err)
		}
	})
	t.Run("another protocol", func(t *testing.T) {
		c := tls.Client(dial(), id.config())
		if err := writeLine(c, order{Version: protocolVersion + 1, End: true}); err != nil {
			t.Fatal(err)
		}
		in, r := newLines(c), reply{}
		if err := in.next(&r); err != nil || r.Version != protocolVersion {
			t.Errorf("it answered %+v, %v", r, err)
		}
		if err := in.next(&r); !errors.Is(err, io.EOF) {
			t.Errorf("it goes on: %+v, %v", r, err)
		}
	})
	select {
	case err := <-p.ended:
		t.Errorf("it took the order to end from a stranger: %v", err)
	default:
	}
}
