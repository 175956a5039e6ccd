package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podPause stops redis-server in pods and lets it go on. What lets it go on is
// armed in the pod before.
type podPause struct {
	Kube
	spec   scenarios.Pause
	random *rand.Rand
	limit  time.Duration

	stopped []stoppedPod
}

// stoppedPod is a pod whose redis-server is to stop, with that process' number in
// the pod.
type stoppedPod struct {
	pods.Pod
	pid int
}

func pausePods() podFault {
	able := func(f scenarios.Fault) error {
		if f.Duration.Std() > longestPause {
			return fmt.Errorf("a pause of %v cannot last: after %v the kubelet considers the container dead and restarts it", f.Duration, longestPause)
		}
		return nil
	}
	return podFault{kind: new(scenarios.Pause).Name(), able: able, needs: Needs{Eyes: true}, action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &podPause{Kube: e, spec: *in.Fault.Pause, random: random, limit: in.Fault.Duration.Std() + afterwards}
	}}
}

func (p *podPause) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := p.Aim.Choose(roles, p.spec.Target, p.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	for _, name := range names(targets) {
		pod, pid, err := p.process(ctx, name)
		if err != nil {
			return chaos.Choice{}, err
		}
		s := stoppedPod{pod, pid}
		stopped, err := p.isStopped(ctx, s)
		if err != nil {
			return chaos.Choice{}, fmt.Errorf("process %d of %s before the pause: %w", pid, name, err)
		}
		if stopped {
			return chaos.Choice{}, fmt.Errorf("process %d of %s is stopped before the pause", pid, name)
		}
		p.stopped = append(p.stopped, s)
	}
	why += fmt.Sprintf("; it ends by itself after %v", p.limit)
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}, nil
}

func (p *podPause) conn(ctx context.Context, s stoppedPod) (*agent.Conn, error) {
	return p.Agents.Conn(ctx, s.Pod, pods.Eyes)
}

func (p *podPause) isStopped(ctx context.Context, s stoppedPod) (bool, error) {
	c, err := p.conn(ctx, s)
	if err != nil {
		return false, err
	}
	return c.Stopped(ctx, s.pid)
}

func (p *podPause) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	for _, s := range p.stopped {
		c, err := p.conn(ctx, s)
		if err == nil {
			err = c.Stop(ctx, s.pid, p.limit)
		}
		if err != nil {
			return at, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return at, nil
}

func (p *podPause) Prove(ctx context.Context) (string, error) {
	// The signal reaches every thread of the process on its own.
	if err := until(ctx, p.InForce); err != nil {
		return "", err
	}
	return p.report("is stopped (state T)"), nil
}

// InForce reports whether every process is still stopped.
func (p *podPause) InForce(ctx context.Context) error {
	for _, s := range p.stopped {
		stopped, err := p.isStopped(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if !stopped {
			return fmt.Errorf("process %d of %s runs", s.pid, s.Name)
		}
	}
	return nil
}

func (p *podPause) Heal(ctx context.Context) (string, error) {
	for _, s := range p.stopped {
		// The API server may be away for a while; and a pod that was made anew
		// has no process that was stopped.
		err := until(ctx, func(ctx context.Context) error {
			if !p.lives(s.Pod) {
				return nil
			}
			c, err := p.conn(ctx, s)
			if err != nil {
				return err
			}
			if err := c.Continue(ctx, s.pid); err != nil {
				return err
			}
			stopped, err := c.Stopped(ctx, s.pid)
			if err == nil && stopped {
				err = fmt.Errorf("process %d of %s is still stopped after SIGCONT", s.pid, s.Name)
			}
			return err
		})
		if err != nil {
			return "", err
		}
		if err := p.Cluster.AwaitAnswer(ctx, s.Name); err != nil {
			return "", err
		}
	}
	return p.report("goes on and answers"), nil
}

func (p *podPause) report(what string) string {
	var seen []string
	for _, s := range p.stopped {
		seen = append(seen, fmt.Sprintf("process %d of %s %s", s.pid, s.Name, what))
	}
	return strings.Join(seen, "; ")
}

// longestPause is how long redis-server may be stopped before the kubelet, whose
// liveness probe fails every 20 s and may do so four times, makes an end of it.
const longestPause = 50 * time.Second
