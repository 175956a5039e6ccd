package scenarios

import (
	"fmt"
	"strings"
)

// Remarks are doubts about a valid scenario: commands that are nearly others, where the
// servers may have them.
func (s *Scenario) Remarks() []string {
	var list []string
	for i, f := range s.Timeline.Faults {
		if f.Command == nil || !s.ground().renames {
			continue
		}
		for _, c := range [][]AnyValue{f.Command.Run, f.Command.Undo} {
			if len(c) == 0 {
				continue
			}
			if name := strings.ToUpper(string(c[0])); misspelt(name) != "" {
				list = append(list, fmt.Sprintf("%s: %s is no command that slotstorm knows; did you mean %s?", faultPath(i), clip(name), misspelt(name)))
			}
		}
	}
	return list
}
