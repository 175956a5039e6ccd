package scenarios

import (
	"errors"
	"io/fs"
	"os"
)

// validateReplay refuses a replay of a file that does not exist, with its place in the
// scenario, and before a run begins.
func (d *document) validateReplay(s *Scenario) {
	const at, hint = "workload.pattern.replay.file", "a relative name counts from the folder of the scenario"
	p := s.Workload.Pattern
	if p == nil || p.Replay == nil {
		return
	}
	st, err := os.Stat(p.Replay.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.reject(at, nil, hint, "%s does not exist", clip(p.Replay.File))
	case err != nil:
		d.reject(at, nil, "", "%s cannot be read: %v", clip(p.Replay.File), errors.Unwrap(err))
	case st.IsDir():
		d.reject(at, nil, hint, "%s is a folder", clip(p.Replay.File))
	}
}
