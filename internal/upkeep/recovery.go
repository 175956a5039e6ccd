package upkeep

import "errors"

// ErrUnhealed marks a fault that may still be in force.
var ErrUnhealed = errors.New("a fault may still be in force")

// Recovery is what was found of a run that has ended, and what was done about it.
type Recovery struct {
	Run string `json:"run"`
	// Faults were in force when the run ended, in words.
	Faults []string `json:"faults"`
	// Ended are processes of the run that were still there and were ended.
	Ended []int `json:"ended"`
	// Removed are what the run had left, on Kubernetes or in its folder, and was
	// removed.
	Removed []string `json:"removed,omitempty"`
	// Seen says by what is known that nothing is in force any more.
	Seen string `json:"seen"`
}
