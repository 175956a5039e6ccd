package results

import "time"

// Clock is a run's one monotonic clock: offsets count from Start.
type Clock struct {
	// Start carries a monotonic reading: it comes from time.Now.
	Start time.Time
}

// Now is the offset of this moment.
func (c Clock) Now() Duration { return Duration(time.Since(c.Start)) }

// Moment is this moment with the wall time that it has by Start: the machine's own may have
// been set since. Without a Start it is that of the machine.
func (c Clock) Moment() time.Time {
	if c.Start.IsZero() {
		return time.Now()
	}
	return c.Start.Add(time.Since(c.Start))
}

// At is the offset of t. A t without a monotonic reading (read from a log) is
// placed by the wall clock.
func (c Clock) At(t time.Time) Duration { return Duration(t.Sub(c.Start)) }

// Emit takes an event. It may be called from many goroutines.
type Emit func(Event)

// Event is a line of events.jsonl.
type Event struct {
	// Offset is when it happened. It is exact to within Uncertainty: the true
	// time lies in (Offset-Uncertainty, Offset].
	Offset      Duration `json:"offsetMs"`
	Uncertainty Duration `json:"uncertaintyMs,omitempty"`
	Kind        string   `json:"kind"`
	// Source is who saw it: "runner", "supervisor", "poll", "log", "probe",
	// "client", "chaos", "upgrade".
	Source string `json:"source"`
	// Node is who saw it or whom it concerns; About is the node spoken of.
	Node  string `json:"node,omitempty"`
	About string `json:"about,omitempty"`
	// Shard is that of About, else of Node; nil if neither.
	Shard   *int   `json:"shard,omitempty"`
	Fault   string `json:"fault,omitempty"`
	Message string `json:"message,omitempty"`
	// Stage and Phase are those of an EventStage: Stage is one of the stages of a
	// run, and Phase the name of the timeline's phase that begins with StagePhase.
	Stage string `json:"stage,omitempty"`
	Phase string `json:"phase,omitempty"`
	// Roll is the way of an upgrade that an event is of: RollForward or RollBack.
	Roll string `json:"roll,omitempty"`
	// Delay, Rank and ReplOffset are read from the election log line.
	Delay      Duration `json:"delayMs,omitempty"`
	Rank       *int     `json:"rank,omitempty"`
	ReplOffset *int64   `json:"replOffset,omitempty"`
	Epoch      int64    `json:"epoch,omitempty"`
	// Slots are those of EventSlotsGained and EventSlotsLost, as CLUSTER NODES writes
	// them: "0-5460 5462".
	Slots Slots `json:"slots,omitempty"`
	// Mode is that of an EventAsked: graceful, force or takeover.
	Mode Mode `json:"mode,omitempty"`
	// Grew is when the replication offset of a replica was last seen to have grown, at
	// EventLinkDown and EventPromoted; bundles before it have none.
	Grew Duration `json:"grewMs,omitempty"`
	// Lasted is the length of an EventLoadAway.
	Lasted Duration `json:"lastedMs,omitempty"`
}

// Mode is how CLUSTER FAILOVER makes a replica take over.
type Mode string

// The modes, as a scenario names them.
const (
	Graceful Mode = "graceful" // the primary hands over
	Force    Mode = "force"    // without the primary, with the votes of the others
	Takeover Mode = "takeover" // without anybody
)

// Stages of a run that readers know by name.
const (
	StageWarmup = "warm-up"
	StagePhase  = "phase"
)

// The ways of an upgrade.
const (
	RollForward = "upgrade"
	RollBack    = "rollback"
)

