package runner

import (
	"slices"
	"strings"
	"sync"
)

// display keeps the last look at the run, and calls its observer, one call at a time.
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
