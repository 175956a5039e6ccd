package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func second(n int) scenarios.Duration { return scenarios.Duration(time.Duration(n) * time.Second) }

// A fault is in force for its duration, and a killed node is away for as long as it says:
// forever is until the end of the timeline.
func TestAPlanSaysHowLongAFaultLasts(t *testing.T) {
	kill := func(away *scenarios.Away) *scenarios.Kill { return &scenarios.Kill{Away: away} }
	plan := Plan(scenarios.Timeline{
		Phases: []scenarios.Phase{{Duration: second(20)}, {Duration: second(10)}},
		Faults: []scenarios.Fault{
			{At: second(1), Duration: second(2), Pause: &scenarios.Pause{}},
			{At: second(4), Kill: kill(nil)},
			{At: second(5), Kill: kill(&scenarios.Away{For: second(6)})},
			{At: second(7), Kill: kill(&scenarios.Away{Forever: true})},
		},
	}, 1)
	for i, want := range []time.Duration{2 * time.Second, 0, 6 * time.Second, 23 * time.Second} {
		if got := plan[i].Lasts; got != want {
			t.Errorf("%s lasts %v, want %v", plan[i].Fault.Detail(), got, want)
		}
	}
}

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
	if diff := deep.Diff([]string{"again-1", "late", "again-2", "again-3"}, names); diff != "" {
		t.Error(diff)
	}
	for n, i := range []int{0, 2, 3} {
		from := time.Duration(1+10*n) * time.Second
		if at := plan[i].At; at < from || at > from+2*time.Second {
			t.Errorf("%s is planned at %v, want %v to 2 s later", plan[i].Name, at, from)
		}
	}
	if diff := deep.Diff(plan, Plan(timeline, 7)); diff != "" {
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
	// slow looks end with their time alone.
	slow bool
}

func (s *script) Check(context.Context, []deployer.Role) (Choice, error) {
	s.steps = append(s.steps, "check")
	return Choice{Targets: []Target{{Node: "node-1", Shard: 1, Role: scenarios.Primary}}, Why: "the test says so"}, s.check
}

func (s *script) InForce(ctx context.Context) error {
	if s.slow {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return s.force
}

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

func (s *script) Action(Injection) (Action, error) {
	if s.slow {
		return lengthy{s}, nil
	}
	return s, nil
}

// lengthy takes long to look.
type lengthy struct{ *script }

func (lengthy) LookLimit() time.Duration { return time.Minute }

// threeByTwo are three shards, each with a primary and a replica.
func threeByTwo(context.Context) []deployer.Role {
	var list []deployer.Role
	for i := range 6 {
		list = append(list, deployer.Role{Node: deployer.Node{Name: fmt.Sprintf("node-%d", i), Shard: i % 3}, Primary: i < 3})
	}
	return list
}

// notebook records in memory; journal fails if full is set.
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

// course is what a fault meets on its way, and where it ends.
type course struct {
	name    string
	action  script
	lasts   time.Duration
	whole   []error // answers, one after the other
	journal error
	want    results.FaultStatus
	reason  string
	steps   []string
	events  []string
}

func courses() []course {
	no := errors.New("no")
	all := []string{"check", "inject", "prove", "heal"}
	return []course{
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
			name: "a look takes longer than it lasts", action: script{slow: true}, lasts: watchEvery * 3 / 2, whole: []error{nil, nil}, want: results.StatusHealed, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultHeal, results.EventFaultVerify},
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
			name: "neither proved nor whole again", action: script{prove: no}, whole: []error{nil, no}, want: results.StatusUnhealed, reason: "nor was it proved: no", steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultHeal, results.EventFaultFailed},
		},
		{
			name: "the cluster does not become whole", whole: []error{nil, no}, want: results.StatusUnhealed, steps: all,
			events: []string{results.EventFaultCheck, results.EventFaultInject, results.EventFaultProof, results.EventFaultHeal, results.EventFaultFailed},
		},
	}
}

