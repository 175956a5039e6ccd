package native

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
)

// onDisks is able for faults of volumes behind slotstorm's own file system.
func onDisks(room local.Room) error {
	if !room.Sealed {
		return fmt.Errorf("disks can be slowed, broken and cut off from power only in a sealed room, and this is %s", room)
	}
	return disk.Able()
}

// request is one kind of request to a disk, as its faults and slotstorm's own looks see
// it.
type request struct {
	name string
	// of are its parts in a behaviour and in a look.
	of   func(*disk.Behaviour) *disk.Operation
	seen func(disk.Look) disk.Answer
}

// requests are the kinds of requests.
func requests() []request {
	return []request{
		{"fsync", func(b *disk.Behaviour) *disk.Operation { return &b.Fsync }, func(l disk.Look) disk.Answer { return l.Fsync }},
		{"write", func(b *disk.Behaviour) *disk.Operation { return &b.Write }, func(l disk.Look) disk.Answer { return l.Write }},
		{"read", func(b *disk.Behaviour) *disk.Operation { return &b.Read }, func(l disk.Look) disk.Answer { return l.Read }},
	}
}

// badDisks are volumes that answer in another way for a while, and one beside them that
// does not. slotstorm measures both by a file of its own in each.
type badDisks struct {
	Local
	fault     string
	behaviour disk.Behaviour
	hit       []*patient
	beside    *patient // nil if all nodes are hit
}

// patient is a volume that is measured.
type patient struct {
	node   string
	volume *disk.Volume
	// before is how it answered before the fault, during how it has since.
	before disk.Look
	during []disk.Look
	// others is how other faults had it answer when before was measured, and beside the worst
	// that they can have done to the last look.
	others, beside disk.Behaviour
	// pending is a look that is under way; nil is none.
	pending chan looked
}

type looked struct {
	look disk.Look
	err  error
}

// choose takes the volumes of the targets, and one that is not hit, and measures them.
func (d *badDisks) choose(targets []chaos.Target) (why string, err error) {
	hit := names(targets)
	for _, n := range d.Cluster.Redis().Nodes {
		among := slices.Contains(hit, n.Name)
		if !among && d.beside != nil {
			continue
		}
		p := &patient{node: n.Name}
		if p.volume, err = d.Cluster.Disk(n.Name); err != nil {
			return "", err
		}
		if p.others = p.volume.Beside(d.fault); !among && p.others != (disk.Behaviour{}) {
			continue
		}
		if p.before, err = p.volume.Look(); err != nil {
			return "", err
		}
		if among {
			d.hit = append(d.hit, p)
		} else {
			d.beside = p
		}
	}
	var parts []string
	for _, r := range d.changed() {
		for _, p := range d.hit {
			parts = append(parts, fmt.Sprintf("; %s of %s takes %s", r.name, p.node, millis(r.seen(p.before).Took)))
		}
	}
	return strings.Join(parts, ""), nil
}

// changed are the requests that the fault changes.
func (d *badDisks) changed() []request {
	return slices.DeleteFunc(requests(), func(r request) bool { return *r.of(&d.behaviour) == disk.Operation{} })
}

// set has the volumes that are hit answer by a behaviour.
func (d *badDisks) set(b disk.Behaviour) error {
	var errs []error
	for _, p := range d.hit {
		errs = append(errs, p.volume.Set(d.fault, b))
	}
	return errors.Join(errs...)
}

// patience is how long a look may take until it counts as under way.
const patience = 2 * time.Second

// look measures a volume beside what other faults than one do to it; nil means that its
// answer is still awaited. A request that a slow disk holds for minutes must not hold what
// asks.
func (p *patient) look(ctx context.Context, fault string) (*disk.Look, error) {
	defer func() { p.beside = p.beside.Or(p.volume.Beside(fault)) }()
	if p.pending == nil {
		p.beside = p.volume.Beside(fault)
		pending := make(chan looked, 1)
		p.pending = pending
		go func() {
			l, err := p.volume.Look()
			pending <- looked{l, err}
		}()
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case l := <-p.pending:
		p.pending = nil
		return &l.look, l.err
	case <-wait.C:
		return nil, nil
	case <-ctx.Done():
		return nil, nil
	}
}

// check compares an answer with what the fault asks for.
func (d *badDisks) check(p *patient, l disk.Look) error {
	for _, r := range d.changed() {
		want, got := *r.of(&d.behaviour), r.seen(l)
		if got.Took < want.Delay {
			return fmt.Errorf("%s of %s takes %s", r.name, p.node, millis(got.Took))
		}
		if eio := errors.Is(got.Err, syscall.EIO); want.Fail && !eio || !want.Fail && eio && !r.of(&p.beside).Fail {
			return fmt.Errorf("%s of %s answers %v", r.name, p.node, got.Err)
		}
	}
	return nil
}