// Event kinds. The second part of the comment names source and fields.
const (
	// Of the runner.
	EventStage       = "stage"        // runner: Stage, and Phase with StagePhase; Message has both
	EventNote        = "note"         // any: something a reader should know
	EventOutOfReach  = "out-of-reach" // runner, kubernetes: something that the run itself leans on was away: Message has what, for how long and why; emitted when it is back
	EventLoadAway    = "load-away"    // kubernetes: the way of the load and of the probes to the cluster was away for Lasted from Offset on; Message has why; emitted when it is back
	EventFaultCheck  = "fault-check"  // chaos: Fault, Node, Message
	EventFaultInject = "fault-inject" // chaos: Fault, Node; Offset is just before the act
	EventFaultProof  = "fault-proof"  // chaos: Fault, Node, Message
	EventFaultHeal   = "fault-heal"   // chaos: Fault, Node: healing began or was awaited
	EventFaultVerify = "fault-verify" // chaos: Fault, Node: healing verified
	EventFaultFailed = "fault-failed" // chaos: Fault, Message

	// Of an upgrade.
	EventUpgradeBegin = "upgrade-begin" // upgrade: Roll
	EventUpgradeStep  = "upgrade-step"  // upgrade: Roll, Node (none for all), Message is the step; Offset is just before the act
	EventUpgradeDone  = "upgrade-done"  // upgrade: Roll, Node, Message: the step has ended, well or not
	EventUpgradeEnd   = "upgrade-end"   // upgrade: Roll, Message has its status

	// Of processes.
	EventNodeStart = "node-start" // supervisor: Node, Message has the pid
	EventNodeExit  = "node-exit"  // supervisor: Node, Message has how it ended
	EventNodeLeft  = "node-left"  // supervisor: Node left the cluster on purpose and ended, Message has how
	EventLogCut    = "log-cut"    // kubernetes: lines of Node's log may be missing from the bundle: Message has which and why
	EventNodeReady = "node-ready" // supervisor: Node answers PING again after a restart

	// Of the cluster. Polls have the poll's distance as Uncertainty; log lines
	// are stamped by Redis itself, to the millisecond.
	EventPFail         = "pfail"          // poll: Node's view of About turned to fail?
	EventFail          = "fail"           // poll: Node's view of About turned to fail; log: Node marked About by quorum or heard of it
	EventFailClear     = "fail-clear"     // log, poll: Node's view of About is without fail again
	EventElectionDelay = "election-delay" // log: Node (a replica) scheduled its election: Delay, Rank, ReplOffset
	// The wait for an election may change after it was scheduled: by Delay, which is
	// negative if it becomes shorter, with a new Rank; or it ends at once (Valkey 9.1).
	EventElectionPostponed = "election-postponed" // log: Node: Delay, Rank
	EventElectionHastened  = "election-hastened"  // log: Node
	EventElectionStart     = "election-start"     // log: Node asked for votes: Epoch
	EventElectionWon       = "election-won"       // log: Node won
	EventElectionLost      = "election-stuck"     // log: Node says why it can't fail over: Message
	EventVote              = "vote"               // log: Node (a voter) granted its vote to About: Epoch
	EventVoteDenied        = "vote-denied"        // log: Node (a voter) refused its vote to About: Message
	EventAsked             = "failover-asked"     // log: Node accepted CLUSTER FAILOVER: Mode
	EventAskedTimeout      = "failover-timeout"   // log: Node gave up a CLUSTER FAILOVER that it, or its replica, had accepted
	EventFullSync          = "full-sync"          // log: Node (a replica) copies all data of its primary
	EventOutputLimit       = "output-limit"       // log: Node (a primary) closed the connection of a replica that exceeded client-output-buffer-limit: Message
	EventNoBacklog         = "no-backlog"         // log: Node (a primary) had no backlog for what a replica missed: Message
	EventEvicted           = "evicted"            // poll: Node had evicted keys, at maxmemory, since the sample before: the first and the last sight of it
	EventFsyncStall        = "fsync-stall"        // log: Node no longer waits for an fsync of its append-only file that has taken 1 to 2 s or longer, and its commands wait for the disk
	EventSlotsGained       = "slots-gained"       // poll: Node says that it serves Slots, at its config epoch Epoch; its first answer gives all that it serves
	EventSlotsLost         = "slots-lost"         // poll: Node says that it no longer serves Slots
	EventEpoch             = "epoch"              // poll: Node, a primary, has another config epoch: Epoch
	EventFollows           = "follows"            // poll: Node is a replica of About; its first answer and every change
	EventPromoted          = "promoted"           // poll: Node calls itself primary now: Grew
	EventDemoted           = "demoted"            // poll: Node calls itself replica now
	EventLinkUp            = "link-up"            // poll: Node (a replica) has its primary's link up and follows its offset
	EventLinkDown          = "link-down"          // poll: Node (a replica) lost its link: Grew
	EventStateDown         = "state-fail"         // poll, log: Node says cluster_state:fail
	EventStateOK           = "state-ok"           // poll, log: Node says cluster_state:ok
	EventUnreachable       = "unreachable"        // poll: Node does not answer polls
	EventReachable         = "reachable"          // poll: Node answers again
)

