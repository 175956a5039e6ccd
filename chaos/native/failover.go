package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// failover makes a replica take over. It needs nothing of the place: the command
// goes to the node.
type failover struct {
	aim     chaos.Aim
	cluster *deployer.Cluster
	spec    scenarios.Failover
	random  *rand.Rand
	node    deployer.Node
}

// commandLimit bounds a command to a node.
const commandLimit = 2 * time.Second

func localFailover() localFault {
	return localFault{kind: new(scenarios.Failover).Name(), able: anywhere, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &failover{aim: e.Aim, cluster: e.Cluster.Redis(), spec: *in.Fault.Failover, random: random}
	}}
}

func podFailover() podFault {
	return podFault{kind: new(scenarios.Failover).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &failover{aim: e.Aim, cluster: e.Cluster.Redis(), spec: *in.Fault.Failover, random: random}
	}}
}

func (f *failover) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := f.aim.Choose(roles, f.spec.Target, f.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	if len(targets) != 1 || targets[0].Role != scenarios.Replica {
		return chaos.Choice{}, fmt.Errorf("%s: a failover is done by one replica", why)
	}
	f.node, _ = f.cluster.Node(targets[0].Node)
	// The primary is hit as well: it is about to lose its role.
	i := slices.IndexFunc(roles, func(r deployer.Role) bool { return r.Primary && r.Node.Shard == f.node.Shard })
	if i < 0 {
		return chaos.Choice{}, fmt.Errorf("shard %d has no primary that answers", f.node.Shard)
	}
	primary := chaos.Target{Node: roles[i].Node.Name, Shard: f.node.Shard, Role: scenarios.Primary}
	return chaos.Choice{Targets: []chaos.Target{primary, targets[0]}, Why: why}, nil
}

func (f *failover) Inject(ctx context.Context) (time.Time, error) {
	cl := f.cluster.Client(f.node, commandLimit)
	defer cl.Close()
	command := []any{"CLUSTER", "FAILOVER"}
	switch f.spec.Mode {
	case "force":
		command = append(command, "FORCE")
	case "takeover":
		command = append(command, "TAKEOVER")
	}
	at := time.Now()
	if err := cl.Do(ctx, command...).Err(); err != nil {
		return at, fmt.Errorf("%v to %s: %w", command, f.node.Name, err)
	}
	return at, nil
}

func (f *failover) Prove(ctx context.Context) (string, error) {
	err := until(ctx, func(ctx context.Context) error {
		cl := f.cluster.Client(f.node, commandLimit)
		defer cl.Close()
		v, err := deployer.Ask(ctx, cl)
		switch {
		case err != nil:
			return err
		case !v.Primary:
			return errors.New("it is still a replica")
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("%s after CLUSTER FAILOVER: %w", f.node.Name, err)
	}
	return f.node.Name + " calls itself primary", nil
}

// Heal has nothing to do: the roles have changed, and may stay so.
func (f *failover) Heal(context.Context) (string, error) {
	return "nothing to heal: " + f.node.Name + " stays primary", nil
}
