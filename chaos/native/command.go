package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// command sends a command to nodes. It needs nothing of the place.
type command struct {
	aim     chaos.Aim
	cluster *deployer.Cluster
	spec    scenarios.SentCommand
	random  *rand.Rand
	nodes   []deployer.Node
	// sent are the commands under way, by index of nodes.
	sent []sending
	// spare are connections for what undoes the command, by index of nodes: it may be one
	// after which a node takes no new connection.
	spare []*redis.Client
	// stop ends those that have no answer when the fault is over.
	stop context.CancelFunc
}

// sending is a command under way; the channel gives one answer.
type sending struct {
	at     time.Time
	answer chan answer
	// was is the answer once it is known.
	was *answer
}

type answer struct {
	text string
	err  error
	took time.Duration
}

// broken is true where the node closed the connection in place of an answer, as it does on
// SHUTDOWN.
func (a *answer) broken() bool {
	return errors.Is(a.err, io.EOF) || errors.Is(a.err, io.ErrUnexpectedEOF) || errors.Is(a.err, syscall.ECONNRESET)
}

const (
	// blockedLimit is how long a node may take for the command of a fault.
	blockedLimit = 2 * time.Minute
	// pingLimit is how long a node that carries out no other command takes at most to
	// answer PING: a node that takes longer is blocked.
	pingLimit = 200 * time.Millisecond
)

func localCommand() localFault {
	return localFault{kind: new(scenarios.SentCommand).Name(), able: anywhere, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &command{aim: e.Aim, cluster: e.Cluster.Redis(), spec: *in.Fault.Command, random: random}
	}}
}

func podCommand() podFault {
	return podFault{kind: new(scenarios.SentCommand).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &command{aim: e.Aim, cluster: e.Cluster.Redis(), spec: *in.Fault.Command, random: random}
	}}
}

func (c *command) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := c.aim.Choose(roles, c.spec.Target, c.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	if c.nodes, err = nodesOf(c.cluster, targets); err != nil {
		return chaos.Choice{}, fmt.Errorf("%s: %w", why, err)
	}
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Unsure: names(targets)}}, nil
}

// nodesOf are the nodes of targets.
func nodesOf(c *deployer.Cluster, targets []chaos.Target) ([]deployer.Node, error) {
	var list []deployer.Node
	for _, t := range targets {
		n, ok := c.Node(t.Node)
		if !ok {
			return nil, fmt.Errorf("%s is not known", t.Node)
		}
		list = append(list, n)
	}
	return list, nil
}

// Inject sends the command to all nodes, and waits for none.
func (c *command) Inject(ctx context.Context) (time.Time, error) {
	if len(c.spec.Undo) > 0 {
		pinging, done := context.WithTimeout(ctx, commandLimit)
		defer done()
		for _, n := range c.nodes {
			cl := c.cluster.Client(n, blockedLimit)
			_ = cl.Ping(pinging).Err() // without one there is a new connection in the end
			c.spare = append(c.spare, cl)
		}
	}
	ctx, c.stop = context.WithTimeout(context.WithoutCancel(ctx), blockedLimit)
	at := time.Now()
	for _, n := range c.nodes {
		s := sending{at: time.Now(), answer: make(chan answer, 1)}
		c.sent = append(c.sent, s)
		go func() {
			text, err := c.do(ctx, n, c.spec.Run)
			s.answer <- answer{text, err, time.Since(s.at)}
		}()
	}
	return at, nil
}

// do sends a command once: the client repeats none.
func (c *command) do(ctx context.Context, n deployer.Node, words []scenarios.AnyValue) (string, error) {
	cl := c.cluster.Client(n, blockedLimit)
	defer cl.Close()
	return c.send(ctx, cl, n, words)
}

func (c *command) send(ctx context.Context, cl *redis.Client, n deployer.Node, words []scenarios.AnyValue) (string, error) {
	var args []any
	for _, w := range words {
		args = append(args, string(w))
	}
	reply, err := cl.Do(ctx, args...).Result()
	if err != nil {
		return "", fmt.Errorf("%s to %s: %w", scenarios.Line(words), n.Name, err)
	}
	return short(fmt.Sprint(reply)), nil
}

// short is the beginning of a reply: it may be as long as all keys of a node.
func short(reply string) string {
	const most = 80
	if r := []rune(reply); len(r) > most {
		reply = string(r[:most]) + "..."
	}
	return reply
}

