package builtin

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
	"github.com/slotstorm/slotstorm/deployer/kube"
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
// things were before, and what is taken.
type pressedPod struct {
	kube.Pod
	pid    int
	before agent.Strain
	take   agent.Pressure
}

func (p *podPressure) choose(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := p.Aim.Choose(roles, p.target, p.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	for _, name := range names(targets) {
		pod, err := p.running(name)
		if err != nil {
			return chaos.Choice{}, err
		}
		node, _ := p.Cluster.Redis().Node(name)
		pid, err := p.Cluster.Redis().PID(ctx, node)
		if err != nil {
			return chaos.Choice{}, err
		}
		s := pressedPod{Pod: pod, pid: pid}
		if s.before, err = p.strain(ctx, s); err != nil {
			return chaos.Choice{}, fmt.Errorf("%s: %w", name, err)
		}
		p.pods = append(p.pods, s)
	}
	why += fmt.Sprintf("; it ends by itself after %v", p.limit)
	return chaos.Choice{Targets: targets, Why: why}, nil
}

func (p *podPressure) strain(ctx context.Context, s pressedPod) (agent.Strain, error) {
	c, err := p.Agents.Inside(ctx, s.Pod)
	if err != nil {
		return agent.Strain{}, err
	}
	return c.Strain(ctx, s.pid)
}

func (p *podPressure) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	for _, s := range p.pods {
		c, err := p.Agents.Inside(ctx, s.Pod)
		if err == nil {
			err = c.Press(ctx, s.take)
		}
		if err != nil {
			return at, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return at, nil
}

// relieve ends it, and gives what was seen then of each pod.
func (p *podPressure) relieve(ctx context.Context, tell func(pressedPod, agent.Strain) string) (string, error) {
	var seen []string
	for _, s := range p.pods {
		var now agent.Strain
		// The API server may be away for a while, and a container that was started
		// again suffers from nothing.
		err := until(ctx, func(ctx context.Context) (err error) {
			if pod, ok := p.Cluster.Pod(s.Name); !ok || pod.UID != s.UID || pod.ContainerID != s.ContainerID {
				now = s.before
				return nil
			}
			// Not the agent that took it: that may have been ended for want of memory.
			beside, err := p.Agents.Conn(ctx, s.Pod, kube.Eyes)
			if err != nil {
				return err
			}
			c, err := p.Agents.Inside(ctx, s.Pod)
			if err != nil {
				return err
			}
			if err := c.Relieve(ctx); err != nil {
				return err
			}
			if err := beside.Pin(ctx, s.pid, s.before.Processors); err != nil {
				return err
			}
			now, err = c.Strain(ctx, s.pid)
			if err == nil && (now.Held > 0 || !slices.Equal(now.Processors, s.before.Processors)) {
				err = fmt.Errorf("%s still suffers: %d bytes are held, and it may use processors %v", s.Name, now.Held, now.Processors)
			}
			return err
		})
		if err != nil {
			return "", err
		}
		if err := p.Cluster.AwaitAnswer(ctx, s.Name); err != nil {
			return "", err
		}
		seen = append(seen, tell(s, now))
	}
	return strings.Join(seen, "; "), nil
}
