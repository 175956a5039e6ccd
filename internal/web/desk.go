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

// maxOrders bounds the different pages that are waited for at a time.
const maxOrders = 32

var errBusy = errors.New("too many pages are being made: try again in a moment")

// desk makes pages that take much time and memory: one at a time, however many
// ask, and once for all who wait for the same one.
type desk struct {
	turn chan struct{}

	mu     sync.Mutex
	orders map[string]*order
}

type order struct {
	// waiting counts those who wait; the last one who leaves ends the work.
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	// page and err are there when done is closed.
	page answer
	err  error
}

func newDesk() *desk { return &desk{turn: make(chan struct{}, 1), orders: map[string]*order{}} }

// page is what work makes, by the name of the page. A panic of work is an error.
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
	// It outlives the one who asked first if others wait too.
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

// forget takes an order off the list, so that who asks next gets what is new then.
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

func (c *crash) Error() string { return "the program failed over it: " + c.what }

// safely is f, with its panic as an error: what one bundle does to its reader
// stays with that bundle.
func safely(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &crash{fmt.Sprint(v), debug.Stack()}
		}
	}()
	return f()
}
