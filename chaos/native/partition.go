package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// partition cuts sets off from each other by rules in the network, and dials from
// either side to the other to see whether they hold.
type partition struct {
	network
	heed
	aim    chaos.Aim
	name   string
	spec   scenarios.Partition
	random *rand.Rand
	// limit is when rules end by themselves.
	limit time.Duration
	// isolate, if not nil, is whom to cut off from everybody instead.
	isolate *scenarios.Target

	cuts  []separation
	rules []local.Rule
	dials []dial
	// came are the dials that were open before.
	came map[dial]bool
	// back are dials along the open way of a one-way partition.
	back []dial
}

// afterwards is how long after a fault's time what it did ends by itself, if this
// program does not end it.
const afterwards = 15 * time.Second

// meshAfterwards is afterwards for what acts in place of this program: Chaos Mesh
// comes to one pod after the other, and its time runs from the first.
const meshAfterwards = time.Minute

func newPartition(n network, aim chaos.Aim, in chaos.Injection, random *rand.Rand) *partition {
	p := &partition{network: n, aim: aim, name: in.Name, random: random, limit: in.Fault.Duration.Std() + afterwards}
	if in.Fault.Engine == "chaosmesh" {
		p.limit += meshAfterwards - afterwards
	}
	if i := in.Fault.Isolate; i != nil {
		p.isolate = &i.Target
		p.spec = scenarios.Partition{Direction: "both", Traffic: "all", Action: i.Action}
	} else {
		p.spec = *in.Fault.Partition
	}
	return p
}

// separation is a pair of sides.
type separation struct{ one, other chaos.Side }

func (p *partition) Check(ctx context.Context, roles []deployer.Role) (choice chaos.Choice, err error) {
	if p.cuts, choice, err = p.sides(roles); err != nil {
		return choice, err
	}
	if missing := p.drawAll(); len(missing) > 0 {
		return choice, errors.Join(missing...)
	}
	if err := p.awaitOpen(ctx); err != nil {
		return choice, fmt.Errorf("before the partition: %w", err)
	}
	for _, c := range p.cuts {
		choice.Effect.Apart = append(choice.Effect.Apart, [2][]string{endsOf(c.one), endsOf(c.other)})
	}
	if p.bounded() {
		choice.Why += fmt.Sprintf("; it ends by itself after %v", p.limit)
	}
	return choice, nil
}

// openLimit bounds the dials before a partition.
const openLimit = 10 * time.Second

// awaitOpen dials until all have come through that no other fault hides: on a busy machine
// one may take longer than it is given.
func (p *partition) awaitOpen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	p.came = map[dial]bool{}
	err := until(ctx, func(ctx context.Context) error { return open(ctx, p, p.dials, p.came, p.hides) })
	if err == nil && len(p.came) == 0 {
		return fmt.Errorf("none of %d dials between the two sides can show it%s", len(p.dials), hidden(p.dials))
	}
	return err
}

// unseen are the dials that are not among some.
func (p *partition) unseen(came map[dial]bool) []dial {
	return slices.DeleteFunc(slices.Clone(p.dials), func(d dial) bool { return came[d] })
}

// sides finds who is to be cut off from whom.
func (p *partition) sides(roles []deployer.Role) ([]separation, chaos.Choice, error) {
	if p.isolate == nil {
		one, other, why, err := p.aim.Sides(roles, p.spec.Between, p.spec.And, p.random)
		choice := chaos.Choice{Targets: chaos.CutOff(one, other), Why: why}
		if p.spec.Traffic != "client" {
			choice.Effect = chaos.CutBetween(one, other)
		}
		return []separation{{one, other}}, choice, err
	}
	targets, why, err := p.aim.Choose(roles, *p.isolate, p.random)
	choice := chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}
	var cuts []separation
	for _, t := range targets {
		node := scenarios.Party{Target: scenarios.Target{By: scenarios.ByNode, Node: t.Node}}
		one, other, _, err := p.aim.Sides(roles, []scenarios.Party{node}, []scenarios.Party{{Clients: scenarios.Rest}}, p.random)
		if err != nil {
			return nil, choice, err
		}
		cuts = append(cuts, separation{one, other})
	}
	return cuts, choice, err
}

// drawAll turns the separations into rules and dials, for the addresses of now. missing are
// the hosts without one.
func (p *partition) drawAll() (missing []error) {
	p.rules, p.dials, p.back = nil, nil, nil
	for _, c := range p.cuts {
		one, lost := p.hosts(c.one)
		other, gone := p.hosts(c.other)
		missing = append(append(missing, lost...), gone...)
		p.draw(one, other)
	}
	return missing
}

