package remote

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/audit"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/ledger"
)

// trouble is what happens to the connections of two generators under load.
type trouble struct {
	name, client string
	length       time.Duration
	cause        func(ctx context.Context, proxies []*proxy)
}

func TestBrokenStreamsLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for _, tc := range []trouble{
		{"cut at random, go-redis", "go-redis", 8 * time.Second, cutAtRandom},
		{"cut at random, wire", "wire", 8 * time.Second, cutAtRandom},
		{"frozen for longer than either side may be silent", "go-redis", serverSilence + 4*time.Second, freezeAll(serverSilence + time.Second)},
		{"frozen past the end", "go-redis", 3 * time.Second, freezeSecond(9 * time.Second)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			losesNothing(t, tc)
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

func freezeAll(d time.Duration) func(context.Context, []*proxy) {
	return func(_ context.Context, proxies []*proxy) {
		for _, p := range proxies {
			defer p.freeze()()
		}
		time.Sleep(d)
	}
}

func freezeSecond(d time.Duration) func(context.Context, []*proxy) {
	return func(_ context.Context, proxies []*proxy) {
		defer proxies[1].freeze()()
		time.Sleep(d)
	}
}

// Rates of the load and of its audit, in requests per second, and how many generators
// share them.
const (
	generators = 2
	rate       = 200
	auditRate  = 50
)

// losesNothing drives a load through connections in trouble and checks every record.
func losesNothing(t *testing.T, tc trouble) {
	target := cluster(t, true)
	crew := newCrew(t)
	b := &book{}
	clock := results.Clock{Start: time.Now()}
	auditor := ledger.NewAuditor(ledger.Audit{
		Target: target, Spec: scenarios.Audit{Rate: auditRate, Reads: 20, Kinds: scenarios.AuditKinds}, Run: t.Name(), Clock: clock, Ledger: b.write, Reads: b.read,
	})
	l, err := workload.Drive(t.Context(), t.Context(), workload.Plan{
		Workload: load(t, fmt.Sprintf("{generators: %d, rate: %d, arrival: constant, warmup: 0s, client: {type: %s}, keys: {count: 1000}}", generators, rate, tc.client)),
		Seed:     5, Target: target, Clock: clock, Length: tc.length, Drain: 5 * time.Second, Sink: b.frame, Emit: b.event, Audit: auditor, Remote: crew.fleet.Driver,
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(l.Start.Add(time.Second)))
	ctx, cancel := context.WithDeadline(t.Context(), l.Start.Add(tc.length))
	defer cancel()
	over := make(chan struct{})
	go func() { defer close(over); tc.cause(ctx, crew.proxies) }()
	if err := l.Wait(); err != nil {
		t.Error(err)
	}
	about, err := l.Close(t.Context())
	if err != nil {
		t.Error(err)
	}
	<-over
	b.whole(t, generators, int(tc.length/time.Second), rate*int(tc.length/time.Second))
	b.pollsWhole(t)
	b.placed(t, l.Start)
	if err := auditor.ReadBack(t.Context()); err != nil {
		t.Error(err)
	}
	b.audited(t, int(auditRate*tc.length.Seconds()))
	if probe, client := l.Outages(); len(probe)+len(client) > 0 {
		t.Errorf("a stream that breaks is no outage: %v %v", probe, client)
	}
	clocksAgree(t, about)
	if !slices.ContainsFunc(b.events, func(e results.Event) bool { return strings.Contains(e.Message, "out of reach for") }) {
		t.Error("no event reports the broken stream")
	}
	crew.exit(t)
}

// crew are generators that are reached through proxies.
type crew struct {
	processes []*process
	proxies   []*proxy
	fleet     *Fleet
}

func newCrew(t *testing.T) *crew {
	t.Helper()
	id := identity(t)
	c := &crew{}
	for range generators {
		p := spawn(t, id, 30*time.Second)
		c.processes, c.proxies = append(c.processes, p), append(c.proxies, &proxy{to: p.addr})
	}
	c.fleet = &Fleet{
		Identity: id, Dial: func(ctx context.Context, i int) (net.Conn, error) { return c.proxies[i].dial(ctx) },
		Place: func(i int) string { return fmt.Sprint("process ", c.processes[i].cmd.Process.Pid) },
	}
	return c
}

// exit checks that all generators end well by themselves.
func (c *crew) exit(t *testing.T) {
	t.Helper()
	for _, p := range c.processes {
		if err := p.exits(t, 10*time.Second); err != nil {
			t.Errorf("the generator ended with %v: %s", err, p.stderr.String())
		}
	}
}

// placed checks the wall clock of each frame, and that it has the generator's own
// resources and, from generator 0 only, probes.
func (b *book) placed(t *testing.T, start time.Time) {
	t.Helper()
	for i, f := range b.frames {
		if want := start.Add(time.Duration(f.Seq) * time.Second); !b.walls[i].Equal(want) {
			t.Errorf("frame %d of generator %d is placed at %v, want %v", f.Seq, f.Generator, b.walls[i], want)
		}
		if f.Self == nil {
			t.Errorf("generator %d did not measure itself in second %d", f.Generator, f.Seq)
		}
		if probed := f.Generator == 0; probed != (len(f.Probes) > 0) {
			t.Errorf("generator %d has probes %v", f.Generator, f.Probes)
		}
	}
}

// audited checks that all audited writes arrived once and in turn, that reads came
// during the load and after it, and that the audit finds nothing lost.
func (b *book) audited(t *testing.T, due int) {
	t.Helper()
	finals := 0
	for _, r := range b.reads {
		if r.Final {
			finals++
		}
	}
	if finals == 0 || finals == len(b.reads) {
		t.Errorf("%d audited reads, %d of them at the end", len(b.reads), finals)
	}
	if len(b.writes) != due {
		t.Errorf("%d audited writes are kept, %d were due", len(b.writes), due)
	}
	slices.SortFunc(b.writes, func(x, y results.Write) int { return x.Seq - y.Seq })
	ok := 0
	for i, w := range b.writes {
		if w.Seq != i || w.Outcome == "" {
			t.Errorf("audited write %d: %+v", i, w)
		}
		if w.Outcome == string(results.OK) {
			ok++
		}
		if w.Client != fmt.Sprintf("generator %d", i%generators) {
			t.Errorf("audited write %d came from %q", i, w.Client)
		}
	}
	// A machine that stands still for a second lets a write time out, which is no fault of
	// the streams.
	if ok < due/2 {
		t.Errorf("%d of %d audited writes succeeded", ok, due)
	}
	bundle := &results.Bundle{Writes: b.writes, Reads: b.reads, Events: b.events}
	if a, findings := audit.Judge(bundle); len(findings) > 0 {
		t.Errorf("audit: %+v, findings %+v", a, findings)
	}
}

// clocksAgree checks that each generator's clock was measured before and after the
// load, and was found to be this machine's.
func clocksAgree(t *testing.T, about []results.Generator) {
	t.Helper()
	if len(about) != generators {
		t.Fatalf("generators: %+v", about)
	}
	for _, g := range about {
		t.Logf("%s: %+v", g.Place, g.Clocks)
		if len(g.Clocks) != 2 {
			t.Errorf("generator %d: clock was measured %d times", g.Index, len(g.Clocks))
		}
		for _, c := range g.Clocks {
			if off := max(c.Offset, -c.Offset); off > c.Uncertainty+results.DurationOf(time.Millisecond) || c.Uncertainty <= 0 {
				t.Errorf("generator %d: clock offset %v ± %v", g.Index, c.Offset, c.Uncertainty)
			}
		}
	}
}
