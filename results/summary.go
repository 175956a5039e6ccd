package results

// Verdict is the answer of a run.
type Verdict string

// The verdicts. Inconclusive: the run could not show what it set out to (a
// fault unproved, too little load, a sick cluster before the fault,
// interrupted). Invalid: the measurement itself cannot be trusted (the
// generator was the limit).
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	Invalid      Verdict = "invalid"
)

// Verdicts are all of them, the best first.
func Verdicts() []Verdict { return []Verdict{Pass, Fail, Inconclusive, Invalid} }

// Means says what a verdict means and what to do next.
func (v Verdict) Means() string {
	switch v {
	case Pass:
		return "Every objective was met, and the cluster was healthy in the end. Exit code 0."
	case Fail:
		return "An objective was missed, or the cluster was unhealthy in the end. The report says which and by how much. Exit code 4."
	case Inconclusive:
		return "The run does not answer the question: a fault could not be proved, the cluster was unhealthy before it, too few requests succeeded before it, or the servers' own records disagree with the report. The report says which; mend that and run again. Exit code 5."
	case Invalid:
		return "The load generator was late, so the figures describe the machine and not Redis. Lower the rate (--rate), or use a quieter machine. Exit code 5."
	}
	return ""
}

// Summary is what package report derives from a bundle.
type Summary struct {
	Verdict Verdict `json:"verdict"`
	// Reasons say why, most important first; empty for a plain pass.
	Reasons    []string    `json:"reasons,omitempty"`
	Objectives []Objective `json:"objectives"`
	Latency    []Latency   `json:"latency"`
	Load       []PhaseLoad `json:"load"`
	Failovers  []Failover  `json:"failovers"`
	// FailoverStats describe the distribution of Failovers; nil below two.
	FailoverStats *Distribution `json:"failoverStats,omitempty"`
	Availability  Availability  `json:"availability"`
	Losses        []LossGroup   `json:"losses,omitempty"`
	// Recoveries are how long the load took after each fault to be as before it, with
	// the usual tolerance; older bundles have none.
	Recoveries []Recovery `json:"recoveries,omitempty"`
	// Shards are rows of the percentile table by shard, all commands together.
	Shards []ShardLatency `json:"shards,omitempty"`
	// Generator judges the load generator; nil in bundles of older versions.
	Generator *SelfCheck `json:"generator,omitempty"`
	// Upgrade is nil if the timeline has none.
	Upgrade *UpgradeSummary `json:"upgrade,omitempty"`
	// Findings are what the run teaches about the cluster and its client, gravest
	// first.
	Findings []Advice `json:"findings,omitempty"`
	// Warnings are things that a reader must know to trust the figures.
	Warnings []string `json:"warnings,omitempty"`
	// Checks lay the report beside what the servers kept; empty where no folder was
	// read.
	Checks []Check `json:"checks,omitempty"`
}

// Objective is an objective's answer.
type Objective struct {
	// Name is the objective in one line: "response.p99 GET in steady ≤ 20ms".
	Name   string `json:"name"`
	Metric string `json:"metric"`
	// Value is in the metric's unit: seconds, per second, ratio or count; nil
	// if there was nothing to measure.
	Value *float64 `json:"value"`
	// Shown is Value as people read it: "12.4 ms".
	Shown string `json:"shown"`
	// Bound as the scenario wrote it: "≤ 20ms".
	Bound string `json:"bound"`
	// Min and Max are the least and the most that Value may be, in the metric's unit;
	// each is nil without such a bound.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
	// Margin is the distance to the bound as a share of it; negative if missed.
	Margin *float64 `json:"margin,omitempty"`
	// Result is pass, fail, or inconclusive when there was nothing to measure.
	Result Verdict `json:"result"`
	// Evidence points at what it was read from.
	Evidence string `json:"evidence"`
}

// Recovery is how long after a fault a figure of the load was as in the steady state
// again.
type Recovery struct {
	Fault string `json:"fault"`
	// Of is the figure: "throughput" or "p99".
	Of string `json:"of"`
	// Took is 0 if the fault did not change the figure.
	Took Duration `json:"tookMs"`
	// Open means that the figure had not recovered when the timeline ended or the next
	// fault began: it took longer than Took.
	Open bool `json:"open,omitempty"`
}

