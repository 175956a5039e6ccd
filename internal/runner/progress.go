package runner

import "time"

// Observer follows a run. Observe is called from several goroutines, one at a
// time.
type Observer interface{ Observe(Progress) }

// Progress is one look at a run.
type Progress struct {
	// Stage is the stage that the run is in: "deploy", "warm-up", "timeline" ...
	Stage string
	// Phase and Fault are the timeline's phase and the faults in force, if any.
	Phase, Fault string
	// Elapsed and Total measure warm-up and timeline; zero before.
	Elapsed, Total time.Duration
	// Requests and Errors count since the start of load. Rate is ok replies in
	// the last whole second, P99 their response time.
	Requests, Errors int64
	Rate             float64
	P99              time.Duration
	// Message is a line worth keeping; empty in a periodic look.
	Message string
}
