package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// breakMachine breaks the machine of a node.
type breakMachine struct {
	Kube
	spec   scenarios.Machine
	random *rand.Rand
	limit  time.Duration
	broken results.Broken
	pods   []pods.Pod
	mend   func(context.Context) error
}

func machineOfNode() podFault {
	return podFault{kind: new(scenarios.Machine).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &breakMachine{Kube: e, spec: *in.Fault.Machine, random: random, limit: in.Fault.Duration.Std() + afterwards}
	}}
}

// The time that a machine gets to be seen broken, and to be back with its pods: it starts a
// kubelet, and that its pods, one after the other.
const (
	breakLimit = time.Minute
	backLimit  = 5 * time.Minute
)

// Limits give a machine the time to start.
func (a *breakMachine) Limits() (prove, heal time.Duration) { return breakLimit, backLimit }

// LookLimit leaves the nodes of the machine the time not to answer.
func (a *breakMachine) LookLimit() time.Duration { return breakLimit }

func (a *breakMachine) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := a.Aim.Choose(roles, a.spec.Target, a.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	pod, err := a.running(targets[0].Node)
	if err != nil {
		return chaos.Choice{}, err
	}
	m := pod.Machine
	if a.Machines == nil {
		return chaos.Choice{}, errors.New("machines can be broken only on a kind cluster that slotstorm made")
	}
	a.broken = results.Broken{Name: m, Action: a.spec.Action}
	if a.broken.ID, err = a.Machines.Worker(ctx, m); err != nil {
		return chaos.Choice{}, err
	}
	if err := a.bearable(ctx, m); err != nil {
		return chaos.Choice{}, err
	}
	for _, p := range a.Cluster.RunsOn(m) {
		a.pods = append(a.pods, p)
		a.broken.Nodes = append(a.broken.Nodes, p.Name)
		if t, ok := targetOf(roles, p.Name); ok && p.Name != targets[0].Node {
			targets = append(targets, t)
		}
	}
	why = fmt.Sprintf("%s, with its machine %s and all Redis nodes on it: %s; it ends by itself after %v", why, m, strings.Join(a.broken.Nodes, ", "), a.limit)
	choice := chaos.Choice{Targets: targets, Why: why, Machines: []results.Broken{a.broken}}
	if a.spec.Action != "kubelet" {
		choice.Effect = chaos.Effect{Down: a.broken.Nodes}
	}
	return choice, nil
}

// targetOf is a node by its role.
func targetOf(roles []deployer.Role, node string) (chaos.Target, bool) {
	i := slices.IndexFunc(roles, func(r deployer.Role) bool { return r.Node.Name == node })
	if i < 0 {
		return chaos.Target{}, false
	}
	t := chaos.Target{Node: node, Shard: roles[i].Node.Shard, Role: scenarios.Replica}
	if roles[i].Primary {
		t.Role = scenarios.Primary
	}
	return t, true
}

// bearable is an error if what must not break stands on a machine.
func (a *breakMachine) bearable(ctx context.Context, machine string) error {
	for g := range a.Aim.Generators {
		pod, err := a.Cluster.GeneratorPod(g)
		if err != nil {
			return err
		}
		if pod.Machine == machine {
			return fmt.Errorf("generator %d of this run stands on machine %s, too: nothing would measure what follows", g, machine)
		}
	}
	strangers, err := a.Cluster.Strangers(ctx, machine)
	if err == nil && len(strangers) > 0 {
		err = fmt.Errorf("machine %s also carries pods that are not of this run: %s", machine, strings.Join(strangers, ", "))
	}
	return err
}

func (a *breakMachine) Inject(ctx context.Context) (at time.Time, err error) {
	at = time.Now()
	a.mend, err = a.Machines.Break(ctx, a.broken, a.limit)
	return at, err
}

