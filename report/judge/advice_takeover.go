package judge

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// unexpectedTakeover finds primaries that lost their shard although nothing of the run ended
// them or cut them off: they were blocked, ended by themselves, or were replaced by others.
func unexpectedTakeover(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, f := range s.Failovers {
		sent := fault(a, f.Fault)
		silence, ok := a.SilentBefore(f)
		blocked := sent.Takes == results.TakesCommand && f.To != "" && f.To != f.From && ok && !silence.Ended
		if f.Cause != results.Unexplained && !blocked {
			continue
		}
		one := results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s took over shard %d from %s without a fault", f.To, f.Shard, f.From),
			Evidence: []string{fmt.Sprintf("it began at %s", words.Since(&a.Run, f.Injected))}, Anchor: FailoverAnchor(f),
			Advice: "Read the logs of the shard's nodes at that time, in nodes/ of this run.",
		}
		switch {
		case blocked:
			one.Title = fmt.Sprintf("%s took over shard %d: a command had %s answer nobody", f.To, f.Shard, f.From)
			one.Evidence = append(one.Evidence, fmt.Sprintf("the fault %s: %s", sent.Name, sent.Detail))
		case f.Means == results.MeansHandover, f.Means == results.MeansForced, f.Means == results.MeansTaken:
			one.Evidence = append(one.Evidence, fmt.Sprintf("%s logged a CLUSTER FAILOVER that slotstorm did not send", f.To))
			one.Advice = "Look for who else administers this cluster: an operator, a script, a person."
			ok = false
		case f.Means == results.MeansMoved:
			one.Evidence = append(one.Evidence, "slots moved without a failure: slotstorm did not ask for that")
			one.Advice = "Look for who else administers this cluster: an operator, a script, a person."
			ok = false
		case ok && silence.Ended:
			one.Evidence = append(one.Evidence, fmt.Sprintf("the process of %s ended by itself", f.From))
			one.Advice = "Read the last lines of its log, in nodes/ of this run, and the kernel's: a crash of the server or the end by the OOM killer looks like this."
			ok = false
		}
		if ok {
			unansweredPolls(a, f, silence, &one)
		}
		list = append(list, one)
	}
	return list
}

// unansweredPolls adds for how long a primary did not answer, and what looks like that.
func unansweredPolls(a *facts.Analysis, f results.Failover, s facts.Silence, one *results.Advice) {
	who, more := f.From+", whose process went on,", ""
	one.Advice = "A slow command, a script, a fork or a pause of the machine stops a node like this: look at SLOWLOG and LATENCY. A cluster-node-timeout above the longest such pause keeps the primary in its place, at the price that a crash is noticed later."
	if s.To == 0 && !a.Watched(f.From) {
		who, more = f.From, "; nothing shows whether its process went on"
		one.Advice = "The end of its process or of its machine looks like this: read its log and the kernel's. " + one.Advice
	}
	one.Evidence = append(one.Evidence, fmt.Sprintf("%s did not answer polls for %s; cluster-node-timeout is %s%s", who, words.Duration(s.Length(a.Run.End)), words.Duration(results.DurationOf(a.NodeTimeoutAt(s.From))), more))
}
