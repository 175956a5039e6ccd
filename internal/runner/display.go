package runner

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/slotstorm/slotstorm/results"
)

// display keeps what an observer is shown, and calls it one at a time.
type display struct {
	observer Observer

	mu     sync.Mutex
	last   Progress
	faults []string
}

func (d *display) update(change func(*Progress), message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.last)
	d.last.Fault = strings.Join(d.faults, ", ")
	if d.observer == nil {
		return
	}
	p := d.last
	p.Message = message
	d.observer.Observe(p)
}

// stage shows the beginning of a stage, which is that of a phase unless phase is empty.
func (d *display) stage(name, phase string) {
	d.update(func(p *Progress) { p.Stage, p.Phase = name, phase }, name)
}

func (d *display) message(text string) { d.update(func(*Progress) {}, text) }

func (d *display) tick(now Progress) {
	d.update(func(p *Progress) {
		now.Stage, now.Phase = p.Stage, p.Phase
		*p = now
	}, "")
}

// fault shows that a fault came into force, or went.
func (d *display) fault(name string, on bool, message string) {
	d.update(func(*Progress) {
		d.faults = slices.DeleteFunc(d.faults, func(f string) bool { return f == name })
		if on {
			d.faults = append(d.faults, name)
		}
	}, message)
	if !on {
		d.update(func(*Progress) {}, "")
	}
}

// faultLog is the chaos room's recorder: into the bundle, and onto the display.
type faultLog struct {
	*keeper
	show *display
}

// Event keeps an event and shows it.
func (l faultLog) Event(e results.Event) error {
	line := fmt.Sprintf("fault %s: %s", e.Fault, e.Message)
	switch e.Kind {
	case results.EventFaultInject:
		l.show.fault(e.Fault, true, line)
	case results.EventFaultVerify, results.EventFaultFailed:
		l.show.fault(e.Fault, false, line)
	default:
		l.show.message(line)
	}
	return l.keeper.Event(e)
}

// libraryLog takes what go-redis would print to standard error.
type libraryLog struct{ log *slog.Logger }

// Printf logs at debug level: a failing node is what runs are about.
func (l libraryLog) Printf(ctx context.Context, format string, v ...any) {
	if l.log != nil {
		l.log.DebugContext(ctx, fmt.Sprintf(format, v...), "from", "go-redis")
	}
}
