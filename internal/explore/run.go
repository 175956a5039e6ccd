package explore

import (
	"time"

	"github.com/slotstorm/slotstorm/internal/explore/grammar"
)

// Trial is a run to make.
type Trial struct {
	Draft grammar.Draft
	// Try counts the runs of one seed: 0 is the draft as drawn, and the others belong to
	// the shrinking.
	Try int
}

// Outcome is what a trial came to.
type Outcome struct {
	Violations []Violation
	// Verdict is empty if the run has none.
	Verdict string
	Server  string
	Covered []Cell
	Refused int
	Took    time.Duration
	// Dir is the folder with everything of the trial.
	Dir string
}

// Cell is a combination of fault, role and phase.
type Cell struct {
	Fault string `json:"fault"`
	// Role of a node that was hit.
	Role  string `json:"role"`
	Phase string `json:"phase"`
}
