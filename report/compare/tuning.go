package compare

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// The phases of the runs of a tuning.
const (
	QuietPhase  = "quiet"
	KilledPhase = "killed"
)

// TuningSchemaVersion is the version of Tuning's JSON.
const TuningSchemaVersion = 1

// TimeoutOutcome is what came of a timeout, or of a run with it.
type TimeoutOutcome string

// The outcomes.
const (
	Quiet     TimeoutOutcome = "quiet"
	Falsely   TimeoutOutcome = "false failover"
	Undecided TimeoutOutcome = "not decided"
)

// TimeoutRun is a run with a timeout.
type TimeoutRun struct {
	Run     string         `json:"run"`
	Outcome TimeoutOutcome `json:"outcome"`
	Why     string         `json:"why,omitempty"`
	// Watched is the time of the load, in which a false failover would have been seen.
	Watched results.Duration      `json:"watchedMs"`
	False   []facts.FalseFailover `json:"falseFailovers"`
}

// TimeoutStep is one timeout that was tried.
type TimeoutStep struct {
	// Position is that on the ladder, from 1 on.
	Position int              `json:"position"`
	Timeout  results.Duration `json:"timeoutMs"`
	Outcome  TimeoutOutcome   `json:"outcome"`
	Runs     []TimeoutRun     `json:"runs"`
}

// TimeoutKill is a run in which a primary was killed.
type TimeoutKill struct {
	Timeout results.Duration `json:"timeoutMs"`
	Run     string           `json:"run"`
	// Server is from the kill to the first good write; 0 if no other node took over, and
	// Why says so.
	Server results.Duration `json:"serverMs"`
	Why    string           `json:"why,omitempty"`
	// PredictedMin and PredictedMax bound it without the condition; 0 if the rules of the
	// server are not known.
	PredictedMin results.Duration `json:"predictedMinMs"`
	PredictedMax results.Duration `json:"predictedMaxMs"`
}

// Tuning is the answer to: how low may cluster-node-timeout be?
type Tuning struct {
	SchemaVersion int    `json:"schemaVersion"`
	Scenario      string `json:"scenario"`
	// Condition is what the nodes were exposed to, in words.
	Condition string `json:"condition"`
	// Ladder are the timeouts that could be tried, from the highest to the lowest; Repeat
	// is how many runs without a false failover one needs.
	Ladder []results.Duration `json:"ladderMs"`
	Repeat int                `json:"repeat"`
	// Own is the timeout of the scenario.
	Own results.Duration `json:"ownMs"`
	// Environment and Server are where and what was measured.
	Environment results.Environment `json:"environment"`
	Server      results.Server      `json:"server"`
	// Lowest is the lowest timeout without a false failover, 0 if none was found, and
	// Falsely the highest below it with one, 0 if none was found.
	Lowest  results.Duration `json:"lowestMs"`
	Falsely results.Duration `json:"falselyMs"`
	// Unfinished is why the search ended before its answer was known.
	Unfinished string        `json:"unfinished,omitempty"`
	Steps      []TimeoutStep `json:"steps"`
	Kills      []TimeoutKill `json:"kills"`
}

// JudgeTimeout judges a run by its false failovers alone.
func JudgeTimeout(b *results.Bundle) (TimeoutRun, error) {
	sc, err := facts.ScenarioOf(b)
	if err != nil {
		return TimeoutRun{}, err
	}
	r := TimeoutRun{Run: facts.RunName(b), Outcome: Quiet, Watched: b.Run.LoadEnd - exposed(b), False: []facts.FalseFailover{}}
	r.False = append(r.False, facts.New(b, sc).FalseFailovers()...)
	unmet := notInForce(b)
	switch {
	case b.Run.Interrupted != "":
		r.Outcome, r.Why = Undecided, "interrupted: "+b.Run.Interrupted
	case !b.Run.HealthyBefore:
		r.Outcome, r.Why = Undecided, "the cluster was not healthy when the load began"
	case len(r.False) > 0:
		r.Outcome, r.Why = Falsely, falseWords(b, r.False[0])
	case unmet != "":
		r.Outcome, r.Why = Undecided, unmet
	case 2*r.Watched < b.Run.LoadEnd-b.Run.TimelineStart:
		r.Outcome, r.Why = Undecided, fmt.Sprintf("the nodes were exposed to the condition for %s only", words.Duration(max(0, r.Watched)))
	}
	return r, nil
}

// exposed is since when nodes were exposed to all that was planned from the start of the
// timeline.
func exposed(b *results.Bundle) results.Duration {
	since := b.Run.TimelineStart
	for _, f := range slices.Concat(b.Run.Network, b.Run.Faults) {
		if f.Lasts && f.Planned <= b.Run.TimelineStart+results.DurationOf(100*time.Millisecond) {
			since = max(since, f.Proved)
		}
	}
	return since
}