// SelfCheck is the judgement on the load generator: whether what it measured is
// the server, or itself.
type SelfCheck struct {
	// Valid is false if the generator was the limit; Reasons say by what.
	Valid   bool     `json:"valid"`
	Reasons []string `json:"reasons,omitempty"`
	// Checks in the order of their weight.
	Checks []DelayCheck `json:"checks"`
	// CPU is processor time of the whole process by second of the load; Cores
	// is how many processors it might use; PerRequest is processor time by
	// request that was sent. Part of it does not grow with the rate.
	CPU        float64  `json:"cpu"`
	Cores      int      `json:"cores"`
	PerRequest Duration `json:"cpuPerRequestMs"`
	// Carried is the rate that the generator has shown to carry, in requests per
	// second, and CarriedFrom says so with how it is known. Only of an invalid one.
	Carried     float64 `json:"carried,omitempty"`
	CarriedFrom string  `json:"carriedFrom,omitempty"`
}

// DelayCheck is one delay of the generator, with what is allowed.
type DelayCheck struct {
	// Name is "slip", or a Delay.
	Name  string   `json:"name"`
	Count int64    `json:"count"`
	P50   Duration `json:"p50Ms"`
	P99   Duration `json:"p99Ms"`
	Max   Duration `json:"maxMs"`
	// Share is the delays' sum by time, 0 to 1, where it is what is judged, with
	// AllowedShare; elsewhere P99 is, with Allowed.
	Share        float64  `json:"share,omitempty"`
	AllowedShare float64  `json:"allowedShare,omitempty"`
	Allowed      Duration `json:"allowedMs,omitempty"`
	OK           bool     `json:"ok"`
}

// Failover is one failover, decomposed. Its steps follow each other without
// gaps: step i ends where step i+1 begins, and they add up to Server.
type Failover struct {
	// Fault is the fault that it followed from; empty of a takeover without one, which
	// Cause says more of.
	Fault string `json:"fault"`
	// Cause is what it followed from.
	Cause Origin `json:"cause,omitempty"`
	// Means is how another node took over; empty if nothing shows it.
	Means Means `json:"means,omitempty"`
	Shard int   `json:"shard"`
	// From and To are the old and the new primary.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// Slots are those that went over, where they are not all of the shard.
	Slots Slots `json:"slots,omitempty"`
	// Epoch is the new primary's config epoch; 0 if nothing showed it.
	Epoch int64 `json:"epoch,omitempty"`
	// Injected is the offset from which the steps count: that at which the fault acted
	// or the step of the upgrade began or, of an unexplained takeover, that of the first
	// sign of it. With a fault that need not take a primary away when it acts, such as a
	// busy processor, it is that of the last write or answer of the old primary.
	Injected Duration `json:"injectedMs"`
	Steps    []Step   `json:"steps"`
	// Server is from Injected to the first good write by the probe; Client to
	// the first good write by the application client; Synced until a replica
	// was back in sync. Zero if it did not happen while observed.
	Server Duration `json:"serverMs"`
	Client Duration `json:"clientMs,omitempty"`
	Synced Duration `json:"syncedMs,omitempty"`
	// Outage is the probe's own measure: last good write to first good write.
	Outage Duration `json:"outageMs"`
	// ElectionDelay and Rank are what the winner logged of its wait before the
	// election. ElectionDelay is nil if it logged none; 0 is a wait of no time.
	ElectionDelay *Duration `json:"electionDelayMs,omitempty"`
	Rank          *int      `json:"rank,omitempty"`
	// PredictedMin and PredictedMax bound Server for this configuration.
	PredictedMin Duration `json:"predictedMinMs"`
	PredictedMax Duration `json:"predictedMaxMs"`
	// Complete is false if the shard had not come back when observation ended.
	Complete bool `json:"complete"`
	// Outlier says that Server is outside of what was predicted, and Explained
	// what the logs say of delays; an outlier without is unexplained.
	Outlier   bool     `json:"outlier,omitempty"`
	Explained []string `json:"explainedBy,omitempty"`
	// Note explains what is unusual.
	Note string `json:"note,omitempty"`
}

