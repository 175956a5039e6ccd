// Command shaped measures what the process that shapes packets carries, and how exact it
// is, in a sealed room of its own: echoes of 100 bytes over TCP, by several connections
// at once, without a rule, at no delay, and at some.
//
//	go run ./bench/shaped
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos/shape"
	"github.com/slotstorm/slotstorm/clusters/local"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "shaped:", err)
		os.Exit(1)
	}
}

func run() error {
	if slices.Equal(os.Args[1:], []string{"agent", "shape"}) {
		return shape.Serve(context.Background(), os.Stdin, os.Stdout)
	}
	inside, err := local.Inside()
	if err != nil {
		return err
	}
	if !inside {
		_, code, entered, err := local.Enter(local.Namespaces, nil, nil)
		if err == nil && entered && code != 0 {
			err = fmt.Errorf("exit code %d", code)
		}
		return err
	}
	return table(context.Background())
}

// trial is one row.
type trial struct {
	name        string
	link        *shape.Link
	connections int
}

func table(ctx context.Context) error {
	var trials []trial
	for _, n := range []int{1, 8, 64, 256} {
		trials = append(trials, trial{"no rule", nil, n}, trial{"0 ms", &shape.Link{}, n})
	}
	for _, d := range []time.Duration{500 * time.Microsecond, 2 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
		trials = append(trials, trial{d.String(), &shape.Link{Latency: d}, 1})
	}
	fmt.Println("| delay in each direction | connections | round trips/s | p50 | p99 | packets/s | processor per packet | lost |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, t := range trials {
		if err := t.run(ctx); err != nil {
			return err
		}
	}
	fmt.Println("\n| bandwidth | bytes/s that arrive | lost, because the buffer was full |")
	fmt.Println("|---|---|---|")
	for _, rate := range []float64{1e6, 10e6} {
		if err := bulk(ctx, rate); err != nil {
			return err
		}
	}
	return nil
}

// bulk sends as much as a bandwidth takes, and counts what arrives.
func bulk(ctx context.Context, rate float64) (err error) {
	listener, err := net.Listen("tcp", netip.AddrPortFrom(server, local.RedisPort).String())
	if err != nil {
		return err
	}
	defer listener.Close()
	shaper, mend, err := shaped(ctx, shape.Link{Rate: rate, Buffer: max(1<<20, int(rate/10))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mend()) }()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: client.AsSlice()}}
	out, err := d.DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	defer out.Close()
	in, err := listener.Accept()
	if err != nil {
		return err
	}
	defer in.Close()
	go func() {
		block := make([]byte, 64<<10)
		for {
			if _, err := out.Write(block); err != nil {
				return // closed
			}
		}
	}()
	block, arrived, start := make([]byte, 64<<10), 0, time.Now()
	for time.Since(start) < duration {
		n, err := in.Read(block)
		if err != nil {
			return err
		}
		arrived += n
	}
	took := time.Since(start)
	state, err := shaper.After(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("| %.0f kB/s | %.0f kB/s | %d of %d packets |\n", rate/1000, float64(arrived)/1000/took.Seconds(), state.Ways[0].Full, state.Ways[0].Come)
	return nil
}

// shaped puts a link in force in both directions.
func shaped(ctx context.Context, l shape.Link) (shaper *shape.Process, mend func() error, err error) {
	if shaper, err = shape.Start(ctx, shape.Task{Links: []shape.Link{l, l}}); err != nil {
		return nil, nil, err
	}
	state, err := shaper.State()
	if err != nil {
		return nil, nil, errors.Join(err, shaper.End())
	}
	there := local.Rule{From: []netip.Addr{client}, To: []netip.Addr{server}, Do: local.Hand, Queue: state.Queues[0]}
	back := local.Rule{From: there.To, To: there.From, Do: local.Hand, Queue: state.Queues[1]}
	if err := local.Cut("bench", []local.Rule{there, back}, 0); err != nil {
		return nil, nil, errors.Join(err, shaper.End())
	}
	return shaper, func() error { return errors.Join(local.Mend("bench"), shaper.End()) }, nil
}

// duration is that of one row.
const duration = 4 * time.Second

var (
	client = netip.MustParseAddr("127.2.0.1")
	server = netip.MustParseAddr("127.0.1.1")
)

func (t trial) run(ctx context.Context) (err error) {
	listener, err := net.Listen("tcp", netip.AddrPortFrom(server, local.RedisPort).String())
	if err != nil {
		return err
	}
	defer listener.Close()
	go echo(listener)
	var shaper *shape.Process
	if t.link != nil {
		var mend func() error
		if shaper, mend, err = shaped(ctx, *t.link); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, mend()) }()
	}
	times, err := t.drive(ctx)
	if err != nil {
		return err
	}
	slices.Sort(times)
	row := fmt.Sprintf("| %s | %d | %.0f | %s | %s |", t.name, t.connections, float64(len(times))/duration.Seconds(), at(times, 0.5), at(times, 0.99))
	if shaper == nil {
		fmt.Println(row + " | | |")
		return nil
	}
	state, err := shaper.After(ctx)
	if err != nil {
		return err
	}
	var passed, missed uint64
	for _, w := range state.Ways {
		passed, missed = passed+w.Passed, missed+w.Missed
	}
	used, err := local.ProcessorTime(shaper.PID())
	if err != nil {
		return err
	}
	fmt.Printf("%s %.0f | %.1f µs | %d |\n", row, float64(passed)/duration.Seconds(), float64(used.Microseconds())/float64(max(passed, 1)), missed)
	return nil
}

func at(sorted []time.Duration, share float64) string {
	if len(sorted) == 0 {
		return "none"
	}
	return fmt.Sprintf("%.3f ms", sorted[int(share*float64(len(sorted)-1))].Seconds()*1000)
}

// drive has all connections send and await echoes, and gives the round trips.
func (t trial) drive(ctx context.Context) ([]time.Duration, error) {
	lists, errs := make([][]time.Duration, t.connections), make([]error, t.connections)
	end := time.Now().Add(duration)
	var wg sync.WaitGroup
	for i := range lists {
		wg.Go(func() { lists[i], errs[i] = converse(ctx, end) })
	}
	wg.Wait()
	return slices.Concat(lists...), errors.Join(errs...)
}

func converse(ctx context.Context, end time.Time) (list []time.Duration, err error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: client.AsSlice()}}
	c, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(server, local.RedisPort).String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	text := []byte(strings.Repeat("x", 100))
	for time.Now().Before(end) {
		start := time.Now()
		if _, err := c.Write(text); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c, text); err != nil {
			return nil, err
		}
		list = append(list, time.Since(start))
	}
	return list, nil
}

// echo sends back what it reads.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(struct{ io.Writer }{c}, c) // ends with the connection
		}()
	}
}
