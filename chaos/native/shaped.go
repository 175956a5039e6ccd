package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/shape"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// shaped hands the packets between two sets to a process that makes them late, rare or
// few, and measures by connections of its own, and by counters, whether it does.
type shaped struct {
	roomNetwork
	heed
	name   string
	aim    scenarios.Aim
	random *rand.Rand
	task   shape.Task
	sight  sight

	rules []local.Rule
	// dials are between the sides; beside are others, which nothing should happen to.
	dials, beside []dial
	shaper        *shape.Process
	// retransmitted is the count of the whole room when the fault began.
	retransmitted uint64
	// unseen are the dials that other faults kept from an answer before.
	unseen []dial
	before, during,
	besideBefore, besideDuring roundTrips
	began shape.State
}

// sight is how a kind of condition is seen.
type sight interface {
	// look gives an error unless the condition is seen. It is called once the round
	// trips of this moment have been added.
	look(s *shaped, now shape.State) error
	// seen says what was seen so far.
	seen(s *shaped, now shape.State) string
}

// shaping is a kind of fault that shapes packets; of makes its link and its sight.
func shaping(kind string, of func(scenarios.Fault) (shape.Link, sight)) localFault {
	return localFault{kind: kind, able: ableToShape, bears: affordable, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		link, how := of(in.Fault)
		s := &shaped{roomNetwork: roomNetwork{e}, name: in.Name, aim: in.Fault.Action().Aim(), random: random, sight: how}
		s.task = shape.Task{Links: []shape.Link{link}, Seed: random.Uint64()}
		if s.aim.Direction == "both" {
			s.task.Links = append(s.task.Links, link)
		}
		return s
	}}
}

// ways are how many directions are shaped.
func (s *shaped) ways() int { return len(s.task.Links) }

// link is that of each direction.
func (s *shaped) link() shape.Link { return s.task.Links[0] }

func (s *shaped) Check(ctx context.Context, roles []deployer.Role) (choice chaos.Choice, err error) {
	one, other, why, err := s.Aim.Sides(roles, s.aim.Between, s.aim.And, s.random)
	if err != nil {
		return choice, err
	}
	choice = chaos.Choice{Targets: chaos.CutOff(one, other), Why: why}
	from, missing := s.hosts(one)
	if len(missing) > 0 {
		return choice, errors.Join(missing...)
	}
	to, missing := s.hosts(other)
	if len(missing) > 0 {
		return choice, errors.Join(missing...)
	}
	s.draw(from, to)
	return choice, s.measureBefore(ctx)
}

// draw turns the sides into rules and dials.
func (s *shaped) draw(from, to []host) {
	rule := local.Rule{From: addrs(from), To: addrs(to), Ports: ports(s.aim.Traffic), Do: local.Hand}
	s.rules = []local.Rule{rule}
	if s.ways() > 1 {
		rule.From, rule.To = rule.To, rule.From
		s.rules = append(s.rules, rule)
	}
	s.dials = spread(append(between(from, to, dialled(s.aim.Traffic)), between(to, from, dialled(s.aim.Traffic))...), mostDials)
	s.beside = spread(append(within(from), within(to)...), mostDials/4)
	if other := untouched(s.aim.Traffic); len(other) > 0 {
		s.beside = append(s.beside, spread(append(between(from, to, other), between(to, from, other)...), mostDials/4)...)
	}
}

// within are dials between the nodes of one side.
func within(side []host) []dial {
	var list []dial
	for i := range side[:max(0, len(side)-1)] {
		list = append(list, between(side[i:i+1], side[i+1:i+2], []uint16{local.RedisPort})...)
	}
	return list
}

// untouched are the ports between the sides that a traffic leaves alone.
func untouched(traffic string) []uint16 {
	switch traffic {
	case "client":
		return dialled("bus")
	case "bus":
		return dialled("client")
	}
	return nil
}

// shapedLimit bounds a dial beyond what its packets are delayed by.
const shapedLimit = time.Second

// looks are the measurements before a fault.
const looks = 5

func (s *shaped) measureBefore(ctx context.Context) error {
	return until(ctx, func(ctx context.Context) error {
		s.before, s.besideBefore = nil, nil
		for range looks {
			times, err := s.look(ctx)
			if err != nil {
				return fmt.Errorf("before the fault: %w", err)
			}
			if s.before = append(s.before, times...); len(s.before) == 0 {
				return fmt.Errorf("before the fault: none of %d dials between the two sides can show it%s", len(s.dials), hidden(s.unseen))
			}
			beside, _ := s.measure(ctx, s.beside, shapedLimit)
			s.besideBefore = append(s.besideBefore, beside...)
		}
		return nil
	})
}

// look measures the dials, and wants all to be open that no other fault hides.
func (s *shaped) look(ctx context.Context) (roundTrips, error) {
	times, silent := s.measure(ctx, s.dials, shapedLimit)
	s.unseen = silent
	if closed := slices.DeleteFunc(slices.Clone(silent), s.hides); len(closed) > 0 {
		return nil, fmt.Errorf("%d of %d dials between the two sides are not open, such as %s", len(closed), len(s.dials), closed[0])
	}
	return times, nil
}