func TestAFaultEndsInTheStatusThatItsStepsEarn(t *testing.T) {
	for _, tc := range courses() {
		t.Run(tc.name, func(t *testing.T) {
			notes := &notebook{full: tc.journal}
			answers := tc.whole
			s := &Storm{Engine: &tc.action, Recorder: notes, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: threeByTwo, Whole: func(context.Context) error {
				answer := answers[0]
				answers = answers[1:]
				return answer
			}}
			faults := s.Rage(t.Context(), t.Context(), time.Now(), []Injection{{Name: "f", Lasts: tc.lasts, Fault: scenarios.Fault{Duration: scenarios.Duration(tc.lasts)}}})
			if got := faults[0]; got.Status != tc.want {
				t.Errorf("status is %s (%s), want %s", got.Status, got.Reason, tc.want)
			}
			if faults[0].Status != results.StatusHealed && !strings.Contains(faults[0].Reason, cmp.Or(tc.reason, "no")) {
				t.Errorf("the reason %q does not name the cause", faults[0].Reason)
			}
			if diff := deep.Diff(tc.steps, tc.action.steps); diff != "" {
				t.Errorf("steps: %s", diff)
			}
			if diff := deep.Diff(tc.events, notes.events); diff != "" {
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
		s := &Storm{Engine: downs{}, Recorder: &notebook{}, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: threeByTwo,
			// The second is due while the first is checked.
			Whole: func(context.Context) error { time.Sleep(3 * time.Second); return nil }}
		two := scenarios.Fault{Duration: second(5)}
		plan := []Injection{{Name: "a", Lasts: 5 * time.Second, Fault: two}, {Name: "b", Lasts: 5 * time.Second, Fault: two}}
		plan[0].Fault.Name, plan[1].Fault.Name = "node-0", "node-1"
		var got []results.FaultStatus
		for _, f := range s.Rage(t.Context(), t.Context(), time.Now(), plan) {
			got = append(got, f.Status)
		}
		slices.Sort(got)
		if diff := deep.Diff([]results.FaultStatus{results.StatusHealed, results.StatusRefused}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAStopLeavesFaultsOutThatAreBeingChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Storm{Engine: downs{}, Recorder: &notebook{}, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: threeByTwo,
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
	s := &Storm{Shards: func() int { return 3 }}
	held := func(node string) Effect { return Effect{Held: []string{node}} }
	roles := threeByTwo(t.Context())
	if err := bearable(s.Shards(), roles, []Effect{held("node-0"), held("node-1")}, scenarios.Fault{}); err != nil {
		t.Error(err)
	}
	if err := bearable(s.Shards(), roles, []Effect{held("node-0"), held("node-1"), held("node-0")}, scenarios.Fault{}); err == nil || !strings.Contains(err.Error(), "node-0 is held to one processor already") {
		t.Errorf("held twice: %v", err)
	}
}

func TestSlotsOfAShardMoveByOneFaultAtATime(t *testing.T) {
	moving := func(from, to int) Effect { return Effect{Moving: []int{from, to}} }
	roles := threeByTwo(t.Context())
	if err := bearable(3, roles, []Effect{moving(0, 1)}, scenarios.Fault{}); err != nil {
		t.Error(err)
	}
	if err := bearable(3, roles, []Effect{moving(2, 0), moving(0, 1)}, scenarios.Fault{}); err == nil || !strings.Contains(err.Error(), "slots of shard 0 are moving already") {
		t.Errorf("two moves: %v", err)
	}
}

// TestAFaultWhoseTimeHasPassedIsRefused has the check wait for the cluster.
func TestAFaultWhoseTimeHasPassedIsRefused(t *testing.T) {
	const fromPlanned = time.Minute
	for _, tc := range []struct {
		name          string
		lasts, length time.Duration
		waits         time.Duration
		want          results.FaultStatus
		reason        string
	}{
		{"in time", 5 * time.Second, 2 * time.Minute, 4 * time.Second, results.StatusHealed, ""},
		{"the fault should be over", 5 * time.Second, 2 * time.Minute, 6 * time.Second, results.StatusRefused, "planned at 60.00 s of the timeline and could be injected until 65.00 s; its check ended at 65.00 s: the cluster is not whole before the fault"},
		{"the timeline is over", 5 * time.Second, fromPlanned + 3*time.Second, 4 * time.Second, results.StatusRefused, "until 63.00 s"},
		{"the timeline of a kill is over", 0, fromPlanned + 3*time.Second, 4 * time.Second, results.StatusRefused, "until 63.00 s"},
		{"a kill within the timeline", 0, 2 * time.Minute, 15 * time.Second, results.StatusHealed, ""},
		{"a short fault, less than a second late", 100 * time.Millisecond, 2 * time.Minute, 900 * time.Millisecond, results.StatusHealed, ""},
		{"a short fault, more than a second late", 100 * time.Millisecond, 2 * time.Minute, 1100 * time.Millisecond, results.StatusRefused, "until 61.00 s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, notes, asked := &script{}, &notebook{}, 0
				s := &Storm{Engine: a, Recorder: notes, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: threeByTwo, Length: tc.length, Whole: func(ctx context.Context) error {
					if asked++; asked > 1 {
						return nil
					}
					select {
					case <-time.After(tc.waits):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}}
				f := s.Rage(t.Context(), t.Context(), time.Now(), []Injection{{Name: "f", At: fromPlanned, Lasts: tc.lasts, Fault: scenarios.Fault{Duration: scenarios.Duration(tc.lasts)}}})[0]
				if f.Status != tc.want || !strings.Contains(f.Reason, tc.reason) {
					t.Errorf("it is %s: %s", f.Status, f.Reason)
				}
				if waited := f.Status == results.StatusHealed && f.Waited != fmt.Sprintf("%.1f s until the cluster was whole", tc.waits.Seconds()); waited {
					t.Errorf("it waited %q", f.Waited)
				}
				if injected := slices.Contains(a.steps, "inject"); injected != (tc.want == results.StatusHealed) {
					t.Errorf("steps %v", a.steps)
				}
				if f.Status == results.StatusHealed && (f.Until-f.Planned).Std() != tc.lasts && tc.lasts > 0 {
					t.Errorf("planned %v until %v, lasts %v", f.Planned, f.Until, tc.lasts)
				}
				if f.Status == results.StatusHealed && f.Released < f.Injected+results.DurationOf(tc.lasts) {
					t.Errorf("injected at %v, released at %v", f.Injected, f.Released)
				}
			})
		})
	}
}

// TestASlowDiskMakesAFaultTooLate has the journal take longer than the fault's time
// lasts. The journal must not look as if the fault were in force.
func TestASlowDiskMakesAFaultTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, notes := &script{}, &slowNotebook{step: "inject", takes: 10 * time.Second}
		s := &Storm{Engine: a, Recorder: notes, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: threeByTwo, Length: time.Minute, Whole: func(context.Context) error { return nil }}
		f := s.Rage(t.Context(), t.Context(), time.Now(), []Injection{{Name: "f", At: time.Second, Lasts: 5 * time.Second, Fault: scenarios.Fault{Duration: second(5)}}})[0]
		if f.Status != results.StatusRefused || slices.Contains(a.steps, "inject") {
			t.Errorf("it is %s after %v: %s", f.Status, a.steps, f.Reason)
		}
		if diff := deep.Diff([]string{"check", "inject", "verify"}, notes.journal); diff != "" {
			t.Error(diff)
		}
	})
}

type slowNotebook struct {
	notebook
	step  string
	takes time.Duration
}

func (n *slowNotebook) Journal(e results.JournalEntry) error {
	if e.Step == n.step {
		time.Sleep(n.takes)
	}
	return n.notebook.Journal(e)
}

// TestAFullDiskKeepsNoFaultInForce has the recorder fail from its n-th entry on, for
// every n: what was injected is healed, and the reason names the disk.
func TestAFullDiskKeepsNoFaultInForce(t *testing.T) {
	for n := range 11 {
		synctest.Test(t, func(t *testing.T) {
			a, notes := &script{}, &filling{room: n}
			s := &Storm{Engine: a, Recorder: notes, Clock: results.Clock{Start: time.Now().Add(-time.Second)}, Shards: func() int { return 3 }, Roles: threeByTwo, Whole: func(context.Context) error { return nil }}
			f := s.Rage(t.Context(), t.Context(), time.Now(), []Injection{{Name: "f", Lasts: time.Second, Fault: scenarios.Fault{Duration: second(1)}}})[0]
			injected, healed := slices.Contains(a.steps, "inject"), slices.Contains(a.steps, "heal")
			if injected != healed {
				t.Errorf("room for %d entries: steps %v", n, a.steps)
			}
			if injected && (f.Restored == 0 || f.Verified == 0) {
				t.Errorf("room for %d entries: it was restored at %v, verified at %v", n, f.Restored, f.Verified)
			}
			if f.Status != results.StatusHealed && !strings.Contains(f.Reason, "no space left on device") {
				t.Errorf("room for %d entries: it is %s: %s", n, f.Status, f.Reason)
			}
			if unhurt := f.Status == results.StatusHealed; unhurt != (n >= 10) {
				t.Errorf("room for %d entries: it is %s: %s", n, f.Status, f.Reason)
			}
			if f.Status == results.StatusUnhealed {
				t.Errorf("room for %d entries: it counts as unhealed: %s", n, f.Reason)
			}
		})
	}
}

// filling is a recorder on a disk with room for some entries.
type filling struct {
	mu   sync.Mutex
	room int
}

func (f *filling) take() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.room == 0 {
		return fmt.Errorf("writing journal.jsonl: %w", syscall.ENOSPC)
	}
	f.room--
	return nil
}

