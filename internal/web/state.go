package web

import (
	"github.com/slotstorm/slotstorm/results"
)

// point is a second of the load, as the page plots it.
type point struct {
	// T is its start in seconds since the start of load.
	T      int `json:"t"`
	OK     int `json:"ok"`
	Due    int `json:"due"`
	Failed int `json:"failed"`
	// Percentiles of response in milliseconds; 0 if nothing was answered.
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	// Down are the shards whose probes took no write in all of the second.
	Down []int `json:"down,omitempty"`
}

// note is an event as the page lists it.
type note struct {
	// T is in seconds since the start of load, below 0 before.
	T    float64 `json:"t"`
	Kind string  `json:"kind"`
	Text string  `json:"text"`
}

// band is the time of an active fault or upgrade. To is 0 until it ends.
type band struct {
	Name string  `json:"name"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// state is what the page shows of a run as a whole.
type state struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Stage    string `json:"stage"`
	// Elapsed and Total are of the load, in seconds; 0 before it.
	Elapsed float64 `json:"elapsed"`
	Total   float64 `json:"total"`
	Bands   []band  `json:"bands"`
	// Verdict is set when the run has ended.
	Verdict results.Verdict `json:"verdict,omitempty"`
	Reasons []string        `json:"reasons,omitempty"`
	// Lost is why the run cannot be followed any more.
	Lost string `json:"lost,omitempty"`
}

// message is what a stream sends: all of it is cumulative but State.
type message struct {
	State  state   `json:"state"`
	Points []point `json:"points"`
	Notes  []note  `json:"notes"`
}
