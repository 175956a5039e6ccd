package scenarios

import (
	"errors"
	"io/fs"
	"os"
)

// validateFiles refuses the names of files that do not exist, with their place in the scenario,
// and before a run begins.
func (d *document) validateFiles(s *Scenario) {
	if p := s.Workload.Pattern; p != nil && p.Replay != nil {
		d.validateFile("workload.pattern.replay.file", p.Replay.File)
	}
	if p := s.Workload.Prefill; p != nil && p.From != "" {
		d.validateFile("workload.prefill.from", p.From)
	}
}

func (d *document) validateFile(at, name string) {
	const hint = "a relative name counts from the folder of the scenario"
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.reject(at, nil, hint, "%s does not exist", clip(name))
	case err != nil:
		d.reject(at, nil, "", "%s cannot be read: %v", clip(name), errors.Unwrap(err))
	case st.IsDir():
		d.reject(at, nil, hint, "%s is a folder", clip(name))
	}
}
