package native

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// onNode prepares a command to one node, and gives a way to ask that node.
func onNode(t *testing.T, spec scenarios.SentCommand) (*command, func(args ...any) string) {
	addr, _ := redistest.Start(t, "--enable-debug-command", "yes")
	cluster := &deployer.Cluster{Nodes: []deployer.Node{{Name: "node-0", Addr: addr}}, Shards: 1}
	spec.Target = scenarios.Target{By: scenarios.ByNode, Node: "node-0"}
	c := &command{aim: chaos.Aim{Nodes: cluster.Nodes}, cluster: cluster, spec: spec}
	if _, err := c.Check(t.Context(), []deployer.Role{{Node: cluster.Nodes[0], Primary: true}}); err != nil {
		t.Fatal(err)
	}
	cl := cluster.Client(cluster.Nodes[0], commandLimit)
	t.Cleanup(func() { cl.Close() })
	return c, func(args ...any) string {
		reply, err := cl.Do(t.Context(), args...).Result()
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(reply)
	}
}

// A command that blocks its node is proved by the node's silence, and healed when the node
// answers again.
func TestACommandThatBlocks(t *testing.T) {
	t.Parallel()
	c, _ := onNode(t, scenarios.SentCommand{Run: []scenarios.AnyValue{"DEBUG", "SLEEP", "2"}})
	if _, err := c.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	proof, err := c.Prove(t.Context())
	if want := "node-0 did not answer PING within 200ms while it carried the command out"; err != nil || proof != want {
		t.Errorf("proved: %q %v, want %q", proof, err, want)
	}
	if how, err := c.Heal(t.Context()); err != nil || !strings.HasPrefix(how, "node-0 answers; the command took 2") {
		t.Errorf("healed: %q %v", how, err)
	}
}

func TestACommandThatIsUndone(t *testing.T) {
	t.Parallel()
	c, ask := onNode(t, scenarios.SentCommand{Run: []scenarios.AnyValue{"CONFIG", "SET", "maxclients", "77"}, Undo: []scenarios.AnyValue{"CONFIG", "SET", "maxclients", "99"}})
	if _, err := c.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if proof, err := c.Prove(t.Context()); err != nil || !strings.HasPrefix(proof, `node-0 answered "OK" after `) {
		t.Errorf("proved: %q %v", proof, err)
	}
	if got := ask("CONFIG", "GET", "maxclients"); got != "[maxclients 77]" {
		t.Errorf("maxclients is %s", got)
	}
	if how, err := c.Heal(t.Context()); err != nil || how != `node-0 answered "OK" to CONFIG SET maxclients 99` {
		t.Errorf("healed: %q %v", how, err)
	}
	if got := ask("CONFIG", "GET", "maxclients"); got != "[maxclients 99]" {
		t.Errorf("maxclients is %s", got)
	}
}

// A node that takes no new connections is reached by one from before.
func TestACommandThatLocksOut(t *testing.T) {
	t.Parallel()
	c, ask := onNode(t, scenarios.SentCommand{Run: []scenarios.AnyValue{"CONFIG", "SET", "maxclients", "1"}, Undo: []scenarios.AnyValue{"CONFIG", "SET", "maxclients", "99"}})
	ask("PING") // it keeps this connection
	if _, err := c.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.ping(t.Context(), 0); err == nil {
		t.Error("it takes a new connection")
	}
	if how, err := c.Heal(t.Context()); err != nil || how != `node-0 answered "OK" to CONFIG SET maxclients 99` {
		t.Errorf("healed: %q %v", how, err)
	}
}

// A command that the server refuses proves nothing.
func TestACommandThatIsRefused(t *testing.T) {
	t.Parallel()
	c, _ := onNode(t, scenarios.SentCommand{Run: []scenarios.AnyValue{"NOSUCH", "THING"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.Inject(ctx); err != nil {
		t.Fatal(err)
	}
	if proof, err := c.Prove(ctx); err == nil || !strings.Contains(err.Error(), "NOSUCH THING to node-0: ERR unknown command") {
		t.Errorf("proved: %q %v", proof, err)
	}
	if _, err := c.Heal(ctx); err != nil {
		t.Errorf("healed: %v", err)
	}
}

// A node that ends on a command closes the connection in place of an answer, however early
// that is seen.
func TestACommandThatEndsItsNode(t *testing.T) {
	t.Parallel()
	c, _ := onNode(t, scenarios.SentCommand{Run: []scenarios.AnyValue{"SHUTDOWN", "NOSAVE"}})
	if _, err := c.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := c.sent[0].await(t.Context()); a == nil || !a.broken() {
		t.Fatalf("answered %+v", a)
	}
	if proof, err := c.Prove(t.Context()); err != nil || !strings.HasPrefix(proof, "node-0 closed the connection without an answer after ") {
		t.Errorf("proved: %q %v", proof, err)
	}
}