func (p *partition) draw(one, other []host) {
	rule := local.Rule{From: addrs(one), To: addrs(other), Ports: ports(p.spec.Traffic), Do: local.Drop}
	if p.spec.Action == "reject" {
		rule.Do = local.Reject
	}
	p.rules = append(p.rules, rule)
	there, back := between(one, other, dialled(p.spec.Traffic)), between(other, one, dialled(p.spec.Traffic))
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

func (p *partition) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	return at, p.cut(ctx, p.name, p.rules, p.limit)
}

func (p *partition) Prove(ctx context.Context) (string, error) {
	seen, err := p.closed(ctx, p.outcome())
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(seen, func(d dial) bool { return p.came[d] }) {
		return "", fmt.Errorf("none of the dials that were open before can show it%s", hidden(p.dials))
	}
	proof := fmt.Sprintf("%d of %d dials between the two sides were open before, and %s now%s", len(p.came), len(p.dials), p.blocked(), hidden(p.unseen(p.came)))
	if back := slices.DeleteFunc(slices.Clone(p.back), p.hides); len(back) > 0 {
		if err := arrives(ctx, p, back); err != nil {
			return "", fmt.Errorf("the way back: %w", err)
		}
		proof += fmt.Sprintf("; the way back is open: %d of %d dials along it arrive, and their answers do not", len(back), len(p.back))
	}
	return proof, nil
}

func (p *partition) blocked() string {
	if p.spec.Action == "reject" {
		return "all are refused"
	}
	return "none gets an answer"
}

// outcome is that of a dial that the rules stop.
func (p *partition) outcome() agent.Outcome {
	if p.spec.Action == "reject" {
		return agent.Refused
	}
	return agent.Silent
}

// InForce dials from the one side to the other, if the rules still hold for both. On a busy
// machine a refusal may come too late: without an answer, no packet came through either.
func (p *partition) InForce(ctx context.Context) error {
	_, err := p.closed(ctx, p.outcome(), agent.Silent)
	return err
}

// closed are the dials that show that the rules hold.
func (p *partition) closed(ctx context.Context, want ...agent.Outcome) ([]dial, error) {
	if err := p.same(); err != nil {
		return nil, err
	}
	return closed(ctx, p, p.dials, want, p.hides)
}

func (p *partition) Heal(ctx context.Context) (string, error) {
	dropped, err := p.mend(ctx, p.name)
	if err != nil {
		return "", err
	}
	var missing []error
	came := map[dial]bool{}
	err = until(ctx, func(ctx context.Context) error {
		// Who was made anew meanwhile may have another address. Who is gone took the
		// rules along.
		missing = p.drawAll()
		return open(ctx, p, p.dials, came, p.hides)
	})
	if err != nil {
		return "", errors.Join(errors.New("the rules are gone, but"), err)
	}
	left := p.unseen(came)
	text := fmt.Sprintf("the rules are gone, and %d of %d dials are open again%s", len(p.dials)-len(left), len(p.dials), hidden(left))
	for _, m := range missing {
		text += "; " + m.Error()
	}
	if dropped != nil {
		text += fmt.Sprintf("; %d packets were dropped", *dropped)
	}
	return text, nil
}

// endsOf are the names of a side's hosts.
func endsOf(s chaos.Side) []string {
	list := names(s.Nodes)
	for _, g := range s.Generators {
		list = append(list, generator(g))
	}
	if s.Probes {
		list = append(list, probesName)
	}
	return list
}

// probesName names the probes as a host.
const probesName = "the probes"

// seated refuses sides that part the probes from generator 0: there they sit.
func seated(f scenarios.Fault) error {
	between, and, _ := f.Sides()
	for _, side := range [][]scenarios.Party{between, and} {
		has := func(is func(scenarios.Party) bool) bool { return slices.ContainsFunc(side, is) }
		probes := has(func(p scenarios.Party) bool { return p.Clients == scenarios.Probes })
		zero := has(func(p scenarios.Party) bool {
			return p.Clients == scenarios.Generators || p.Clients == scenarios.AllClients || p.Clients == scenarios.OneGenerator && p.Generator == 0
		})
		if probes && !zero {
			return errors.New("on Kubernetes the probes sit in the pod of generator 0: name it on the same side")
		}
	}
	return nil
}
