package results

// Latency is one row of the percentile table, in milliseconds; Phase "all" is
// the timeline without warm-up.
type Latency struct {
	Phase   string   `json:"phase"`
	Command string   `json:"command"`
	Time    Time     `json:"time"`
	Count   int64    `json:"count"`
	Mean    Duration `json:"meanMs"`
	P50     Duration `json:"p50Ms"`
	P90     Duration `json:"p90Ms"`
	P95     Duration `json:"p95Ms"`
	P99     Duration `json:"p99Ms"`
	P999    Duration `json:"p99.9Ms"`
	P9999   Duration `json:"p99.99Ms"`
	Max     Duration `json:"maxMs"`
}

// ShardLatency is Latency of one shard; its Command is "all".
type ShardLatency struct {
	Shard int `json:"shard"`
	Latency
}

// PhaseLoad counts a phase's requests by intended start; Phase "all" as above.
type PhaseLoad struct {
	Phase   string  `json:"phase"`
	Command string  `json:"command"`
	Counts  Counts  `json:"counts"`
	Seconds float64 `json:"seconds"`
	// Throughput is ok per second.
	Throughput float64 `json:"throughput"`
	// Errors by class; only in rows with Command "all".
	Errors map[string]int `json:"errors,omitempty"`
	// Reads is that of the frames; only in rows with Command "all".
	Reads *Reads `json:"reads,omitempty"`
	// Answered is that of the frames; only in rows with Command "all".
	Answered map[string]int `json:"answered,omitempty"`
}
