package facts

import (
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Election is what the nodes' logs say of it.
type Election struct {
	won   *sighting // start of the attempt that won
	first results.Duration
	// Starts are the attempts up to the one that won; if that was not logged, all.
	Starts int
	// delay is the wait before the attempt that won; nil if it was not logged.
	delay *results.Duration
	rank  *int
	// Stuck is what replicas logged that could not fail over, beside the waits that are
	// part of every election. TooOld: the age of their data was a reason.
	Stuck  []string
	TooOld bool
	// Votes are the candidates of the shard that were voted for, by epoch, and
	// Denied what voters said who refused.
	Votes  map[int64]map[string]int
	Denied []string
}

func readElection(events []results.Event, promoted *sighting, ofShard func(results.Event) bool) Election {
	el := Election{Votes: map[int64]map[string]int{}}
	if promoted == nil {
		return el
	}
	var scheduled results.Duration // when the wait of the winner began
	started := 0
	for i, e := range events {
		if e.Offset > promoted.at {
			continue
		}
		switch e.Kind {
		case results.EventVote:
			if el.Votes[e.Epoch] == nil {
				el.Votes[e.Epoch] = map[string]int{}
			}
			el.Votes[e.Epoch][e.About]++
			continue
		case results.EventVoteDenied:
			if ofShard(results.Event{Node: e.About}) && !slices.Contains(el.Denied, e.Message) {
				el.Denied = append(el.Denied, e.Message)
			}
			continue
		}
		if !ofShard(e) {
			continue
		}
		switch e.Kind {
		case results.EventElectionStart:
			if started++; started == 1 {
				el.first = e.Offset
			}
			if e.Node == promoted.node {
				el.won, el.Starts = sight(&events[i]), started
			}
		case results.EventElectionDelay:
			if e.Node == promoted.node {
				el.delay, el.rank, scheduled = &events[i].Delay, e.Rank, e.Offset
			}
		case results.EventElectionPostponed, results.EventElectionHastened:
			if e.Node == promoted.node && el.delay != nil {
				el.changeWait(e, scheduled)
			}
		case results.EventElectionLost:
			why := stuckBy(e.Message)
			el.TooOld = el.TooOld || why == stuckTooOld
			if why != stuckDelay && why != stuckVotes && !slices.Contains(el.Stuck, e.Message) {
				el.Stuck = append(el.Stuck, e.Message)
			}
		}
	}
	if el.won == nil {
		el.Starts = started
	}
	return el
}

// changeWait is what a log line says of the wait that began at scheduled: it became
// longer or shorter, or ended.
func (el *Election) changeWait(e results.Event, scheduled results.Duration) {
	wait := max(0, e.Offset-scheduled)
	if e.Kind == results.EventElectionPostponed {
		wait = max(0, *el.delay+e.Delay)
	}
	el.delay = &wait
	if e.Rank != nil {
		el.rank = e.Rank
	}
}

// FailAllowance is how long after PFAIL the prediction lets FAIL come: half of
// the node timeout, which the range holds once beside the delays, and two passes
// of clusterCron.
func (a *Analysis) FailAllowance() time.Duration { return a.NodeTimeout()/2 + 2*cronPeriod }

// SplitVotes are the epochs in which more than one candidate got votes, in order.
func (el Election) SplitVotes() []int64 {
	var list []int64
	for epoch, candidates := range el.Votes {
		if epoch > 0 && len(candidates) > 1 {
			list = append(list, epoch)
		}
	}
	slices.Sort(list)
	return list
}

// Overlong is the step that exceeds its part of the prediction most.
func (a *Analysis) Overlong(v results.Failover) (name string, over results.Duration) {
	t := a.NodeTimeout()
	delay := a.longestWait().Std()
	if v.ElectionDelay != nil {
		delay = v.ElectionDelay.Std()
	}
	for step, most := range map[string]time.Duration{
		results.StepPFail:    t + t/2 + cronPeriod,
		results.StepFail:     t/2 + 2*cronPeriod,
		results.StepElection: delay + 2*cronPeriod,
		results.StepPromoted: cronPeriod,
		results.StepProbe:    a.Spec.Workload.Probe.Interval.Std() + cronPeriod,
	} {
		if st := v.Step(step); st != nil && st.Took-results.DurationOf(most) > over {
			name, over = step, st.Took-results.DurationOf(most)
		}
	}
	return name, over
}

// retries is how many cluster-node-timeouts a replica waits, from the time for which it had
// planned an election, before it plans another. Source: auth_retry_time of
// clusterHandleSlaveFailover in Redis' cluster_legacy.c, and clusterHandleReplicaFailover in
// Valkey's.
const retries = 4

// HeldBack is when the winner of a failover had planned an election of a failover before, if
// it could plan none for this one until the servers' pause after that was over, and that pause;
// 0 if that did not hold it back.
func (a *Analysis) HeldBack(f results.Failover) (planned, pause results.Duration) {
	won := f.Step(results.StepElection)
	pause = results.DurationOf(retries * max(a.NodeTimeout(), time.Second))
	fail := f.Step(results.StepFail)
	if won == nil || won.Missing || fail == nil || fail.Missing {
		return 0, 0
	}
	for _, e := range a.Events {
		if e.Node != f.To || e.Kind != results.EventElectionDelay || e.Offset > f.Injected+won.At {
			continue
		}
		if e.Offset < f.Injected+fail.At {
			planned = e.Offset + e.Delay
			continue
		}
		// The first plan of this failover, at the pass of clusterCron after the pause.
		if free := planned + pause; planned > 0 && f.Injected+fail.At < free && Distance(e.Offset, free) < results.DurationOf(5*cronPeriod) {
			return planned, pause
		}
		return 0, 0
	}
	return 0, 0
}

// Waited is the time from the first attempt to the one that won.
func (el Election) Waited() results.Duration {
	if el.won == nil {
		return 0
	}
	return max(el.won.at-el.first, 0)
}
