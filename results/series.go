package results

import "strconv"

// Outcome is what became of a request.
type Outcome string

// The outcomes. Overflow is a request that was due but found no room in
// flight; it was never sent.
const (
	OK       Outcome = "ok"
	Failed   Outcome = "failed"
	Unknown  Outcome = "unknown"
	Overflow Outcome = "overflow"
)

// Unreplicated is the class of a write that too few replicas acknowledged in time.
const Unreplicated = "unreplicated"

// Frame is a line of series.jsonl: one second of one generator. Its requests
// are those whose intended start lies in that second, whenever they ended; so
// what a fault did to a second stands in that second.
type Frame struct {
	Generator int `json:"generator"`
	// Seq counts the generator's frames from 0; it is also the second since
	// Run.LoadStart.
	Seq int `json:"seq"`
	// Commands by name: "GET", "SET".
	Commands map[string]Counts `json:"commands"`
	// Errors counts outcomes other than ok, by class: "CLUSTERDOWN",
	// "dial", "timeout", "eof", "pool", "overflow" ... The class of an unknown outcome
	// is that of the first attempt without an answer.
	Errors map[string]int `json:"errors,omitempty"`
	// Answered counts the requests of unknown outcome that were answered with an error,
	// by class; they are among Errors too. A script or a transaction may have acted
	// before it failed. The other requests of unknown outcome got no answer, or too few
	// replicas ("unreplicated").
	Answered map[string]int `json:"answered,omitempty"`
	// Retried counts requests that ended ok after go-redis had tried them again
	// by itself, by the class of what it ran into: "MOVED", "dial", "eof" ...
	Retried map[string]int `json:"retried,omitempty"`
	// Again counts executions beside the one that an outcome is about, by command: go-redis
	// sends a whole pipeline to a node again if its first request was refused or its
	// connection broke, with the requests that had succeeded.
	Again map[string]int `json:"again,omitempty"`
	// Reads counts the reads that ended ok by the role of the node that answered; only
	// of clients that may read from replicas.
	Reads *Reads `json:"reads,omitempty"`
	// Completed counts ok replies whose reply came in this second: throughput
	// as an observer sees it.
	Completed int `json:"completed"`
	// InFlightMax is the most requests under way at once, Go's view.
	InFlightMax int `json:"inFlightMax"`
	// Probes counts probe writes by shard; only in frames of generator 0.
	Probes map[int]ProbeCount `json:"probes,omitempty"`
	// Self is how the generator's own process fared; only in frames of the
	// process' first generator.
	Self *Self `json:"self,omitempty"`
}

// Self is how the process of a generator fared in a second, or since the frame
// before. What delayed it and for how long is in the histograms of SelfTag.
type Self struct {
	// CPU is its processor time, user and system, all threads.
	CPU Duration `json:"cpuMs"`
	// Cores is how many processors it may run on.
	Cores int `json:"cores"`
	// Starved is how long its threads were ready to run and had no processor,
	// summed over threads; 0 where the kernel does not say.
	Starved Duration `json:"starvedMs"`
	// Paused is how long garbage collection stopped all its goroutines.
	Paused Duration `json:"pausedMs"`
}

// Reads are requests of one command that reads a key, answered ok, by the role that
// the client knew the answering node to have.
type Reads struct {
	Primary int `json:"primary"`
	Replica int `json:"replica"`
}

// Plus adds two counts; nil is none, and two of them stay none.
func (r *Reads) Plus(other *Reads) *Reads {
	switch {
	case other == nil:
		return r
	case r == nil:
		r = &Reads{}
	}
	return &Reads{r.Primary + other.Primary, r.Replica + other.Replica}
}

// Counts are requests by outcome.
type Counts struct {
	OK       int `json:"ok"`
	Failed   int `json:"failed"`
	Unknown  int `json:"unknown"`
	Overflow int `json:"overflow"`
	// Hits and Misses divide the reads among OK: requests of one command that only reads
	// keys. A miss found nothing: its reply was null, an empty list, or a list of nulls.
	// Reads of bundles from before are in neither.
	Hits   int `json:"hits,omitempty"`
	Misses int `json:"misses,omitempty"`
}

// Total is the number of intended requests.
func (c Counts) Total() int { return c.OK + c.Failed + c.Unknown + c.Overflow }

// HitRate is the share of the reads that found something; false if there were none.
func (c Counts) HitRate() (float64, bool) {
	if c.Hits+c.Misses == 0 {
		return 0, false
	}
	return float64(c.Hits) / float64(c.Hits+c.Misses), true
}

// Plus adds two counts.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.OK + d.OK, c.Failed + d.Failed, c.Unknown + d.Unknown, c.Overflow + d.Overflow, c.Hits + d.Hits, c.Misses + d.Misses}
}

// ProbeCount counts the probes of a shard in a second. A probe round is good
// if any node of the shard took the write.
type ProbeCount struct {
	OK  int `json:"ok"`
	Bad int `json:"bad"`
}

// Time is what a histogram measures. Histograms cover requests that were
// answered ok; those that were not have no time that means anything.
type Time string

// The three times of decision 'time is honest'.
const (
	Response Time = "response" // intended start to reply
	Service  Time = "service"  // send to reply
	Slip     Time = "slip"     // intended start to send
)

// Tag names the histogram of a command in latency.hlog: "response/GET".
func Tag(t Time, command string) string { return string(t) + "/" + command }

// ShardTag names the histogram of a shard, all commands together: "response@0".
func ShardTag(t Time, shard int) string { return string(t) + "@" + strconv.Itoa(shard) }

// Delay is what may hold a generator up.
type Delay string

// The delays. Wake is of wire alone, Starved of Linux.
const (
	// Sched is how long goroutines were ready before Go's scheduler ran them.
	Sched Delay = "sched"
	// GC is the pauses of garbage collection.
	GC Delay = "gc"
	// Starved is how long threads were ready before the kernel ran them.
	Starved Delay = "starved"
	// Wake is how much later than asked wire's event loops woke up.
	Wake Delay = "wake"
)

// SelfTag names the histogram of a generator's own delays: "self/sched".
func SelfTag(d Delay) string { return "self/" + string(d) }

// Histogram bounds: microseconds, 1 µs to 10 minutes, three digits.
const (
	HistogramMin    = 1
	HistogramMax    = 600_000_000
	HistogramDigits = 3
)