// AskedLimit is how long after its EventAsked a replica may take over for that: a manual
// failover that takes longer is given up. Source: CLUSTER_MF_TIMEOUT in Redis' cluster.h,
// and a second for an event that is seen late.
const AskedLimit = Duration(6 * time.Second)

// OutOfSync is since when a node had not followed its primary at a moment, and whether it
// had been started anew and not synchronised since; 0 if it did follow, or was a primary.
// The events are in order.
func OutOfSync(events []Event, node string, at Duration) (since Duration, started bool) {
	for _, e := range events {
		if e.Node != node || e.Offset > at {
			continue
		}
		switch e.Kind {
		case EventNodeExit:
			since, started = e.Offset, true
		case EventLinkDown, EventDemoted:
			if since == 0 {
				since = e.Offset
			}
		case EventLinkUp, EventPromoted:
			since, started = 0, false
		}
	}
	return since, started
}

// StoodStill is since when a replica's data had not grown at a moment, by what was seen when
// it lost its link or became primary, before that moment or next after it; 0 if they had
// grown later than that, or it was not seen. A replica notices only after repl-timeout that
// it gets nothing from its primary.
func StoodStill(events []Event, node string, at Duration) (since Duration) {
	for _, e := range events {
		down, up, promoted := e.Kind == EventLinkDown, e.Kind == EventLinkUp, e.Kind == EventPromoted
		switch {
		case e.Node != node || !down && !up && !promoted:
		case e.Offset > at && (since > 0 || up || e.Grew > at):
			return since
		case e.Offset > at:
			return e.Grew
		case !down:
			since = 0
		case since == 0:
			since = e.Grew
		}
	}
	return since
}

// JournalEntry is a line of journal.jsonl, flushed to disk before the step acts.
type JournalEntry struct {
	Offset Duration `json:"offsetMs"`
	Fault  string   `json:"fault,omitempty"`
	// Step is "place" (where the run takes place), "start" (of a process), "secret"
	// (where one is kept), "nodes" (their addresses), "check", "inject", "prove", "heal", "verify" or "recover"
	// (healed after the run's end).
	Step string `json:"step"`
	Node string `json:"node,omitempty"`
	// Nodes are all nodes that are hit.
	Nodes []string `json:"nodes,omitempty"`
	// Machines are those that a fault breaks: what recover has to mend.
	Machines []Broken `json:"machines,omitempty"`
	// Why says how the target was chosen, or what the step will do.
	Why string `json:"why"`
	// Kubernetes is the place of a run on Kubernetes, at "place", before anything is
	// made there.
	Kubernetes *KubernetesPlace `json:"kubernetes,omitempty"`
	// Local is the place of a run on this machine, at "place".
	Local *LocalPlace `json:"local,omitempty"`
	// Process is what was started on this machine, at "start".
	Process *Process `json:"process,omitempty"`
	// Folder is where a secret is, at "secret".
	Folder string `json:"folder,omitempty"`
	// Addresses are those of the nodes by name, at "nodes".
	Addresses map[string]string `json:"addresses,omitempty"`
}

// KubernetesPlace is where on Kubernetes a run takes place.
type KubernetesPlace struct {
	// Context is that of the kubeconfig.
	Context string `json:"context"`
	// Namespace is the one that was there before the run; empty if the run makes its
	// own.
	Namespace string `json:"namespace,omitempty"`
	// Deployment is the one that the run uses; empty if it makes its own.
	Deployment string `json:"deployment,omitempty"`
}

// LocalPlace is where on this machine a run takes place.
type LocalPlace struct {
	// Sealed says that the kernel ends all of its processes with the run's own.
	Sealed bool `json:"sealed"`
	// KeepVolumes says that the nodes' data is to stay.
	KeepVolumes bool `json:"keepVolumes"`
}

// Process distinguishes a process from every other one: its number, its start
// (clock ticks since boot on Linux, microseconds since 1970 on macOS), the boot, the
// namespace that the number counts in, and the user that it runs as.
type Process struct {
	PID       int    `json:"pid"`
	Start     uint64 `json:"start"`
	Boot      string `json:"boot"`
	Namespace string `json:"namespace,omitempty"`
	UID       int    `json:"uid"`
}