func (a *breakMachine) Prove(ctx context.Context) (string, error) {
	err := untilEvery(ctx, time.Second, func(ctx context.Context) error {
		if err := a.InForce(ctx); err != nil || a.spec.Action == "kubelet" {
			return err
		}
		return a.silent(ctx)
	})
	if err != nil {
		return "", err
	}
	switch nodes := strings.Join(a.broken.Nodes, ", "); a.spec.Action {
	case "kubelet":
		return fmt.Sprintf("the kubelet of %s has stopped; the processes of %s go on", a.broken.Name, nodes), nil
	case "stop":
		return fmt.Sprintf("the container that is %s has ended; %s do not answer", a.broken.Name, nodes), nil
	default:
		return fmt.Sprintf("the container that is %s is paused; %s do not answer", a.broken.Name, nodes), nil
	}
}

// InForce wants the machine broken as it was, and notes what Kubernetes makes of it. It does not
// ask the nodes: each question to a machine that hangs is answered when it is back.
func (a *breakMachine) InForce(ctx context.Context) error {
	how, err := a.Machines.Broken(ctx, a.broken)
	if err != nil {
		return err
	}
	if how != a.spec.Action {
		return fmt.Errorf("machine %s is not broken as it was: %q, not %q", a.broken.Name, how, a.spec.Action)
	}
	_, err = a.look(ctx)
	return err
}

// silent wants no node of the machine to answer.
func (a *breakMachine) silent(ctx context.Context) error {
	errs := make([]error, len(a.broken.Nodes))
	var wg sync.WaitGroup
	for i, name := range a.broken.Nodes {
		wg.Go(func() {
			n, _ := a.Cluster.Redis().Node(name)
			cl := a.Cluster.Redis().Client(n, silenceLimit)
			defer cl.Close()
			if cl.Ping(ctx).Err() == nil {
				errs[i] = fmt.Errorf("%s still answers", name)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// silenceLimit is how long a node has to be silent to count as gone.
const silenceLimit = time.Second

// look notes what Kubernetes makes of the machine, and says whether it is ready.
func (a *breakMachine) look(ctx context.Context) (awake bool, err error) {
	if awake, err = a.Cluster.Awake(ctx, a.broken.Name); err != nil {
		return false, err
	}
	if !awake && a.broken.NotReady == 0 {
		a.broken.NotReady = a.Clock.Now()
	}
	for _, was := range a.pods {
		now, ok := a.Cluster.Pod(was.Name)
		if (!ok || now.UID != was.UID || now.Going) && !slices.Contains(a.broken.Terminating, was.Name) {
			a.broken.Terminating = append(a.broken.Terminating, was.Name)
		}
	}
	return awake, nil
}

func (a *breakMachine) Heal(ctx context.Context) (string, error) {
	if a.mend == nil {
		return "nothing was broken", nil
	}
	if err := a.mend(ctx); err != nil {
		return "", err
	}
	err := untilEvery(ctx, time.Second, func(ctx context.Context) error {
		awake, err := a.look(ctx)
		if err == nil && !awake {
			err = fmt.Errorf("machine %s is not ready again", a.broken.Name)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	a.broken.Ready = a.Clock.Now()
	seen := []string{fmt.Sprintf("machine %s is whole and ready", a.broken.Name)}
	for _, was := range a.pods {
		back := func(now pods.Pod) bool { return now.Running && !now.Going }
		if a.spec.Action == "stop" {
			back = func(now pods.Pod) bool { return now.Running && !now.Going && now.ContainerID != was.ContainerID }
		}
		now, err := a.Cluster.AwaitPod(ctx, was.Name, "the pod of "+was.Name, back)
		if err != nil {
			return "", err
		}
		if err := a.Cluster.AwaitAnswer(ctx, was.Name); err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s answers on %s", was.Name, now.Machine))
	}
	return strings.Join(seen, "; "), nil
}

// Broken is what was seen of the machine.
func (a *breakMachine) Broken() []results.Broken { return []results.Broken{a.broken} }
