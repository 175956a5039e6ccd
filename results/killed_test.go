package results

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestPruneOfKilledRuns: a killed run goes only if its process has ended, it was recovered,
// and nothing but its own files is in it.
func TestPruneOfKilledRuns(t *testing.T) {
	fault, recovered := JournalEntry{Fault: "f", Step: "inject"}, JournalEntry{Step: "recover"}
	for _, tc := range []struct {
		name  string
		plant func(w *Writer) error
		goes  bool
	}{
		{"killed", func(*Writer) error { return nil }, false},
		{"recovered", func(w *Writer) error { return w.Journal(recovered) }, true},
		{"recovered, with a fault since", func(w *Writer) error { return errors.Join(w.Journal(recovered), w.Journal(fault)) }, false},
		{"killed with an open fault", func(w *Writer) error { return w.Journal(fault) }, false},
		{"killed and recovered", func(w *Writer) error {
			return errors.Join(w.Journal(fault), w.Journal(JournalEntry{Fault: "f", Step: "recover"}))
		}, true},
		{"recovered, with volumes", func(w *Writer) error {
			return errors.Join(w.Journal(recovered), os.Mkdir(filepath.Join(w.Dir(), VolumesDir), 0o755))
		}, false},
		{"recovered, with a foreign file", func(w *Writer) error {
			return errors.Join(w.Journal(recovered), os.WriteFile(filepath.Join(w.Dir(), "notes.txt"), nil, 0o644))
		}, false},
		{"recovered, with a foreign file among the nodes'", func(w *Writer) error {
			return errors.Join(w.Journal(recovered), os.WriteFile(filepath.Join(w.Dir(), "nodes", "core.1234"), nil, 0o644))
		}, false},
		{"killed while it was sealed", func(w *Writer) error {
			return errors.Join(w.Journal(recovered), w.Finish(), w.SaveRun(&Run{SchemaVersion: SchemaVersion, ID: "x", Name: "test"}))
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			w := begun(t, root)
			if err := tc.plant(w); err != nil {
				t.Fatal(err)
			}
			killed(t, root, "under way", false)
			if err := w.Close(); err != nil { // as the end of its process does
				t.Fatal(err)
			}
			if list, err := Prune(root, Retention{Now: time.Now()}, false); err != nil || list[0].Removed {
				t.Errorf("without Killed: %+v, %v", list, err)
			}
			killed(t, root, tc.name, tc.goes)
			if _, err := os.Lstat(w.Dir()); (err == nil) == tc.goes {
				t.Errorf("the folder: %v", err)
			}
		})
	}
}

// begun is a run that is under way.
func begun(t *testing.T, root string) *Writer {
	t.Helper()
	w, err := Create(root, "test-20261122T223106Z-0001", time.Date(2026, 11, 22, 22, 31, 6, 0, time.UTC))
	if err == nil {
		err = errors.Join(w.Event(Event{Kind: EventStage, Source: "runner", Message: "deploy"}), w.Ledger(Write{Seq: 1, Key: "k"}), WriteFile(w.Path(ScenarioFile), []byte("kind: Scenario\n")))
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// killed prunes the killed runs of root, and fails unless its only run goes or stays.
func killed(t *testing.T, root, name string, goes bool) {
	t.Helper()
	list, err := Prune(root, Retention{Now: time.Now(), Killed: true, Complete: true}, false)
	if err != nil || len(list) != 1 || list[0].Removed != goes || list[0].Why == "" {
		t.Errorf("%s: %+v, %v", name, list, err)
	}
}

// TestPruneKeepsYoungKilledRuns: Within holds for killed runs too, and complete ones stay
// beside them.
func TestPruneKeepsYoungKilledRuns(t *testing.T) {
	root := t.TempDir()
	w := begun(t, root)
	if err := errors.Join(w.Journal(JournalEntry{Step: "recover"}), w.Close()); err != nil {
		t.Fatal(err)
	}
	soon := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	list, err := Prune(root, Retention{Now: soon, Within: time.Hour, Killed: true}, true)
	if err != nil || list[0].Chosen {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = Prune(root, Retention{Now: soon, Within: time.Minute, Killed: true}, true); err != nil || !list[0].Chosen {
		t.Errorf("%+v, %v", list, err)
	}
}
