package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func second(n int) scenarios.Duration { return scenarios.Duration(time.Duration(n) * time.Second) }

func TestPlanRepeatsWithSeededJitter(t *testing.T) {
	timeline := scenarios.Timeline{Faults: []scenarios.Fault{
		{Name: "late", At: second(5)},
		{Name: "again", At: second(1), Repeat: &scenarios.FaultRepeat{Times: 3, Every: second(10), Jitter: second(2)}},
	}}
	plan := Plan(timeline, 7)
	var names []string
	for i, in := range plan {
		names = append(names, in.Name)
		if i > 0 && in.At < plan[i-1].At {
			t.Errorf("%s comes before %s", in.Name, plan[i-1].Name)
		}
	}
	if diff := cmp.Diff([]string{"again-1", "late", "again-2", "again-3"}, names); diff != "" {
		t.Error(diff)
	}
	for n, i := range []int{0, 2, 3} {
		from := time.Duration(1+10*n) * time.Second
		if at := plan[i].At; at < from || at > from+2*time.Second {
			t.Errorf("%s is planned at %v, want %v to 2 s later", plan[i].Name, at, from)
		}
	}
	if diff := cmp.Diff(plan, Plan(timeline, 7)); diff != "" {
		t.Errorf("the same seed plans otherwise: %s", diff)
	}
	if other := Plan(timeline, 8); other[0].At == plan[0].At && other[2].At == plan[2].At {
		t.Error("another seed plans the same")
	}
}

// script is an action whose steps go as the test says; it acts on nothing.
type script struct {
	check, inject, prove, force, heal error
	steps                             []string
}

func (s *script) Check(context.Context, []deployer.Role) (Choice, error) {
	s.steps = append(s.steps, "check")
	return Choice{Targets: []Target{{Node: "node-1", Shard: 1, Role: scenarios.Primary}}, Why: "the test says so"}, s.check
}

func (s *script) InForce(context.Context) error { return s.force }

func (s *script) Inject(context.Context) (time.Time, error) {
	s.steps = append(s.steps, "inject")
	return time.Now(), s.inject
}

func (s *script) Prove(context.Context) (string, error) {
	s.steps = append(s.steps, "prove")
	return "seen", s.prove
}

func (s *script) Heal(context.Context) (string, error) {
	s.steps = append(s.steps, "heal")
	return "over", s.heal
}

func (s *script) Action(Injection) (Action, error) { return s, nil }

// threeByTwo are three shards, each with a primary and a replica.
func threeByTwo(context.Context) []deployer.Role {
	var list []deployer.Role
	for i := range 6 {
		list = append(list, deployer.Role{Node: deployer.Node{Name: fmt.Sprintf("node-%d", i), Shard: i % 3}, Primary: i < 3})
	}
	return list
}

// notebook records in memory; journal fails if it is told to.
type notebook struct {
	mu      sync.Mutex
	events  []string
	journal []string
	full    error
}

func (n *notebook) Event(e results.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e.Kind)
	return nil
}

func (n *notebook) Journal(e results.JournalEntry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.journal = append(n.journal, e.Step)
	return n.full
}

func TestAFaultEndsInTheStatusThatItsStepsEarn(t *testing.T) {
	no := errors.New("no")
	all := []string{"check", "inject", "prove", "heal"}
	for _, tc := range []struct {
		name    string
		action  script
		lasts   time.Duration
		whole   []error // answers, one after the other
		journal error
		want    results.FaultStatus
		steps   []string
		events  []string
	}{
		{
			name: "all goes well", whole: []error{nil, nil}, want: results.StatusHealed, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultHeal, results.EventFaultVerify},
		},
		{name: "the cluster is sick before", whole: []error{no}, want: results.StatusRefused, events: []string{results.EventFaultFailed}},
		{name: "no such target", action: script{check: no}, whole: []error{nil}, want: results.StatusRefused, steps: all[:1], events: []string{results.EventFaultFailed}},
		{name: "the journal's disk is full", journal: no, whole: []error{nil}, want: results.StatusRefused, steps: all[:1], events: []string{results.EventFaultFailed}},
		{
			name: "the act fails, perhaps halfway", action: script{inject: no}, whole: []error{nil, nil}, want: results.StatusUnproved, steps: []string{"check", "inject", "heal"},
			events: []string{results.EventFaultCheck, results.EventFaultHeal, results.EventFaultVerify, results.EventFaultFailed},
		},
		{
			name: "it ends before its time", action: script{force: no}, lasts: time.Minute, whole: []error{nil, nil}, want: results.StatusUnproved, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultHeal, results.EventFaultVerify, results.EventFaultFailed},
		},
		{
			name: "it stays in force for its time", lasts: 600 * time.Millisecond, whole: []error{nil, nil}, want: results.StatusHealed, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultHeal, results.EventFaultVerify},
		},
		{
			name: "no proof, but healed all the same", action: script{prove: no}, whole: []error{nil, nil}, want: results.StatusUnproved, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultHeal, results.EventFaultVerify, results.EventFaultFailed},
		},
		{
			name: "it does not heal", action: script{heal: no}, whole: []error{nil}, want: results.StatusUnhealed, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultFailed},
		},
		{
			name: "the cluster does not become whole", whole: []error{nil, no}, want: results.StatusUnhealed, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultHeal, results.EventFaultFailed},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			notes := &notebook{full: tc.journal}
			answers := tc.whole
			s := &Storm{Engine: &tc.action, Recorder: notes, Clock: results.Clock{Start: time.Now()}, Shards: 3, Roles: threeByTwo, Whole: func(context.Context) error {
				answer := answers[0]
				answers = answers[1:]
				return answer
			}}
			faults := s.Rage(t.Context(), t.Context(), time.Now(), []Injection{{Name: "f", Fault: scenarios.Fault{Duration: scenarios.Duration(tc.lasts)}}})
			if got := faults[0]; got.Status != tc.want {
				t.Errorf("status is %s (%s), want %s", got.Status, got.Reason, tc.want)
			}
			if faults[0].Status != results.StatusHealed && !strings.Contains(faults[0].Reason, "no") {
				t.Errorf("the reason %q does not tell the cause", faults[0].Reason)
			}
			if diff := cmp.Diff(tc.steps, tc.action.steps); diff != "" {
				t.Errorf("steps: %s", diff)
			}
			if diff := cmp.Diff(tc.events, notes.events); diff != "" {
				t.Errorf("events: %s", diff)
			}
			if len(answers) > 0 {
				t.Errorf("%d times less asked for wholeness than expected", len(answers))
			}
		})
	}
}