func (f *filling) Event(results.Event) error          { return f.take() }
func (f *filling) Journal(results.JournalEntry) error { return f.take() }

// going goes on by itself until it is stopped.
type going struct {
	*script
	stopped chan struct{}
}

func (g going) Stop() { close(g.stopped) }

func (g going) Action(Injection) (Action, error) { return g, nil }

func (g going) Heal(ctx context.Context) (string, error) {
	select {
	case <-g.stopped:
		return g.script.Heal(ctx)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Moved is nothing.
func (going) Moved() *results.SlotMove { return &results.SlotMove{Keys: 7} }

// An action that goes on by itself is stopped when the timeline ends, and says what it did.
func TestTheEndOfTheTimelineStopsWhatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := going{&script{}, make(chan struct{})}
		s := &Storm{Engine: a, Recorder: &notebook{}, Clock: results.Clock{Start: time.Now()}, Shards: func() int { return 3 }, Roles: threeByTwo, Length: 20 * time.Second, Whole: func(context.Context) error { return nil }}
		f := s.Rage(t.Context(), t.Context(), time.Now(), []Injection{{Name: "f", At: 5 * time.Second}})[0]
		if f.Status != results.StatusHealed || f.Restored.Std() != 20*time.Second || f.Moved == nil || f.Moved.Keys != 7 {
			t.Errorf("it is %s at %s: %s, %+v", f.Status, f.Restored, f.Reason, f.Moved)
		}
	})
}
