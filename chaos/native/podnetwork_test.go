package native

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// silentPods are pods whose agents get no answer to any dial.
type silentPods struct {
	Pods
	mu  sync.Mutex
	now map[string]pods.Pod
}

// pairOfPods are a node and a client.
func pairOfPods() *silentPods {
	return &silentPods{now: map[string]pods.Pod{
		"shard-1-0":   {Name: "shard-1-0", UID: "u0", IP: "10.0.0.1", Index: -1},
		"generator-0": {Name: "generator-0", UID: "g0", IP: "10.0.0.9", Index: 0},
	}}
}

func (s *silentPods) put(p pods.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now[p.Name] = p
}

func (s *silentPods) Pod(node string) (pods.Pod, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.now[node]
	return p, ok
}

func (s *silentPods) GeneratorPod(index int) (pods.Pod, error) {
	p, ok := s.Pod(generatorPodName(index))
	if !ok {
		return p, fmt.Errorf("generator %d has no pod", index)
	}
	return p, nil
}

func generatorPodName(index int) string { return fmt.Sprintf("generator-%d", index) }

func (s *silentPods) Help(context.Context, pods.Pod, pods.Helper) error { return nil }

func (s *silentPods) Session(context.Context, pods.Pod, pods.Helper) (io.ReadWriteCloser, error) {
	ours, theirs := net.Pipe()
	go answerSilence(theirs)
	return ours, nil
}

// answerSilence is an agent whose rules are made, and whose dials get no answer.
func answerSilence(conn net.Conn) {
	defer conn.Close()
	write := json.NewEncoder(conn)
	_ = write.Encode(map[string]int{"version": 2, "pid": 1}) // the other side may have left
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		var asked struct {
			Dial *struct{ To []string }
		}
		answer := map[string]any{}
		if json.Unmarshal(lines.Bytes(), &asked) == nil && asked.Dial != nil {
			answer["outcomes"] = strings.Split(strings.Repeat("silent ", len(asked.Dial.To)-1)+"silent", " ")
		}
		_ = write.Encode(answer)
	}
}

// silentMesh makes no rules.
type silentMesh struct{ Mesh }

func (silentMesh) Cut(context.Context, string, []PodRule, time.Duration) error { return nil }

// cutOff is a partition of the node and the client of pairOfPods that is in force.
func cutOff(t *testing.T, s *silentPods, mesh Mesh) *partition {
	t.Helper()
	agents := &Agents{Cluster: s}
	t.Cleanup(agents.Close)
	n := &podNetwork{agents: agents, helper: pods.Hands, mesh: mesh, pods: map[string]pods.Pod{}}
	p := &partition{network: n, name: "cut", limit: time.Minute, spec: scenarios.Partition{Direction: "both", Traffic: "all", Action: "drop"}}
	p.cuts = []separation{{chaos.Side{Nodes: []chaos.Target{{Node: "shard-1-0"}}}, chaos.Side{Generators: []int{0}}}}
	if missing := p.drawAll(); len(missing) > 0 {
		t.Fatal(missing)
	}
	p.came = map[dial]bool{}
	for _, d := range p.dials {
		p.came[d] = true
	}
	if _, err := p.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// No packet is dropped on its way to a pod that has come since the rules were made, and the
// address of the one before stays silent, rules or not.
func TestRulesOfPodsThatWereReplacedAreNotInForce(t *testing.T) {
	for name, mesh := range map[string]Mesh{"builtin": nil, "chaosmesh": silentMesh{}} {
		for who, next := range map[string]pods.Pod{
			"shard-1-0":   {Name: "shard-1-0", UID: "u1", IP: "10.0.0.2", Index: -1},
			"address":     {Name: "shard-1-0", UID: "u0", IP: "10.0.0.3", Index: -1},
			"generator 0": {Name: "generator-0", UID: "g1", IP: "10.0.0.8", Index: 0},
		} {
			t.Run(name+" "+who, func(t *testing.T) {
				s := pairOfPods()
				p := cutOff(t, s, mesh)
				if err := p.InForce(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.put(next)
				err := p.InForce(t.Context())
				if who == "address" {
					who = "shard-1-0"
				}
				if err == nil || !strings.Contains(err.Error(), who+" ") {
					t.Errorf("in force: %v", err)
				}
			})
		}
	}
}

// A host that is gone took its rules along, and its dials can show nothing any more.
func TestAPartitionHealsWithoutAHostThatIsGone(t *testing.T) {
	s := pairOfPods()
	p := cutOff(t, s, nil)
	s.mu.Lock()
	delete(s.now, "generator-0")
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if text, err := p.Heal(ctx); err != nil || !strings.Contains(text, "generator 0 has no pod") {
		t.Errorf("%q %v", text, err)
	}
}
