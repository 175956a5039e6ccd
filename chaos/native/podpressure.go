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
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podPressure is what taking processors and taking memory from pods have in
// common: an agent in the container of redis-server, under the bounds of that.
type podPressure struct {
	Kube
	target scenarios.Target
	random *rand.Rand
	limit  time.Duration

	pods []pressedPod
}

// pressedPod is a pod that is to suffer, with redis-server's number in it, how
// things were before, what is taken, and the agent that takes it.
type pressedPod struct {
	pods.Pod
	pid    int
	before agent.Strain
	take   agent.Pressure
	agent  *agent.Conn
}

// pressureOf is the pressure of an injection.
func pressureOf(e Kube, in chaos.Injection, random *rand.Rand) podPressure {
	target, _ := in.Fault.Target()
	return podPressure{Kube: e, target: target, random: random, limit: in.Fault.Duration.Std() + afterwards}
}

func (p *podPressure) choose(ctx context.Context, roles []deployer.Role) (targets []chaos.Target, why string, err error) {
	if targets, why, err = p.Aim.Choose(roles, p.target, p.random); err != nil {
		return nil, "", err
	}
	for _, name := range names(targets) {
		pod, pid, err := p.process(ctx, name)
		if err != nil {
			return nil, "", err
		}
		s := pressedPod{Pod: pod, pid: pid}
		// What its container has to give is seen in there alone.
		err = until(ctx, func(ctx context.Context) error {
			c, err := p.Agents.Inside(ctx, pod)
			if err != nil {
				return err
			}
			if s.before, err = c.Strain(ctx, pid); err != nil {
				return err
			}
			return c.Close()
		})
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		p.pods = append(p.pods, s)
	}
	return targets, why + fmt.Sprintf("; it ends by itself after %v", p.limit), nil
}

func (p *podPressure) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	for i := range p.pods {
		s := &p.pods[i]
		var err error
		if s.agent, err = p.Agents.Inside(ctx, s.Pod); err == nil {
			err = s.agent.Press(ctx, s.take)
		}
		if err != nil {
			return at, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return at, nil
}

// relieve ends the agents, and with each what it took: not by asking them, for one
// whose connection is broken may not know of it.
func (p *podPressure) relieve(ctx context.Context) error {
	for _, s := range p.pods {
		if s.agent == nil {
			continue
		}
		// The API server may be away for a while, and a container that was started
		// again suffers from nothing.
		err := until(ctx, func(ctx context.Context) error {
			if !p.lives(s.Pod) {
				return nil
			}
			return p.spare(ctx, s)
		})
		if err == nil {
			err = p.Cluster.AwaitAnswer(ctx, s.Name)
		}
		if err != nil {
			return err
		}
		// It is broken by now: the other side has ended.
		_ = s.agent.Close()
	}
	return nil
}

// spare has the agent beside redis-server end the one that takes from it.
func (p *podPressure) spare(ctx context.Context, s pressedPod) error {
	beside, err := p.Agents.Conn(ctx, s.Pod, pods.Eyes)
	if err != nil {
		return err
	}
	gone, err := beside.End(ctx, s.agent.PID())
	if err != nil {
		return err
	}
	if !gone {
		return fmt.Errorf("process %d, which takes from %s, has not ended", s.agent.PID(), s.Name)
	}
	if s.take.PID == 0 {
		return nil
	}
	if err := beside.Pin(ctx, s.pid, s.before.Processors); err != nil {
		return err
	}
	now, err := beside.Strain(ctx, s.pid)
	if err == nil && !slices.Equal(now.Processors, s.before.Processors) {
		err = fmt.Errorf("%s may still use processors %v alone", s.Name, now.Processors)
	}
	return err
}

// report says something of every pod.
func (p *podPressure) report(what func(pressedPod) string) string {
	var seen []string
	for _, s := range p.pods {
		seen = append(seen, what(s))
	}
	return strings.Join(seen, "; ")
}
