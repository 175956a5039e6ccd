package scenarios

import "fmt"

// phaseFields are the paths of one field of every phase.
func phaseFields(t Timeline, name string) []string {
	paths := []string{"timeline.phases"}
	for i := range t.Phases {
		paths = append(paths, fmt.Sprintf("timeline.phases[%d].%s", i, name))
	}
	return paths
}

func faultPath(i int) string { return fmt.Sprintf("timeline.faults[%d]", i) }
