package web

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// answer is a page as it is sent.
type answer struct {
	status int
	// kind is its content type.
	kind string
	body []byte
}

// maxOrders is the most pages that can wait at a time.
const maxOrders = 32

var errBusy = errors.New("too many pages are being rendered: try again in a moment")

// desk renders pages that take much time and memory: one at a time, and once for all
// requests that wait for the same page.
type desk struct {
	turn chan struct{}

	mu     sync.Mutex
	orders map[string]*order
}

type order struct {
	// waiting counts the requests that wait. The work ends when the last one is cancelled.
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	// page and err are set when done is closed.
	page answer
	err  error
}

func newDesk() *desk { return &desk{turn: make(chan struct{}, 1), orders: map[string]*order{}} }

// page returns the result of work, or that of the same page under way. A panic of work is
// an error.
func (d *desk) page(ctx context.Context, name string, work func(context.Context) (answer, error)) (answer, error) {
	o, err := d.order(ctx, name, work)
	if err != nil {
		return answer{}, err
	}
	defer d.leave(name, o)
	select {
	case <-o.done:
		return o.page, o.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

func (d *desk) order(ctx context.Context, name string, work func(context.Context) (answer, error)) (*order, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.orders[name]; o != nil {
		o.waiting++
		return o, nil
	}
	if len(d.orders) >= maxOrders {
		return nil, errBusy
	}
	o := &order{waiting: 1, done: make(chan struct{})}
	// The work outlives the first request while others wait.
	ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	d.orders[name] = o
	go d.serve(ctx, name, o, work)
	return o, nil
}

func (d *desk) serve(ctx context.Context, name string, o *order, work func(context.Context) (answer, error)) {
	defer close(o.done)
	defer d.forget(name, o)
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		o.err = ctx.Err()
		return
	}
	o.err = safely(func() error {
		var err error
		o.page, err = work(ctx)
		return err
	})
}

func (d *desk) leave(name string, o *order) {
	d.mu.Lock()
	o.waiting--
	last := o.waiting == 0
	if last && d.orders[name] == o {
		delete(d.orders, name)
	}
	d.mu.Unlock()
	if last {
		o.cancel()
	}
}

// forget takes an order off the list, so that the next request gets a new page.
func (d *desk) forget(name string, o *order) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.orders[name] == o {
		delete(d.orders, name)
	}
}

// crash is a panic that was caught.
type crash struct {
	what  string
	stack []byte
}

func (c *crash) Error() string { return "slotstorm failed to read it: " + c.what }

// safely calls f and returns its panic as an error, so that a bundle that crashes its
// reader ends nothing else.
func safely(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &crash{fmt.Sprint(v), debug.Stack()}
		}
	}()
	return f()
}