func TestAStopLeavesLaterFaultsOut(t *testing.T) {
	stop, end := context.WithCancel(t.Context())
	a := &script{}
	s := &Storm{Engine: a, Recorder: &notebook{}, Clock: results.Clock{Start: time.Now()}, Whole: func(context.Context) error { return nil }}
	end()
	faults := s.Rage(t.Context(), stop, time.Now(), []Injection{{Name: "f", At: time.Hour}})
	if faults[0].Status != results.StatusPlanned || len(a.steps) > 0 {
		t.Errorf("status %s after steps %v", faults[0].Status, a.steps)
	}
}

// downs makes actions that take the node down which their fault is named after.
type downs struct{}

func (downs) Action(in Injection) (Action, error) { return &downing{node: in.Fault.Name}, nil }

type downing struct {
	script
	node string
}

func (d *downing) Check(context.Context, []deployer.Role) (Choice, error) {
	return Choice{Effect: Effect{Down: []string{d.node}}}, nil
}

func TestOfTwoFaultsAtOnceTheSecondSeesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Storm{Engine: downs{}, Recorder: &notebook{}, Clock: results.Clock{Start: time.Now()}, Shards: 3, Roles: threeByTwo,
			// Longer than a fault is in force.
			Whole: func(context.Context) error { time.Sleep(3 * time.Second); return nil }}
		two := scenarios.Fault{Duration: second(2)}
		plan := []Injection{{Name: "a", Fault: two}, {Name: "b", Fault: two}}
		plan[0].Fault.Name, plan[1].Fault.Name = "node-0", "node-1"
		var got []results.FaultStatus
		for _, f := range s.Rage(t.Context(), t.Context(), time.Now(), plan) {
			got = append(got, f.Status)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]results.FaultStatus{results.StatusHealed, results.StatusRefused}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAStopLeavesFaultsOutThatAreBeingChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Storm{Engine: downs{}, Recorder: &notebook{}, Clock: results.Clock{Start: time.Now()}, Shards: 3, Roles: threeByTwo,
			Whole: func(context.Context) error { time.Sleep(3 * time.Second); return nil }}
		stop, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		one := scenarios.Fault{Name: "node-0", Duration: second(2)}
		for _, f := range s.Rage(t.Context(), stop, time.Now(), []Injection{{Name: "a", Fault: one}, {Name: "b", Fault: one}}) {
			if f.Status != results.StatusPlanned || f.Injected != 0 || f.Reason != "the run was stopped while it was checked" {
				t.Errorf("%s is %s: %s", f.Name, f.Status, f.Reason)
			}
		}
	})
}

func TestANodeIsHeldByOneFaultAtATime(t *testing.T) {
	s := &Storm{Shards: 3}
	held := func(node string) Effect { return Effect{Held: []string{node}} }
	roles := threeByTwo(t.Context())
	if err := s.bearable(roles, []Effect{held("node-0"), held("node-1")}, scenarios.Fault{}); err != nil {
		t.Error(err)
	}
	if err := s.bearable(roles, []Effect{held("node-0"), held("node-1"), held("node-0")}, scenarios.Fault{}); err == nil || !strings.Contains(err.Error(), "node-0 is held to one processor already") {
		t.Errorf("held twice: %v", err)
	}
}
