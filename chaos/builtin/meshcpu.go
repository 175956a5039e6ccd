package builtin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	place "github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/kube"
)

// meshCPU has the mesh keep processes busy beside redis-server. It does not hold
// redis-server to one processor, as podCPU does: where the container has no quota
// and the machine processors to spare, they do little.
type meshCPU struct {
	podPressure
	name    string
	workers int
}

// stressor begins the names of the processes that Chaos Mesh keeps busy.
const stressor = "stress-ng"

func (m *meshCPU) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	return m.choose(ctx, roles)
}

func (m *meshCPU) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	var pods []kube.Pod
	for _, s := range m.pods {
		pods = append(pods, s.Pod)
	}
	return at, m.Mesh.Busy(ctx, m.name, pods, m.workers, m.limit)
}

// busy are the processes in a pod that have worked for so long at least.
func (m *meshCPU) busy(ctx context.Context, s pressedPod, least time.Duration) (list []place.Worker, err error) {
	c, err := m.Agents.Conn(ctx, s.Pod, kube.Eyes)
	if err != nil {
		return nil, err
	}
	all, err := c.Workers(ctx, stressor)
	for _, w := range all {
		if w.Used >= least {
			list = append(list, w)
		}
	}
	return list, err
}

func (m *meshCPU) Prove(ctx context.Context) (string, error) {
	var seen []string
	err := until(ctx, func(ctx context.Context) error {
		seen = nil
		for _, s := range m.pods {
			list, err := m.busy(ctx, s, worked)
			if err != nil {
				return err
			}
			if len(list) < m.workers {
				return fmt.Errorf("%d processes beside %s have used %v of processor time, asked for %d", len(list), s.Name, worked, m.workers)
			}
			var used time.Duration
			for _, w := range list {
				used += w.Used
			}
			seen = append(seen, fmt.Sprintf("beside process %d of %s are %d busy ones, which have used %v of processor time", s.pid, s.Name, len(list), used))
		}
		return nil
	})
	return strings.Join(seen, "; "), err
}

// InForce tells whether the processes are there.
func (m *meshCPU) InForce(ctx context.Context) error {
	for _, s := range m.pods {
		list, err := m.busy(ctx, s, worked)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if len(list) < m.workers {
			return fmt.Errorf("of %d busy processes beside %s there are %d", m.workers, s.Name, len(list))
		}
	}
	return nil
}

func (m *meshCPU) Heal(ctx context.Context) (string, error) {
	if err := m.Mesh.Mend(ctx, m.name); err != nil {
		return "", err
	}
	var seen []string
	for _, s := range m.pods {
		err := until(ctx, func(ctx context.Context) error {
			if pod, ok := m.Cluster.Pod(s.Name); !ok || pod.UID != s.UID {
				return nil // a new pod has nobody beside it
			}
			list, err := m.busy(ctx, s, 0)
			if err == nil && len(list) > 0 {
				err = fmt.Errorf("%d busy processes are still beside %s", len(list), s.Name)
			}
			return err
		})
		if err != nil {
			return "", err
		}
		if err := m.Cluster.AwaitAnswer(ctx, s.Name); err != nil {
			return "", err
		}
		seen = append(seen, s.Name+" is alone again, and answers")
	}
	return strings.Join(seen, "; "), nil
}
