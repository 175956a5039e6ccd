package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slotstorm/slotstorm/results"
)

// OutcomeOf judges a run that has ended, of a trial whose folder is dir. A run that the
// search itself ended is not judged.
func OutcomeOf(e Ended, dir string) Outcome {
	o := Outcome{Took: e.Took, Dir: dir}
	if e.Stopped {
		return o
	}
	list, b := Judge(e)
	o.Violations = list
	if b == nil {
		return o
	}
	o.Covered = Covered(&b.Run)
	o.Server = b.Run.Versions.Server.String()
	if s := b.Run.Summary; s != nil {
		o.Verdict = string(s.Verdict)
	}
	for _, f := range b.Run.Faults {
		if f.Status == results.StatusRefused {
			o.Refused++
		}
	}
	return o
}

// The files of a finding, beside scenario.yaml, the log and the folder of the run.
const (
	FindingFile = "finding.json"
	DrawnFile   = "drawn.yaml"
)

// Save gives the folder of a finding its name, and writes the scenario as it was drawn,
// and what it broke, into it.
func Save(f *Finding) error {
	dir := filepath.Join(filepath.Dir(f.Dir), fmt.Sprintf("finding-%d", f.Seed))
	if err := os.Rename(f.Dir, dir); err != nil {
		return err
	}
	f.Dir = dir
	drawn, err := f.Drawn.YAML()
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the finding of seed %d: %w", f.Seed, err)
	}
	return errors.Join(
		results.WriteFile(filepath.Join(f.Dir, DrawnFile), drawn),
		results.WriteFile(filepath.Join(f.Dir, FindingFile), append(raw, '\n')),
	)
}

// Remove removes the folder of a trial.
func Remove(dir string) error {
	if dir == "" {
		return nil
	}
	return os.RemoveAll(dir)
}
