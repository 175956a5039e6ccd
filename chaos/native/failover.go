package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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
	// limit is how long after the command a promotion can come from it.
	limit time.Duration
	at    time.Time
}

const (
	// commandLimit bounds a command to a node.
	commandLimit = 2 * time.Second
	// manualLimit is how long the server tries to carry out CLUSTER FAILOVER, and
	// manualDirective what changes it, in milliseconds, where the version has it. Source:
	// CLUSTER_MF_TIMEOUT in Redis' cluster_legacy.c.
	manualLimit     = 5 * time.Second
	manualDirective = "cluster-manual-failover-timeout"
	// manualSlack is for the answer to the question for the role.
	manualSlack = time.Second
)

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

func (f *failover) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := f.aim.Choose(roles, f.spec.Target, f.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	if len(targets) != 1 || targets[0].Role != scenarios.Replica {
		return chaos.Choice{}, fmt.Errorf("%s: a failover is done by one replica", why)
	}
	f.node, _ = f.cluster.Node(targets[0].Node)
	primary, err := f.look(ctx)
	if err != nil {
		return chaos.Choice{}, err
	}
	primary.Shard = targets[0].Shard
	answers := slices.ContainsFunc(roles, func(r deployer.Role) bool { return r.Primary && r.Node.Name == primary.Node })
	if !answers {
		if f.spec.Mode == "graceful" {
			return chaos.Choice{}, fmt.Errorf("%s, the primary of %s, does not answer, and a graceful failover needs its agreement; write mode: force, or mode: takeover", primary.Node, f.node.Name)
		}
		why += fmt.Sprintf("; its primary %s does not answer", primary.Node)
	}
	// The primary is hit as well: it is about to lose its role.
	return chaos.Choice{Targets: []chaos.Target{primary, targets[0]}, Why: why}, nil
}

// look asks the replica for its primary, which need not answer itself, and for how long
// it tries to take over.
func (f *failover) look(ctx context.Context) (chaos.Target, error) {
	cl := f.cluster.Client(f.node, commandLimit)
	defer cl.Close()
	v, err := deployer.Ask(ctx, cl)
	if err != nil {
		return chaos.Target{}, fmt.Errorf("asking %s for its primary: %w", f.node.Name, err)
	}
	f.limit = manualLimit
	// A cloud may refuse CONFIG: then it is the default.
	config, _ := cl.ConfigGet(ctx, manualDirective).Result()
	if ms, err := strconv.Atoi(config[manualDirective]); err == nil {
		f.limit = time.Duration(ms) * time.Millisecond
	}
	for _, m := range v.Members {
		if !m.Self {
			continue
		}
		if primary, ok := f.cluster.Node(f.cluster.NameOf(m.PrimaryID)); ok {
			return chaos.Target{Node: primary.Name, Role: scenarios.Primary}, nil
		}
	}
	return chaos.Target{}, fmt.Errorf("%s follows no primary of this cluster", f.node.Name)
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
	f.at = time.Now()
	if err := cl.Do(ctx, command...).Err(); err != nil {
		return f.at, fmt.Errorf("%v to %s: %w", command, f.node.Name, err)
	}
	return f.at, nil
}

// Limits leave the server the time that it takes for a failover.
func (f *failover) Limits() (prove, heal time.Duration) { return f.limit + 2*manualSlack, 0 }

// Prove waits no longer than the server tries: a promotion after that has another cause.
func (f *failover) Prove(ctx context.Context) (string, error) {
	ctx, cancel := context.WithDeadline(ctx, f.at.Add(f.limit+manualSlack))
	defer cancel()
	if err := until(ctx, f.promoted); err != nil {
		return "", fmt.Errorf("%s after CLUSTER FAILOVER (%s), which the server gives up after %v: %w", f.node.Name, f.spec.Mode, f.limit, err)
	}
	return f.node.Name + " calls itself primary", nil
}

var errReplica = errors.New("it is still a replica")

// promoted is nil if the node calls itself primary.
func (f *failover) promoted(ctx context.Context) error {
	cl := f.cluster.Client(f.node, commandLimit)
	defer cl.Close()
	v, err := deployer.Ask(ctx, cl)
	if err == nil && !v.Primary {
		err = errReplica
	}
	return err
}

// Heal has nothing to undo: the roles may stay as they are. It says how they are.
func (f *failover) Heal(ctx context.Context) (string, error) {
	switch err := f.promoted(ctx); {
	case errors.Is(err, errReplica):
		return "nothing to undo: " + f.node.Name + " is a replica", nil
	case err != nil:
		return fmt.Sprintf("nothing to undo; the role of %s is unknown: %v", f.node.Name, err), nil
	}
	return "nothing to undo: " + f.node.Name + " is a primary", nil
}
