package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// executed is a fault by programs of the user's own. It needs nothing of the place.
type executed struct {
	aim     chaos.Aim
	cluster *deployer.Cluster
	spec    scenarios.Exec
	random  *rand.Rand
	program Program
	nodes   []deployer.Node
	// said is what inject printed, and proving how long the proof took.
	said    string
	proving time.Duration
}

func localExec() localFault {
	return localFault{kind: new(scenarios.Exec).Name(), able: anywhere, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return newExec(e.Aim, e.Cluster.Redis(), in, random)
	}}
}

func podExec() podFault {
	return podFault{kind: new(scenarios.Exec).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return newExec(e.Aim, e.Cluster.Redis(), in, random)
	}}
}

func newExec(aim chaos.Aim, cluster *deployer.Cluster, in chaos.Injection, random *rand.Rand) chaos.Action {
	spec := *in.Fault.Exec
	return &executed{aim: aim, cluster: cluster, spec: spec, random: random, program: Program{
		Fault: in.Name, Limit: spec.Timeout.Std(), Secret: cluster.Dialer.Security().Password,
	}}
}

// Check looks for the programs as well: a misspelt one shows before anything is done.
func (x *executed) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := x.aim.Choose(roles, x.spec.Target, x.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	for _, words := range [][]scenarios.AnyValue{x.spec.Inject, x.spec.Prove, x.spec.Heal} {
		if len(words) == 0 {
			continue
		}
		if _, err := exec.LookPath(string(words[0])); err != nil {
			return chaos.Choice{}, err
		}
	}
	if x.nodes, err = nodesOf(x.cluster, targets); err != nil {
		return chaos.Choice{}, fmt.Errorf("%s: %w", why, err)
	}
	for _, n := range x.nodes {
		x.program.Names, x.program.Addrs = append(x.program.Names, n.Name), append(x.program.Addrs, n.Addr)
	}
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Unsure: names(targets)}}, nil
}

// Inject waits until the program has ended.
func (x *executed) Inject(ctx context.Context) (at time.Time, err error) {
	at = time.Now()
	x.said, err = x.program.Run(ctx, "inject", x.spec.Inject)
	return at, err
}

// Limits leave each program the time that it may take.
func (x *executed) Limits() (prove, heal time.Duration) {
	limit := x.spec.Timeout.Std()
	return limit, limit + answerAgainLimit
}

// answerAgainLimit is how long nodes may take to answer once the fault is undone.
const answerAgainLimit = 2 * time.Minute

// Prove runs the program of the proof until it ends well.
func (x *executed) Prove(ctx context.Context) (string, error) {
	if len(x.spec.Prove) == 0 {
		return x.said, nil
	}
	var said string
	err := untilEvery(ctx, provedEvery, func(ctx context.Context) (err error) {
		began := time.Now()
		said, err = x.program.Run(ctx, "prove", x.spec.Prove)
		x.proving = time.Since(began)
		return err
	})
	return x.said + "; " + said, err
}

// quickProof is how long a proof may take that is repeated while the fault lasts: one that
// asks a cloud is not.
const quickProof = time.Second

// InForce runs a quick proof again.
func (x *executed) InForce(ctx context.Context) error {
	if len(x.spec.Prove) == 0 || x.proving > quickProof {
		return nil
	}
	_, err := x.program.Run(ctx, "prove", x.spec.Prove)
	return err
}

// provedEvery is the distance of two runs of a proof: a program may cost money.
const provedEvery = 500 * time.Millisecond

// Heal runs the program that undoes the fault, if there is one, and waits until the nodes
// answer.
func (x *executed) Heal(ctx context.Context) (string, error) {
	var said []string
	if len(x.spec.Heal) > 0 {
		how, err := x.program.Run(ctx, "heal", x.spec.Heal)
		if err != nil {
			return "", err
		}
		said = append(said, how)
	}
	for _, n := range x.nodes {
		if err := x.cluster.AwaitPing(ctx, n); err != nil {
			return "", fmt.Errorf("%s does not answer: %w", n.Name, err)
		}
		said = append(said, n.Name+" answers")
	}
	return strings.Join(said, "; "), nil
}

// Program runs the programs of a fault.
type Program struct {
	// Fault is the name of the injection. Names and Addrs are those of its nodes.
	Fault        string
	Names, Addrs []string
	// Limit is how long one may run.
	Limit time.Duration
	// Secret is left out of what is kept of their output.
	Secret string
}

// mostOutput bounds what is kept of a program's output, in bytes.
const mostOutput = 2000

// Run runs one for a step (inject, prove, heal) and says how it ended. It has the
// environment of this process, and in addition SLOTSTORM_FAULT, SLOTSTORM_STEP,
// SLOTSTORM_NODES and SLOTSTORM_ADDRESSES. The processes that it has started end with it once its
// time is over.
func (p Program) Run(ctx context.Context, step string, words []scenarios.AnyValue) (string, error) {
	line := scenarios.Line(words)
	ctx, cancel := context.WithTimeoutCause(ctx, p.Limit, fmt.Errorf("it had not ended after %v", p.Limit))
	defer cancel()
	var args []string
	for _, w := range words[1:] {
		args = append(args, string(w))
	}
	cmd := exec.CommandContext(ctx, string(words[0]), args...)
	cmd.Env = append(os.Environ(), "SLOTSTORM_FAULT="+p.Fault, "SLOTSTORM_STEP="+step,
		"SLOTSTORM_NODES="+strings.Join(p.Names, " "), "SLOTSTORM_ADDRESSES="+strings.Join(p.Addrs, " "))
	out := outputTail{most: mostOutput + len(p.Secret)}
	cmd.Stdout, cmd.Stderr = &out, &out
	// A group of its own: Ctrl-C is for slotstorm, which heals the fault then.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// A process that it leaves running may hold its output open.
	cmd.WaitDelay = outputLimit
	began := time.Now()
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	took := time.Since(began).Round(time.Millisecond)
	said := ""
	if text := p.masked(out); text != "" {
		said = fmt.Sprintf(", and printed %q", text)
	}
	switch cause := context.Cause(ctx); {
	case err != nil && cause != nil:
		return "", fmt.Errorf("%s: %w%s", line, cause, said)
	case err != nil:
		return "", fmt.Errorf("%s ended after %v: %w%s", line, took, err, said)
	}
	return fmt.Sprintf("%s ended with exit code 0 after %v%s", line, took, said), nil
}

// outputLimit is how long the output of a program is read after its end.
const outputLimit = time.Second

func (p Program) masked(out outputTail) string {
	text := string(out.kept)
	if p.Secret != "" {
		text = strings.ReplaceAll(text, p.Secret, "***")
	}
	if out.cut {
		// It may begin with the end of the secret.
		text = text[min(len(text), len(p.Secret)):]
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, ""))
}

// outputTail keeps the last bytes that are written to it, most at most.
type outputTail struct {
	most int
	kept []byte
	cut  bool
}

func (t *outputTail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - t.most; over > 0 {
		t.kept, t.cut = t.kept[over:], true
	}
	return len(b), nil
}
