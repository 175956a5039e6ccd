package upkeep

import (
	"context"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/results"
)

// mendMachines mends the machines that open faults broke, and says how they were found. An
// empty text means that there are none. A machine of a cluster that is gone needs no mending; a
// container that is no machine of slotstorm's is left alone.
func mendMachines(ctx context.Context, open []results.JournalEntry) (string, error) {
	var seen []string
	for _, e := range open {
		for _, b := range e.Machines {
			m, there, err := kind.OwnMachine(ctx, b.Name, b.ID)
			if err != nil {
				return "", fmt.Errorf("fault %s: %w", e.Fault, err)
			}
			if !there {
				seen = append(seen, "machine "+b.Name+" is gone")
				continue
			}
			how, err := m.Broken(ctx, b.Action)
			if err == nil {
				err = m.Mend(ctx, b.Action)
			}
			if err != nil {
				return "", fmt.Errorf("fault %s: %w", e.Fault, err)
			}
			was := "was whole"
			if how != "" {
				was = "was broken (" + how + ") and is mended"
			}
			seen = append(seen, "machine "+b.Name+" "+was)
		}
	}
	return strings.Join(seen, "; "), nil
}
