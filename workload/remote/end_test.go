package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/client"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/servers"
)

func TestAGeneratorEndsByItself(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	e := &ending{cluster(t, false)}
	for name, run := range map[string]func(*testing.T){
		"nobody comes": e.nobodyComes,
		"the controller vanishes before the start": e.vanishesBeforeTheStart,
		"the controller vanishes under load":       e.vanishesUnderLoad,
		"it is killed under load":                  e.killedUnderLoad,
		"it is stopped":                            e.stopped,
		"the cluster is not there":                 e.clusterMissing,
		"its load comes late":                      e.waitsWhileItIsVisited,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}

// ending is how a generator ends, whose load has a target.
type ending struct{ target servers.Target }

// plan is a load of 2 s on one generator.
func (e *ending) plan(t *testing.T, b *book, f *Fleet) workload.Plan {
	return workload.Plan{
		Workload: load(t, "{rate: 100, warmup: 0s}"), Seed: 1, Target: e.target, Clock: results.Clock{Start: time.Now()},
		Length: 2 * time.Second, Drain: time.Second, Sink: b.frame, Remote: f.Driver,
	}
}

// to is a fleet of one generator.
func to(id *Identity, p *process) *Fleet {
	return &Fleet{Identity: id, Place: func(int) string { return "" }, Dial: func(ctx context.Context, _ int) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
	}}
}

// abandoned checks that a generator ends because no controller comes.
func abandoned(t *testing.T, p *process) {
	t.Helper()
	if err := p.exits(t, 15*time.Second); err == nil || !strings.Contains(p.stderr.String(), "no controller for") {
		t.Errorf("it ended with %v: %s", err, p.stderr.String())
	}
}

// patience is how long a generator waits for its controller here: longer than a busy machine
// takes for the first connection.
const patience = 4 * time.Second

// warm spawns a generator, which then waits for its start.
func (e *ending) warm(t *testing.T) (*process, *driver) {
	t.Helper()
	id := identity(t)
	p := spawn(t, id, patience)
	d, err := to(id, p).Driver(e.plan(t, &book{}, to(id, p)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, d.(*driver)
}

func (*ending) nobodyComes(t *testing.T) {
	abandoned(t, spawn(t, identity(t), time.Second))
}

// waitsWhileItIsVisited lets a load come after twice a generator's patience.
func (e *ending) waitsWhileItIsVisited(t *testing.T) {
	id := identity(t)
	p := spawn(t, id, patience)
	f := to(id, p)
	end := f.Keep(t.Context(), 1, patience/8)
	select {
	case err := <-p.ended:
		t.Fatalf("it ended with %v: %s", err, p.stderr.String())
	case <-time.After(2 * patience):
	}
	end()
	d, err := f.Driver(e.plan(t, &book{}, f), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.(*driver).hangUp(errors.New("vanished"))
	abandoned(t, p)
}

func (e *ending) vanishesBeforeTheStart(t *testing.T) {
	p, d := e.warm(t)
	d.hangUp(errors.New("vanished"))
	abandoned(t, p)
}

func (e *ending) vanishesUnderLoad(t *testing.T) {
	p, d := e.warm(t)
	start := time.Now().Add(500 * time.Millisecond)
	ctx, cancel := context.WithDeadline(t.Context(), start.Add(200*time.Millisecond))
	defer cancel()
	b := &book{}
	if err := d.Run(ctx, t.Context(), start, client.Output{Frame: b.frame, View: func(int, gaps.View) {}, Event: b.event}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run gave %v", err)
	}
	d.hangUp(errors.New("vanished"))
	abandoned(t, p)
	if ran := time.Since(start); ran < 2*time.Second+patience {
		t.Errorf("it ended %v after its start: its load was 2 s, its patience %v", ran, patience)
	}
}

func (e *ending) killedUnderLoad(t *testing.T) {
	id := identity(t)
	p := spawn(t, id, patience)
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
	l, err := workload.Drive(t.Context(), t.Context(), e.plan(t, b, f))
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
	about, err := l.Close(t.Context())
	if !errors.Is(err, ErrLost) {
		t.Errorf("Close gave %v", err)
	}
	if len(about) != 1 || !about[0].Missing {
		t.Errorf("the generator's records count as whole: %+v", about)
	}
}

func (e *ending) stopped(t *testing.T) {
	id := identity(t)
	p := spawn(t, id, 5*time.Second)
	b := &book{}
	one := e.plan(t, b, to(id, p))
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
}

func (e *ending) clusterMissing(t *testing.T) {
	id := identity(t)
	p := spawn(t, id, 5*time.Second)
	one := e.plan(t, &book{}, to(id, p))
	one.Target.Addrs = []string{"127.0.0.1:1"}
	_, err := workload.Drive(t.Context(), t.Context(), one)
	if err == nil || !strings.Contains(err.Error(), "generator 0: connecting go-redis: ") {
		t.Errorf("Drive gave %v", err)
	}
	if err := p.exits(t, 10*time.Second); err == nil {
		t.Error("it ended well")
	}
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