// notInForce says which fault or condition of a run was not proved; empty if all were.
func notInForce(b *results.Bundle) string {
	for _, f := range slices.Concat(b.Run.Network, b.Run.Faults) {
		if f.Status != results.StatusHealed {
			return words.Sentence(": ", f.Name+" was "+string(f.Status), f.Reason)
		}
	}
	return ""
}

// falseWords are a false failover in words. Times count from the start of the load.
func falseWords(b *results.Bundle, f facts.FalseFailover) string {
	text := fmt.Sprintf("%s was marked FAIL after %s", f.Node, words.Duration(f.At-b.Run.LoadStart))
	if f.To != "" {
		text += ", and " + f.To + " took over"
	}
	return text
}

// JudgeKill is how long the failover of a killed primary took.
func JudgeKill(b *results.Bundle, timeout time.Duration) (TimeoutKill, error) {
	sc, err := facts.ScenarioOf(b)
	if err != nil {
		return TimeoutKill{}, err
	}
	k := TimeoutKill{Timeout: results.DurationOf(timeout), Run: facts.RunName(b), Why: "no other node took over"}
	kill := b.Run.Faults[len(b.Run.Faults)-1]
	for _, f := range judge.Summary(facts.New(b, sc)).Failovers {
		if f.Fault != kill.Name || !f.Completed() {
			continue
		}
		k.Server, k.PredictedMin, k.PredictedMax, k.Why = f.Server, f.PredictedMin, f.PredictedMax, ""
	}
	if kill.Status != results.StatusHealed {
		k.Why = words.Sentence(": ", "the kill was "+string(kill.Status), kill.Reason)
	} else if unmet := notInForce(b); unmet != "" {
		k.Why = unmet
	}
	return k, nil
}

// Watched is the time of all runs that were quiet.
func (s TimeoutStep) Watched() time.Duration {
	var sum time.Duration
	for _, r := range s.Runs {
		if r.Outcome == Quiet {
			sum += r.Watched.Std()
		}
	}
	return sum
}

// ruleOfThree bounds, at 95 % confidence, the mean number of events of a Poisson process in a
// time in which none was seen: -ln 0.05.
const ruleOfThree = 2.996

// Rare is the least mean distance of two false failovers, at 95 % confidence, by a time in which
// none was seen.
func (s TimeoutStep) Rare() time.Duration {
	return time.Duration(math.Round(float64(s.Watched())/ruleOfThree/float64(time.Millisecond))) * time.Millisecond
}

// step is the last one at a timeout.
func (t *Tuning) step(timeout results.Duration) TimeoutStep {
	for _, s := range slices.Backward(t.Steps) {
		if s.Timeout == timeout {
			return s
		}
	}
	return TimeoutStep{}
}

// Sentences are the answer.
func (t *Tuning) Sentences() []string {
	var list []string
	if t.Unfinished != "" {
		list = append(list, "the search is not finished: "+t.Unfinished)
	}
	undecided := !slices.ContainsFunc(t.Steps, func(s TimeoutStep) bool { return s.Outcome != Undecided })
	switch {
	case t.Lowest > 0:
	case len(t.Steps) > 0 && undecided:
		return append(list, "whether a timeout is without false failovers is open: no run decided it")
	default:
		text := "no timeout was found without a false failover"
		if len(t.Steps) > 0 {
			text += fmt.Sprintf("; the highest that was tried is %s", words.Duration(slices.MaxFunc(t.Steps, func(a, b TimeoutStep) int { return int(a.Timeout - b.Timeout) }).Timeout))
		}
		return append(list, text)
	}
	s := t.step(t.Lowest)
	text := fmt.Sprintf("cluster-node-timeout %d is the lowest on the ladder without a false failover: %s, %s in all. With 95 %% confidence the mean time between two is at least %s",
		t.Lowest.Std().Milliseconds(), words.Plural(t.Repeat, "run", "runs"), words.Duration(results.DurationOf(s.Watched())), words.Duration(results.DurationOf(s.Rare())))
	list = append(list, text)
	if t.Falsely > 0 {
		list = append(list, fmt.Sprintf("at %s: %s", words.Duration(t.Falsely), t.why(t.Falsely)))
	} else {
		list = append(list, "no timeout with a false failover was found below it: a lower one may do")
	}
	for _, k := range t.Kills {
		if k.Timeout == t.Lowest && k.Server > 0 {
			list = append(list, "a failover takes "+words.Duration(k.Server)+" with it")
		}
	}
	return list
}

// why is what was wrong with a timeout.
func (t *Tuning) why(timeout results.Duration) string {
	for _, s := range t.Steps {
		for _, r := range s.Runs {
			if s.Timeout == timeout && r.Outcome == Falsely {
				return r.Why
			}
		}
	}
	return string(Falsely)
}
