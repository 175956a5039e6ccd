package builtin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	place "github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// partition cuts sets off from each other by rules in the room's network, and
// dials from either side to the other to see whether they hold.
type partition struct {
	Local
	name   string
	spec   scenarios.Partition
	random *rand.Rand
	// isolate, if not nil, is whom to cut off from everybody instead.
	isolate *scenarios.Target

	rules []place.Rule
	dials []dial
	// back are dials along the open way of a one-way partition.
	back []dial
}

func newPartition(e Local, in chaos.Injection, random *rand.Rand) *partition {
	return &partition{Local: e, name: in.Name, spec: *in.Fault.Partition, random: random}
}

func newIsolation(e Local, in chaos.Injection, random *rand.Rand) *partition {
	return &partition{
		Local: e, name: in.Name, random: random, isolate: &in.Fault.Isolate.Target,
		spec: scenarios.Partition{Direction: "both", Traffic: "all", Action: in.Fault.Isolate.Action},
	}
}

// cut is a pair of sides.
type cut struct{ one, other chaos.Side }

func (p *partition) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	if !p.Room.Sealed {
		return chaos.Choice{}, fmt.Errorf("a partition needs a network of the run's own: %s", p.Room)
	}
	cuts, choice, err := p.sides(roles)
	if err != nil {
		return choice, err
	}
	for _, c := range cuts {
		p.draw(c)
	}
	if err := open(ctx, p.dials); err != nil {
		return choice, fmt.Errorf("before the partition: %w", err)
	}
	return choice, nil
}

// sides finds who is to be cut off from whom.
func (p *partition) sides(roles []deployer.Role) ([]cut, chaos.Choice, error) {
	if p.isolate == nil {
		one, other, why, err := p.Aim.Sides(roles, p.spec.Between, p.spec.And, p.random)
		choice := chaos.Choice{Targets: chaos.CutOff(one, other), Why: why}
		if p.spec.Traffic != "client" {
			choice.Effect = chaos.CutBetween(one, other)
		}
		return []cut{{one, other}}, choice, err
	}
	targets, why, err := p.Aim.Choose(roles, *p.isolate, p.random)
	choice := chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}
	var cuts []cut
	for _, t := range targets {
		node := scenarios.Party{Target: scenarios.Target{By: scenarios.ByNode, Node: t.Node}}
		one, other, _, err := p.Aim.Sides(roles, []scenarios.Party{node}, []scenarios.Party{{Clients: scenarios.Rest}}, p.random)
		if err != nil {
			return nil, choice, err
		}
		cuts = append(cuts, cut{one, other})
	}
	return cuts, choice, err
}

// draw turns a cut into rules and dials.
func (p *partition) draw(c cut) {
	one, other := p.hosts(c.one), p.hosts(c.other)
	rule := place.Rule{From: addrs(one), To: addrs(other), Ports: p.ports(), Do: place.Drop}
	if p.spec.Action == "reject" {
		rule.Do = place.Reject
	}
	p.rules = append(p.rules, rule)
	there, back := between(one, other, p.dialled()), between(other, one, p.dialled())
	p.dials = append(p.dials, there...)
	switch {
	case p.spec.Direction != "one-way":
		rule.From, rule.To = rule.To, rule.From
		p.rules = append(p.rules, rule)
		p.dials = append(p.dials, back...)
	case p.spec.Action == "drop":
		p.back = append(p.back, back...)
	}
}

// ports narrow the rules; the bus is at a fixed distance from the client port.
func (p *partition) ports() []uint16 {
	if p.spec.Traffic == "all" {
		return nil
	}
	return p.dialled()
}

// dialled are the ports that are probed.
func (p *partition) dialled() []uint16 {
	switch p.spec.Traffic {
	case "client":
		return []uint16{place.RedisPort}
	case "bus":
		return []uint16{place.RedisPort + place.BusOffset}
	}
	return []uint16{place.RedisPort, place.RedisPort + place.BusOffset}
}

// host is one end of a connection. Nobody listens at a client.
type host struct {
	name   string
	addr   netip.Addr
	client bool
}

func (p *partition) hosts(s chaos.Side) []host {
	var list []host
	for _, t := range s.Nodes {
		n, _ := p.Cluster.Redis().Node(t.Node)
		if at, err := netip.ParseAddrPort(n.Addr); err == nil {
			list = append(list, host{name: t.Node, addr: at.Addr()})
		}
	}
	for _, g := range s.Generators {
		list = append(list, host{name: fmt.Sprintf("generator %d", g), addr: p.Room.Seat(g), client: true})
	}
	if s.Probes {
		list = append(list, host{name: "the probes", addr: p.Room.Seat(place.ProbeSeat), client: true})
	}
	return list
}

func addrs(list []host) []netip.Addr {
	var all []netip.Addr
	for _, h := range list {
		all = append(all, h.addr)
	}
	return all
}

func (p *partition) Inject(context.Context) (time.Time, error) {
	at := time.Now()
	return at, place.Cut(p.name, p.rules)
}

func (p *partition) Prove(ctx context.Context) (string, error) {
	if err := p.InForce(ctx); err != nil {
		return "", err
	}
	proof := fmt.Sprintf("%d of %d dials between the two sides were open before, and %s now", len(p.dials), len(p.dials), p.blocked())
	if len(p.back) > 0 {
		if err := arrives(ctx, p.back); err != nil {
			return "", fmt.Errorf("the way back: %w", err)
		}
		proof += fmt.Sprintf("; the way back is open: %d of %d dials along it arrive, and their answers do not", len(p.back), len(p.back))
	}
	return proof, nil
}

func (p *partition) blocked() string {
	if p.spec.Action == "reject" {
		return "all are refused"
	}
	return "none gets an answer"
}

// InForce dials from the one side to the other.
func (p *partition) InForce(ctx context.Context) error {
	return closed(ctx, p.dials, p.spec.Action == "reject")
}

func (p *partition) Heal(ctx context.Context) (string, error) {
	dropped, counting := place.Dropped(p.name)
	if err := place.Mend(p.name); err != nil {
		return "", err
	}
	if err := until(ctx, func(ctx context.Context) error { return open(ctx, p.dials) }); err != nil {
		return "", errors.Join(errors.New("the rules are gone, but"), err)
	}
	text := fmt.Sprintf("the rules are gone, and %d of %d dials are open again", len(p.dials), len(p.dials))
	if counting == nil {
		text += fmt.Sprintf("; %d packets were dropped", dropped)
	}
	return text, nil
}
