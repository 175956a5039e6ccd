package results

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestABundleOfVersion1IsCompleted reads one that slotstorm wrote when it had words
// alone for stages, for the ways of an upgrade and for what a fault does.
func TestABundleOfVersion1IsCompleted(t *testing.T) {
	b, err := Read("testdata/version1")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Traits{
		"stop-1":    {Takes: TakesProcess, Deposes: true, Asked: true, Signal: "SIGTERM", Engine: "builtin"},
		"stop-2":    {Takes: TakesProcess, Deposes: true, Asked: true, Signal: "SIGTERM", Engine: "builtin"},
		"crash":     {Takes: TakesProcess, Deposes: true, Signal: "SIGKILL", Engine: "builtin"},
		"stand":     {Takes: TakesTime, Lasts: true, Deposes: true, Signal: "SIGSTOP", Engine: "builtin"},
		"hand-over": {Takes: TakesRole, Deposes: true, Asked: true, Engine: "builtin"},
	}
	if b.Run.SchemaVersion != 1 || len(b.Run.Faults) != len(want) {
		t.Errorf("version %d with %d faults", b.Run.SchemaVersion, len(b.Run.Faults))
	}
	for _, f := range b.Run.Faults {
		if f.Traits != want[f.Name] {
			t.Errorf("%s: %+v, want %+v", f.Name, f.Traits, want[f.Name])
		}
	}
	var stages, phases, rolls []string
	for _, e := range b.Events {
		switch e.Kind {
		case EventStage:
			stages = append(stages, e.Stage)
			if e.Stage == StagePhase {
				phases = append(phases, e.Phase)
			}
		case EventUpgradeBegin, EventUpgradeEnd:
			rolls = append(rolls, e.Roll)
		}
	}
	if !slices.Contains(stages, StageWarmup) || !slices.Equal(phases, []string{"steady", "broken"}) || !slices.Equal(rolls, []string{RollForward, RollForward}) {
		t.Errorf("stages %q, phases %q, ways of the upgrade %q", stages, phases, rolls)
	}
}

// TestFaultsOfVersion1WithoutAScenario have their kind and their text alone.
func TestFaultsOfVersion1WithoutAScenario(t *testing.T) {
	raw := `{"schemaVersion":1,"scenario":{},"faults":[{"name":"a","kind":"kill","detail":"SIGTERM to primary of shard 0"},{"name":"b","kind":"drain"},{"name":"c","kind":"unheard-of"}]}`
	r, err := decodeRun([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Faults[0]; f.Signal != "SIGTERM" || !f.Asked {
		t.Errorf("a kill by SIGTERM: %+v", f.Traits)
	}
	if f := r.Faults[1]; !f.Asked || !f.Gradual || !f.Lasts || f.Takes != TakesProcess {
		t.Errorf("a drain: %+v", f.Traits)
	}
	if f := r.Faults[2]; f.Traits != (Traits{Engine: "builtin"}) {
		t.Errorf("an unknown kind: %+v", f.Traits)
	}
}

// TestVersion2IsLeftAsItIs: what it does not say is not guessed from its text.
func TestVersion2IsLeftAsItIs(t *testing.T) {
	r, err := decodeRun([]byte(`{"schemaVersion":2,"faults":[{"name":"a","kind":"kill","detail":"SIGTERM to primary of shard 0"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if r.Faults[0].Traits != (Traits{}) {
		t.Errorf("%+v", r.Faults[0].Traits)
	}
	for _, e := range []Event{
		{Kind: EventStage, Stage: StagePhase, Phase: "a", Message: "phase: b"},
		{Kind: EventUpgradeEnd, Roll: RollBack, Message: "upgrade done"},
		{Kind: EventNote, Message: "phase: b"},
	} {
		if back := roundTrip(t, e); !reflect.DeepEqual(back, e) {
			t.Errorf("%+v, want %+v", back, e)
		}
	}
	at := &KubernetesPlace{Context: "kind-a", Namespace: "b", Deployment: "c"}
	if k := roundTrip(t, JournalEntry{Step: "place", Why: "context other", Kubernetes: at}).Kubernetes; k == nil || *k != *at {
		t.Errorf("the place is %+v", k)
	}
}

// TestAJournalOfVersion1NamesItsPlace: in it the context is in a text, and the
// namespace and the deployment are nodes.
func TestAJournalOfVersion1NamesItsPlace(t *testing.T) {
	old := JournalEntry{Step: "place", Why: "context kind-a", Nodes: []string{"ns", ""}}
	if k := roundTrip(t, old).Kubernetes; k == nil || *k != (KubernetesPlace{Context: "kind-a", Namespace: "ns"}) {
		t.Errorf("the place is %+v", k)
	}
	for _, e := range []JournalEntry{
		{Step: "place", Why: "a sealed room on this machine"},
		{Step: "inject", Why: "context kind-a", Nodes: []string{"ns", ""}},
		{Step: "place", Why: "context kind-a"},
	} {
		if k := roundTrip(t, e).Kubernetes; k != nil {
			t.Errorf("%+v: the place is %+v", e, k)
		}
	}
}

func roundTrip[T any](t *testing.T, v T) T {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// TestRecordedBundlesOpen opens the runs that the documentation shows, all of
// version 1, and what their seals say of them.
func TestRecordedBundlesOpen(t *testing.T) {
	dirs, err := filepath.Glob("../examples/nightly/runs/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%v, %d recorded bundles", err, len(dirs))
	}
	for _, dir := range dirs {
		b, err := Load(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, e := range b.Events {
			if e.Kind == EventStage && (e.Stage == "" || (e.Stage == StagePhase) != strings.HasPrefix(e.Message, "phase: ")) {
				t.Errorf("%s: stage %q of %q", dir, e.Stage, e.Message)
			}
		}
		for _, f := range b.Run.Faults {
			if f.Takes == "" {
				t.Errorf("%s: fault %s takes nothing", dir, f.Name)
			}
		}
		if raw, err := os.ReadFile(filepath.Join(dir, RunFile)); err != nil || !strings.Contains(string(raw), `"schemaVersion": 1,`) {
			t.Errorf("%s is no bundle of version 1: %v", dir, err)
		}
	}
}
