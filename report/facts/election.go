package facts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// election is what the nodes' logs tell of it.
type election struct {
	won    *sighting // start of the attempt that won
	first  results.Duration
	starts int
	delay  results.Duration // of the attempt that won; 0 if not logged
	rank   *int
	stuck  []string
	// votes are the candidates of the shard that were voted for, by epoch, and
	// denied what voters said who refused.
	votes  map[int64]map[string]int
	denied []string
}

func readElection(events []results.Event, promoted *sighting, ofShard func(results.Event) bool) election {
	el := election{votes: map[int64]map[string]int{}}
	if promoted == nil {
		return el
	}
	for i, e := range events {
		if e.Offset > promoted.at {
			continue
		}
		switch e.Kind {
		case results.EventVote:
			if el.votes[e.Epoch] == nil {
				el.votes[e.Epoch] = map[string]int{}
			}
			el.votes[e.Epoch][e.About]++
			continue
		case results.EventVoteDenied:
			if !slices.Contains(el.denied, e.Message) {
				el.denied = append(el.denied, e.Message)
			}
			continue
		}
		if !ofShard(e) {
			continue
		}
		switch e.Kind {
		case results.EventElectionStart:
			if el.starts++; el.starts == 1 {
				el.first = e.Offset
			}
			if e.Node == promoted.node {
				el.won = sight(&events[i])
			}
		case results.EventElectionDelay:
			if e.Node == promoted.node {
				el.delay, el.rank = e.Delay, e.Rank
			}
		case results.EventElectionLost:
			if !slices.Contains(el.stuck, e.Message) {
				el.stuck = append(el.stuck, e.Message)
			}
		}
	}
	return el
}

// explanations are what the logs tell of delays in a failover.
func explanations(v results.Failover, el election) []string {
	var list []string
	if el.starts > 1 {
		text := fmt.Sprintf("%d elections were started; the last one won", el.starts)
		if el.won != nil && el.won.at > el.first {
			text += fmt.Sprintf(", %s after the first", words.Duration(el.won.at-el.first))
		}
		list = append(list, text)
	}
	for _, epoch := range splitVotes(el) {
		list = append(list, fmt.Sprintf("the votes were split in epoch %d: %s", epoch, tallied(el.votes[epoch])))
	}
	if len(el.denied) > 0 {
		list = append(list, "a vote was refused: "+strings.Join(el.denied, " / "))
	}
	if el.rank != nil && *el.rank > 0 {
		list = append(list, fmt.Sprintf("the winner had rank %d: another replica was ahead of it", *el.rank))
	}
	if len(el.stuck) > 0 {
		text := "a replica could not fail over for a while: " + strings.Join(el.stuck, " / ")
		if slices.ContainsFunc(el.stuck, TooOld) {
			text += " (cluster-replica-validity-factor)"
		}
		list = append(list, text)
	}
	if st := StepOf(v, StepFail); st != nil && StepOf(v, StepPFail) != nil && v.PredictedMax > 0 {
		if allowed := failAllowance(v); st.Took.Std() > allowed {
			list = append(list, fmt.Sprintf("FAIL came late: a majority agreed %s after the first suspicion, %s are accounted for", words.Duration(st.Took), words.Duration(results.DurationOf(allowed))))
		}
	}
	return list
}

// TooOld recognises the refusal of a replica whose data is older than the
// validity factor allows. Source: clusterLogCantFailover in Redis' cluster.c.
func TooOld(message string) bool {
	return strings.Contains(message, "Disconnected from master") || strings.Contains(message, "Disconnected from primary")
}

// failAllowance is how long after PFAIL the prediction lets FAIL come: half of
// the node timeout, which the range holds once beside the delays, and two passes
// of clusterCron.
func failAllowance(v results.Failover) time.Duration {
	// max − min = T + 4·cron + (random delay) + probe; without the small ones T.
	t := (v.PredictedMin - v.ElectionDelay).Std()
	if v.ElectionDelay == 0 {
		t = v.PredictedMin.Std() - electionDelayMin
	}
	return t/2 + 2*cronPeriod
}

func splitVotes(el election) []int64 {
	var list []int64
	for epoch, candidates := range el.votes {
		if epoch > 0 && len(candidates) > 1 {
			list = append(list, epoch)
		}
	}
	slices.Sort(list)
	return list
}

func tallied(votes map[string]int) string {
	var names []string
	for name := range votes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(votes[b], votes[a]), cmp.Compare(a, b)) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d for %s", votes[name], words.OrNone(name))
	}
	return strings.Join(names, ", ")
}

// outlier says how far a failover is from its prediction and, if nothing in the
// logs explains it, in which step the time went.
func (a *Analysis) outlier(v results.Failover) string {
	text := fmt.Sprintf("took %s where %s is predicted", words.Duration(v.Server), words.Prediction(v))
	if len(v.Explained) > 0 {
		return text
	}
	text += ", unexplained"
	if name, over := a.overlong(v); over > 0 {
		text += fmt.Sprintf(": the step to %s took %s longer than is accounted for", name, words.Duration(over))
	}
	return text
}

// overlong is the step that exceeds its part of the prediction most.
func (a *Analysis) overlong(v results.Failover) (name string, over results.Duration) {
	t := a.NodeTimeout()
	delay := cmp.Or(v.ElectionDelay.Std(), electionDelayMax)
	for step, most := range map[string]time.Duration{
		StepPFail:    t + t/2 + cronPeriod,
		StepFail:     t/2 + 2*cronPeriod,
		StepElection: delay + 2*cronPeriod,
		StepPromoted: cronPeriod,
		StepProbe:    a.Spec.Workload.Probe.Interval.Std() + cronPeriod,
	} {
		if st := StepOf(v, step); st != nil && st.Took-results.DurationOf(most) > over {
			name, over = step, st.Took-results.DurationOf(most)
		}
	}
	return name, over
}