// Origin is what a failover followed from.
type Origin string

// The origins. Bundles of before they were kept have none, and only failovers that
// followed from a fault.
const (
	OfFault     Origin = "fault"
	OfUpgrade   Origin = "upgrade"
	Unexplained Origin = "unexplained"
)

// Means is how another node took slots over.
type Means string

// The means.
const (
	MeansElected  Means = "election"    // the primary was marked FAIL, and a replica had the votes
	MeansHandover Means = "hand-over"   // a replica was asked to take over, and the primary gave its role to it
	MeansForced   Means = "force"       // a replica was asked to take over without its primary, and had the votes
	MeansTaken    Means = "takeover"    // a replica was asked to take over without votes
	MeansMoved    Means = "slots moved" // another primary has the slots
)

// Step is one phase of a failover: what ended it, when, and how it is known.
type Step struct {
	// Name is what was reached: "PFAIL", "FAIL", "election started",
	// "promoted", "first good write (probe)", "first good write (client)",
	// "replica in sync".
	Name string `json:"name"`
	// At is the time since injection; Took the time since the step before.
	At          Duration `json:"atMs"`
	Took        Duration `json:"tookMs"`
	Uncertainty Duration `json:"uncertaintyMs"`
	Source      string   `json:"source"`
	// Missing marks a step that was not seen; it takes no time.
	Missing bool `json:"missing,omitempty"`
}

// Distribution describes a sample of durations.
type Distribution struct {
	N      int      `json:"n"`
	Min    Duration `json:"minMs"`
	Median Duration `json:"medianMs"`
	Max    Duration `json:"maxMs"`
	Mean   Duration `json:"meanMs"`
	// Low and High are the confidence interval of the median at Confidence.
	Low        Duration `json:"lowMs"`
	High       Duration `json:"highMs"`
	Confidence float64  `json:"confidence"`
}

// Availability is what the probes saw over the timeline.
type Availability struct {
	Shards []ShardAvailability `json:"shards"`
	// Any is time in which at least one shard accepted no write; All in which
	// none did.
	Any Duration `json:"anyMs"`
	All Duration `json:"allMs"`
	// Observed is the time that was watched.
	Observed Duration `json:"observedMs"`
}

// ShardAvailability sums a shard's outages.
type ShardAvailability struct {
	Shard   int      `json:"shard"`
	Outages int      `json:"outages"`
	Down    Duration `json:"downMs"`
	Longest Duration `json:"longestMs"`
}

// LossGroup locates lost writes: those of one shard that go with one fault, had
// one cause and were acknowledged by one node.
type LossGroup struct {
	Shard int    `json:"shard"`
	Fault string `json:"fault,omitempty"`
	// Cause is one of results.CauseAsyncTail and so on; empty in bundles from
	// before causes were kept.
	Cause string `json:"cause,omitempty"`
	Count int    `json:"count"`
	// First and Last are when they were acknowledged, before the promotion
	// (positive: before).
	First Duration `json:"firstBeforePromotionMs"`
	Last  Duration `json:"lastBeforePromotionMs"`
	// FirstAfterFault and LastAfterFault are the same two moments after the fault
	// struck (negative: before).
	FirstAfterFault Duration `json:"firstAfterFaultMs,omitempty"`
	LastAfterFault  Duration `json:"lastAfterFaultMs,omitempty"`
	// Promoted is false where no replica was promoted: then First and Last count
	// from the fault.
	Promoted bool `json:"promoted,omitempty"`
	// Node acknowledged them.
	Node string `json:"node"`
}

// Severity of an Advice.
type Severity string

// The severities: data are gone or wrong; users were without service for longer
// than need be; good to know.
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Note     Severity = "note"
)

// Advice is a finding about a run: what was seen, what it rests on, and what to
// do about it.
type Advice struct {
	// Rule is what found it: "client-topology".
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Title says it in a sentence, with its figures.
	Title    string   `json:"title"`
	Evidence []string `json:"evidence"`
	// Advice is what to do about it.
	Advice string `json:"advice"`
	// Anchor is where in report.html it can be seen: "failover-kill-primary".
	Anchor string `json:"anchor"`
}