// InForce measures each volume that is hit, and the one beside them.
func (d *badDisks) InForce(ctx context.Context) error {
	for _, p := range d.hit {
		l, err := p.look(ctx, d.fault)
		if err == nil && l != nil {
			err = d.check(p, *l)
			p.during = append(p.during, *l)
		}
		if err != nil {
			return err
		}
	}
	if d.beside == nil {
		return nil
	}
	l, err := d.beside.look(ctx, d.fault)
	if err == nil && l != nil {
		d.beside.during = append(d.beside.during, *l)
	}
	return err
}

// Prove waits until every volume that is hit answers as it should, and the one beside
// them does not.
func (d *badDisks) Prove(ctx context.Context) (string, error) {
	err := untilEvery(ctx, 100*time.Millisecond, func(ctx context.Context) error {
		if err := d.InForce(ctx); err != nil {
			return err
		}
		for _, p := range d.hit {
			if len(p.during) == 0 {
				return fmt.Errorf("the volume of %s has not answered yet", p.node)
			}
		}
		if d.beside == nil {
			return nil
		}
		if d.beside.volume.Beside(d.fault) != (disk.Behaviour{}) {
			return nil // another fault has hit it since
		}
		if len(d.beside.during) == 0 || d.check(d.beside, d.beside.during[len(d.beside.during)-1]) == nil {
			return fmt.Errorf("the volume of %s, which is not hit, answers in the same way", d.beside.node)
		}
		return nil
	})
	return d.report("before"), err
}

// report are the answers during the fault beside those of before or after it.
func (d *badDisks) report(when string) string {
	var parts []string
	for _, p := range append(slices.Clone(d.hit), d.beside) {
		if p == nil {
			continue
		}
		for _, r := range d.changed() {
			text := fmt.Sprintf("%s of %s %s", r.name, p.node, p.span(r))
			if p == d.beside {
				text += ", which is not hit"
			} else if when == "before" {
				text += ", before " + reply(r.seen(p.before))
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// span are the fastest and the slowest answer during the fault.
func (p *patient) span(r request) string {
	if len(p.during) == 0 {
		return "has not answered"
	}
	fastest, slowest, failed := r.seen(p.during[0]), r.seen(p.during[0]), 0
	for _, l := range p.during {
		a := r.seen(l)
		if a.Took < fastest.Took {
			fastest = a
		}
		if a.Took > slowest.Took {
			slowest = a
		}
		if a.Err != nil {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Sprintf("failed %d of %d times (EIO)", failed, len(p.during))
	}
	if len(p.during) == 1 {
		return "took " + millis(fastest.Took)
	}
	return fmt.Sprintf("took %s to %s in %d looks", millis(fastest.Took), millis(slowest.Took), len(p.during))
}

func reply(a disk.Answer) string {
	if a.Err != nil {
		return a.Err.Error()
	}
	return millis(a.Took)
}

// millis is a time in milliseconds, as it is compared.
func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// heal has the volumes answer as before, and waits until they do.
func (d *badDisks) heal(ctx context.Context) (string, error) {
	if err := d.set(disk.Behaviour{}); err != nil {
		return "", err
	}
	seen := []string{d.report("during")}
	for _, p := range d.hit {
		if p.pending != nil { // it began on the disk that was slow or broken
			if _, err := p.look(ctx, d.fault); err != nil {
				return "", err
			}
		}
		var after disk.Look
		err := untilEvery(ctx, 100*time.Millisecond, func(ctx context.Context) error {
			l, err := p.look(ctx, d.fault)
			if err == nil && l == nil {
				err = fmt.Errorf("the volume of %s has not answered yet", p.node)
			}
			if err != nil {
				return err
			}
			after = *l
			return d.over(p, after)
		})
		if err != nil {
			return "", err
		}
		for _, r := range d.changed() {
			seen = append(seen, fmt.Sprintf("now %s of %s takes %s", r.name, p.node, reply(r.seen(after))))
		}
	}
	return strings.Join(seen, "; "), nil
}

// over reports whether a volume answers as one that no fault changes.
func (d *badDisks) over(p *patient, l disk.Look) error {
	for _, r := range d.changed() {
		want, got := *r.of(&d.behaviour), r.seen(l)
		// Those that other faults still add, and had not added before.
		added := max(0, r.of(&p.beside).Delay-r.of(&p.others).Delay)
		if want.Delay > 0 && got.Took >= r.seen(p.before).Took+added+want.Delay/2 || got.Err != nil && !r.of(&p.beside).Fail {
			return fmt.Errorf("%s of %s still answers %s", r.name, p.node, reply(got))
		}
	}
	return nil
}

// Limits are longer for a disk that takes long.
func (d *badDisks) Limits() (prove, heal time.Duration) {
	delay := d.behaviour.Fsync.Delay + d.behaviour.Write.Delay + d.behaviour.Read.Delay
	return 20*time.Second + 2*delay, 0
}
