package native

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

func sh(script string) []scenarios.AnyValue {
	return []scenarios.AnyValue{"sh", "-c", scenarios.AnyValue(script)}
}

func TestProgramsKnowWhatTheyActOn(t *testing.T) {
	t.Parallel()
	p := Program{Fault: "power-2", Names: []string{"node-0", "node-3"}, Addrs: []string{"h:1", "h:2"}, Limit: time.Minute, Secret: "s3cret"}
	for name, tc := range map[string]struct{ script, said string }{
		"environment": {`echo "$SLOTSTORM_FAULT|$SLOTSTORM_STEP|$SLOTSTORM_NODES|$SLOTSTORM_ADDRESSES"`, `printed "power-2|inject|node-0 node-3|h:1 h:2"`},
		"nothing":     {"exit 0", "with exit code 0"},
		"both":        {"echo out; echo err >&2", `printed "out\nerr"`},
		"secret":      {"echo asks s3cret now", `printed "asks *** now"`},
		"failed":      {"echo no >&2; exit 3", `exit status 3, and printed "no"`},
		"background":  {"sleep 60 & echo left", `printed "left"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, err := p.Run(t.Context(), "inject", sh(tc.script))
			if err != nil {
				said = err.Error()
			}
			if failed := name == "failed"; failed != (err != nil) || !strings.Contains(said, tc.said) {
				t.Errorf("%q %v; want %q", said, err, tc.said)
			}
		})
	}
}

// A secret at the edge of what is kept of an output leaves no part of itself.
func TestNoPartOfASecretIsKept(t *testing.T) {
	t.Parallel()
	p := Program{Secret: "abcdefgh"}
	for before := range 12 {
		out := outputTail{most: 20 + len(p.Secret)}
		text := strings.Repeat("-", 40) + p.Secret + strings.Repeat(".", 16+before)
		for i := range text {
			_, _ = out.Write([]byte{text[i]})
		}
		if said := p.masked(out); strings.ContainsAny(said, p.Secret) {
			t.Errorf("%d bytes after it: %q", 16+before, said)
		}
	}
}

func TestAProgramWithoutEndIsEnded(t *testing.T) {
	t.Parallel()
	p := Program{Limit: 300 * time.Millisecond}
	if _, err := p.Run(t.Context(), "inject", sh("sleep 600")); err == nil || !strings.Contains(err.Error(), "it had not ended after 300ms") {
		t.Error(err)
	}
}

// executing is an exec fault of one node that runs.
func executing(t *testing.T, spec scenarios.Exec) (chaos.Action, error) {
	t.Helper()
	addr, _ := redistest.Start(t)
	cluster := &deployer.Cluster{Nodes: []deployer.Node{{Name: "node-0", Addr: addr}}, Shards: 1}
	spec.Target, spec.Timeout = scenarios.Target{By: scenarios.ByNode, Node: "node-0"}, scenarios.Duration(time.Minute)
	x := newExec(chaos.Aim{Nodes: cluster.Nodes}, cluster, chaos.Injection{Name: "x", Fault: scenarios.Fault{Exec: &spec}}, nil)
	_, err := x.Check(t.Context(), []deployer.Role{{Node: cluster.Nodes[0], Primary: true}})
	return x, err
}

func TestExecIsProvedAndHealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x, err := executing(t, scenarios.Exec{
		Inject: sh("(sleep 0.7; touch " + dir + "/done) >/dev/null 2>&1 &"), Prove: sh("test -e " + dir + "/done && echo seen"), Heal: sh("echo $SLOTSTORM_STEP"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if proof, err := x.Prove(t.Context()); err != nil || !strings.Contains(proof, `printed "seen"`) {
		t.Errorf("proved: %q %v", proof, err)
	}
	watched := x.(chaos.Watched)
	if err := watched.InForce(t.Context()); err != nil {
		t.Errorf("in force: %v", err)
	}
	if err := os.Remove(dir + "/done"); err != nil {
		t.Fatal(err)
	}
	if err := watched.InForce(t.Context()); err == nil {
		t.Error("it is over, and is said to be in force")
	}
	if how, err := x.Heal(t.Context()); err != nil || !strings.Contains(how, `printed "heal"; node-0 answers`) {
		t.Errorf("healed: %q %v", how, err)
	}
}

func TestAProgramThatDoesNotExistIsSeenBefore(t *testing.T) {
	t.Parallel()
	if _, err := executing(t, scenarios.Exec{Inject: sh("true"), Heal: []scenarios.AnyValue{"no-such-program"}}); !errors.Is(err, exec.ErrNotFound) {
		t.Error(err)
	}
}