func (s *shaped) Inject(ctx context.Context) (at time.Time, err error) {
	if s.retransmitted, err = local.Retransmitted(); err != nil {
		return time.Now(), err
	}
	if s.shaper, err = shape.Start(ctx, s.task); err != nil {
		return time.Now(), err
	}
	if s.began, err = s.shaper.State(); err != nil {
		return time.Now(), err
	}
	for i := range s.rules {
		s.rules[i].Queue = s.began.Queues[i]
	}
	at = time.Now()
	return at, local.Cut(s.name, s.rules, 0)
}

func (s *shaped) Prove(ctx context.Context) (string, error) {
	if err := until(ctx, s.InForce); err != nil {
		return "", err
	}
	now, err := s.shaper.State()
	return s.sight.seen(s, now) + s.unaffected() + hidden(s.unseen), err
}

// InForce measures round trips between the sides and beside them, and compares what the
// counters say.
func (s *shaped) InForce(ctx context.Context) error {
	times, _ := s.measure(ctx, s.dials, s.latest()+shapedLimit)
	s.during = append(s.during, times...)
	beside, _ := s.measure(ctx, s.beside, shapedLimit)
	s.besideDuring = append(s.besideDuring, beside...)
	now, err := s.caughtUp(ctx)
	if err != nil {
		return err
	}
	for _, w := range now.Ways {
		if w.Missed > 0 {
			return fmt.Errorf("%d packets were lost because the process that shapes them could not keep up", w.Missed)
		}
	}
	return s.sight.look(s, now)
}

// caughtUp is a state in which the process has decided on all packets that the rules
// had taken before. The two counts are independent of each other.
func (s *shaped) caughtUp(ctx context.Context) (now shape.State, err error) {
	packets, size, err := local.Counted(s.name)
	if err != nil {
		return now, err
	}
	var over error
	err = until(ctx, func(ctx context.Context) error {
		if now, over = s.shaper.After(ctx); over != nil {
			return nil
		}
		var come, bytes uint64
		for _, w := range now.Ways {
			come, bytes = come+w.Come+w.Missed, bytes+w.ComeBytes
		}
		if come < packets || bytes < size {
			return fmt.Errorf("the rules took %d packets of %d bytes, and the process that shapes them saw %d of %d bytes", packets, size, come, bytes)
		}
		return nil
	})
	return now, errors.Join(err, over)
}

// latest is how late a round trip may be by what was asked for: eight times the jitter
// holds all but a few of a long tail.
func (s *shaped) latest() time.Duration {
	l := s.link()
	return time.Duration(s.ways()) * (l.Latency + 8*l.Jitter + l.Behind)
}

// LookLimit is the time that packets take, and the usual one for the rest.
func (s *shaped) LookLimit() time.Duration { return s.latest() + 5*shapedLimit }

// unaffected says how it is beside the sides.
func (s *shaped) unaffected() string {
	if len(s.besideDuring) == 0 {
		return ""
	}
	return fmt.Sprintf("; beside them: p50 %s, and %s before", milliseconds(s.besideDuring.quantile(0.5)), milliseconds(s.besideBefore.quantile(0.5)))
}

// Heal takes the rules away first: then packets that are under way can arrive.
func (s *shaped) Heal(ctx context.Context) (string, error) {
	if s.shaper == nil {
		return "nothing was in force", nil
	}
	// A counter that cannot be read keeps nothing in force.
	handed, uncounted := local.Dropped(s.name)
	err := until(ctx, func(context.Context) error { return local.Mend(s.name) })
	drained := s.shaper.Drain(ctx, s.latest())
	now, dead := s.shaper.After(ctx)
	if err := errors.Join(err, s.shaper.End()); err != nil {
		return "", err
	}
	again, unread := local.Retransmitted()
	uncounted = errors.Join(uncounted, unread)
	var after roundTrips
	err = until(ctx, func(ctx context.Context) (err error) {
		after, err = s.look(ctx)
		return err
	})
	if err != nil {
		return "", errors.Join(errors.New("the rules are gone, but"), err)
	}
	text := []string{fmt.Sprintf("the rules are gone; round trips: %s, and %s before%s", after, s.before, hidden(s.unseen)), "meanwhile: " + s.sight.seen(s, now) + s.unaffected()}
	if uncounted == nil {
		text = append(text, fmt.Sprintf("the rules took %d packets; TCP sent %d segments again in the whole room", handed, again-s.retransmitted))
	}
	for _, problem := range []error{uncounted, drained, dead} {
		if problem != nil {
			text = append(text, problem.Error())
		}
	}
	return strings.Join(text, "; "), nil
}

func ableToShape(room local.Room) error {
	if !room.Sealed {
		return fmt.Errorf("packets can be delayed, lost or held back only in a sealed room, and this is %s", room)
	}
	if err := CanShape(); err != nil {
		return fmt.Errorf("the kernel cannot hand packets over (NFQUEUE): %w", err)
	}
	return nil
}

// CanShape tries whether packets of this process' network can be shaped: it hands those
// between addresses that no host has to a process that reads them, and stops.
func CanShape() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	s, err := shape.Start(ctx, shape.Task{Links: []shape.Link{{}}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.End()) }()
	state, err := s.State()
	if err != nil {
		return err
	}
	unused := local.Unused()
	if err := local.Cut("check", []local.Rule{{From: unused, To: unused, Do: local.Hand, Queue: state.Queues[0]}}, 0); err != nil {
		return err
	}
	return local.Mend("check")
}

// startLimit bounds the start of the process that shapes packets.
const startLimit = 10 * time.Second