// Limits leave a node the time that its command takes.
func (c *command) Limits() (prove, heal time.Duration) {
	return blockedLimit, 2 * blockedLimit
}

// Prove waits until each node has answered, or is seen to do nothing else.
func (c *command) Prove(ctx context.Context) (string, error) {
	var seen []string
	for i := range c.sent {
		how, err := c.acts(ctx, i)
		if err != nil {
			return "", err
		}
		seen = append(seen, how)
	}
	return strings.Join(seen, "; "), nil
}

var errPending = errors.New("the command has no answer yet, and PING has")

// acts waits until one node has answered or answers nothing else.
func (c *command) acts(ctx context.Context, i int) (how string, err error) {
	err = until(ctx, func(ctx context.Context) error {
		if a := c.sent[i].look(); a != nil {
			how = fmt.Sprintf("%s answered %q after %v", c.nodes[i].Name, a.text, a.took.Round(time.Millisecond))
			if a.broken() {
				how = fmt.Sprintf("%s closed the connection without an answer after %v", c.nodes[i].Name, a.took.Round(time.Millisecond))
			}
			return nil
		}
		if c.ping(ctx, i) == nil {
			return errPending
		}
		if a := c.sent[i].look(); a != nil {
			return errPending // it came while PING waited
		}
		how = fmt.Sprintf("%s did not answer PING within %v while it carried the command out", c.nodes[i].Name, pingLimit)
		return nil
	})
	if a := c.sent[i].look(); err == nil && a != nil && a.err != nil && !a.broken() {
		return "", a.err
	}
	return how, err
}

// look is the answer, if there is one.
func (s *sending) look() *answer {
	select {
	case a := <-s.answer:
		s.was = &a
	default:
	}
	return s.was
}

// await waits for the answer; it is nil if ctx ends before.
func (s *sending) await(ctx context.Context) *answer {
	select {
	case a := <-s.answer:
		s.was = &a
	case <-ctx.Done():
	}
	return s.was
}

func (c *command) ping(ctx context.Context, i int) error {
	cl := c.cluster.Client(c.nodes[i], pingLimit)
	defer cl.Close()
	return cl.Ping(ctx).Err()
}

// Heal undoes the command where the scenario says by what, and waits until the nodes have
// carried it out and answer again.
func (c *command) Heal(ctx context.Context) (string, error) {
	if c.stop != nil {
		defer c.stop()
	}
	for _, cl := range c.spare {
		defer cl.Close()
	}
	var seen []string
	for i, n := range c.nodes[:len(c.sent)] {
		how := "answers"
		if len(c.spec.Undo) > 0 {
			text, err := c.undo(ctx, i)
			if err != nil {
				return "", err
			}
			how = fmt.Sprintf("answered %q to %s", text, scenarios.Line(c.spec.Undo))
		}
		if err := until(ctx, func(ctx context.Context) error { return c.ping(ctx, i) }); err != nil {
			return "", fmt.Errorf("%s does not answer after %s: %w", n.Name, scenarios.Line(c.spec.Run), err)
		}
		seen = append(seen, n.Name+" "+how+c.after(ctx, i))
	}
	return strings.Join(seen, "; "), nil
}

// undo sends what undoes the command to one node, by the connection that was opened before,
// or by a new one where that has ended.
func (c *command) undo(ctx context.Context, i int) (string, error) {
	if text, err := c.send(ctx, c.spare[i], c.nodes[i], c.spec.Undo); err == nil {
		return text, nil
	}
	return c.do(ctx, c.nodes[i], c.spec.Undo)
}

// answerLimit is how long the answer of a command may be under way after its node has
// answered PING. A command that waits for others, as BLPOP does, has none then.
const answerLimit = time.Second

// after says how long the command took, if it was under way when it was proved.
func (c *command) after(ctx context.Context, i int) string {
	if c.sent[i].was != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	switch a := c.sent[i].await(ctx); {
	case a == nil:
		return "; the command had no answer by then"
	case a.broken():
		return fmt.Sprintf("; it closed the connection of the command without an answer after %v", a.took.Round(time.Millisecond))
	case a.err != nil:
		return fmt.Sprintf("; the command failed after %v: %v", a.took.Round(time.Millisecond), a.err)
	default:
		return fmt.Sprintf("; the command took %v", a.took.Round(time.Millisecond))
	}
}
