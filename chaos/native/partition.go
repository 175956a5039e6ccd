package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// partition cuts sets off from each other by rules in the network, and dials from
// either side to the other to see whether they hold.
type partition struct {
	network
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
	if err := p.drawAll(); err != nil {
		return choice, err
	}
	if err := p.awaitOpen(ctx); err != nil {
		return choice, fmt.Errorf("before the partition: %w", err)
	}
	if p.bounded() {
		choice.Why += fmt.Sprintf("; it ends by itself after %v", p.limit)
	}
	return choice, nil
}

// openLimit bounds the dials before a partition.
const openLimit = 10 * time.Second

// awaitOpen dials until all come through: on a busy machine one may take longer
// than it is given, and one that has come through once is no worse for it.
func (p *partition) awaitOpen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	return until(ctx, func(ctx context.Context) error { return open(ctx, p, p.dials) })
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

// drawAll turns the separations into rules and dials, for the addresses of now.
func (p *partition) drawAll() error {
	p.rules, p.dials, p.back = nil, nil, nil
	for _, c := range p.cuts {
		one, err := p.hosts(c.one)
		if err != nil {
			return err
		}
		other, err := p.hosts(c.other)
		if err != nil {
			return err
		}
		p.draw(one, other)
	}
	return nil
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
	if err := p.InForce(ctx); err != nil {
		return "", err
	}
	proof := fmt.Sprintf("%d of %d dials between the two sides were open before, and %s now", len(p.dials), len(p.dials), p.blocked())
	if len(p.back) > 0 {
		if err := arrives(ctx, p, p.back); err != nil {
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
	return closed(ctx, p, p.dials, p.spec.Action == "reject")
}

func (p *partition) Heal(ctx context.Context) (string, error) {
	dropped, err := p.mend(ctx, p.name)
	if err != nil {
		return "", err
	}
	err = until(ctx, func(ctx context.Context) error {
		// Who was made anew meanwhile may have another address.
		if err := p.drawAll(); err != nil {
			return err
		}
		return open(ctx, p, p.dials)
	})
	if err != nil {
		return "", errors.Join(errors.New("the rules are gone, but"), err)
	}
	text := fmt.Sprintf("the rules are gone, and %d of %d dials are open again", len(p.dials), len(p.dials))
	if dropped != nil {
		text += fmt.Sprintf("; %d packets were dropped", *dropped)
	}
	return text, nil
}

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
