package upkeep

import "errors"

// ErrUnhealed marks a fault that may still be active.
var ErrUnhealed = errors.New("a fault may still be active")

// Recovery is the result of recovering a run that has ended.
type Recovery struct {
	Run string `json:"run"`
	// Faults were in force when the run ended, in words.
	Faults []string `json:"faults"`
	// Ended are processes of the run that were still there and were ended.
	Ended []int `json:"ended"`
	// Removed are what the run had left, on Kubernetes or in its folder, and was
	// removed.
	Removed []string `json:"removed,omitempty"`
	// Seen is the evidence that no fault is active any more.
	Seen string `json:"seen"`
}
