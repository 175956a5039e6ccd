package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podCPU has redis-server in each pod share one processor with busy threads.
type podCPU struct {
	podPressure
	workers int
}

func podCPUStress() podFault {
	return podFault{kind: new(scenarios.CPUStress).Name(), needs: Needs{Eyes: true}, action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &podCPU{podPressure: pressureOf(e, in, random), workers: in.Fault.CPU.Workers}
	}}
}

func (p *podCPU) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := p.choose(ctx, roles)
	if err != nil {
		return chaos.Choice{}, err
	}
	for i := range p.pods {
		s := &p.pods[i]
		on := s.before.Processors[p.random.IntN(len(s.before.Processors))]
		s.take = agent.Pressure{PID: s.pid, Processor: on, Workers: p.workers, Limit: p.limit}
	}
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Held: names(targets)}}, nil
}

func (p *podCPU) Prove(ctx context.Context) (string, error) {
	var seen []string
	err := until(ctx, func(ctx context.Context) error {
		seen = nil
		for _, s := range p.pods {
			now, err := p.held(ctx, s)
			if err != nil {
				return err
			}
			if now.Worked < time.Duration(p.workers)*worked {
				return fmt.Errorf("the busy processes beside %s have used %v of processor time", s.Name, now.Worked)
			}
			seen = append(seen, fmt.Sprintf("process %d of %s shares processor %d with %d busy threads of its container, which have used %v of it", s.pid, s.Name, s.take.Processor, p.workers, now.Worked))
		}
		return nil
	})
	return strings.Join(seen, "; "), err
}

// held asks the busy agent whether redis-server is held to its processor.
func (p *podCPU) held(ctx context.Context, s pressedPod) (agent.Strain, error) {
	now, err := s.agent.Strain(ctx, s.pid)
	if err != nil {
		return now, fmt.Errorf("%s: %w", s.Name, err)
	}
	if !slices.Equal(now.Processors, []int{s.take.Processor}) {
		return now, fmt.Errorf("process %d of %s may run on processors %v", s.pid, s.Name, now.Processors)
	}
	return now, nil
}

// InForce reports whether every process is held to its processor, by an agent that is
// still there.
func (p *podCPU) InForce(ctx context.Context) error {
	for _, s := range p.pods {
		if _, err := p.held(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *podCPU) Heal(ctx context.Context) (string, error) {
	if err := p.relieve(ctx); err != nil {
		return "", err
	}
	return p.report(func(s pressedPod) string {
		return fmt.Sprintf("the busy threads have ended; %s may use processors %v again, and answers", s.Name, s.before.Processors)
	}), nil
}
