package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// cameBack notes a primary that answered again before it was declared failed.
const cameBack = "the primary came back before it was declared failed; no failover took place"

// remained notes a primary that served its shard again without a failover.
func remained(h facts.Hindrance) string {
	if h.Reason == facts.BackBeforeFail {
		return cameBack
	}
	return "no failover took place: " + hindered(h)
}

// hindered is why no replica took over.
func hindered(h facts.Hindrance) string {
	switch h.Reason {
	case facts.BackBeforeFail:
		return "the primary was back before it was declared failed"
	case facts.Unreplicated:
		return "the shard had no replica"
	case facts.NoMajority:
		return primariesDown(h) + ", and the others are no majority"
	case facts.Forbidden:
		return "cluster-replica-no-failover is yes"
	case facts.ReplicasDown:
		return wereDown(h.Replicas) + " too"
	case facts.DataTooOld:
		return fmt.Sprintf("the data of %s were older than cluster-replica-validity-factor allows", strings.Join(h.Replicas, " and "))
	case facts.VotesRefused:
		return fmt.Sprintf("%s, and voters refused: %s", elections(h), strings.Join(h.Logged, " / "))
	case facts.BackBeforeElection:
		return fmt.Sprintf("the primary was back %s after it was declared failed, before a replica was elected", words.Duration(h.Back-h.Failed))
	}
	switch {
	case h.Elections > 0:
		return elections(h) + " and not won; the events do not show why"
	case h.Failed == 0:
		return "the primary was not declared failed; the events do not show why"
	}
	return "the events do not show why"
}

// wereDown says that nodes were down.
func wereDown(nodes []string) string {
	return strings.Join(nodes, " and ") + words.Verb(len(nodes), " was down", " were down")
}

func primariesDown(h facts.Hindrance) string {
	return fmt.Sprintf("%d of %d primaries were down", h.Down, h.Primaries)
}

func elections(h facts.Hindrance) string {
	return words.Plural(h.Elections, "election was started", "elections were started")
}

// unpromoted reports whether a failover ended without another primary. A command to fail
// over is not one: see manualFailover.
func unpromoted(a *facts.Analysis, f results.Failover) bool {
	return (f.To == f.From || f.To == "") && fault(a, f.Fault).Takes != results.TakesRole
}

// noFailover finds shards that no replica took over: one finding for each reason. That a
// shard has no replica, or none that is fit, is said by rules of their own.
func noFailover(a *facts.Analysis, s *results.Summary) []results.Advice {
	worst, counts := map[facts.Reason]results.Failover{}, map[facts.Reason]int{}
	reasons := map[facts.Reason]facts.Hindrance{}
	var order []facts.Reason
	for _, f := range s.Failovers {
		if !unpromoted(a, f) {
			continue
		}
		h := a.Hindrance(f)
		if h.Reason == facts.Unreplicated || h.Reason == facts.DataTooOld {
			continue
		}
		if counts[h.Reason]++; counts[h.Reason] == 1 {
			order = append(order, h.Reason)
		}
		if counts[h.Reason] == 1 || downFor(a, f) > downFor(a, worst[h.Reason]) {
			worst[h.Reason], reasons[h.Reason] = f, h
		}
	}
	slices.Sort(order)
	var list []results.Advice
	for _, r := range order {
		f, h := worst[r], reasons[r]
		one := notTakenOver(f, h)
		down := fmt.Sprintf("shard %d was down for %s%s", f.Shard, atLeast(f), words.Duration(downFor(a, f)))
		if f.Complete && f.Server == 0 {
			down = fmt.Sprintf("the probes saw no outage of shard %d", f.Shard)
		}
		one.Evidence = append([]string{fmt.Sprintf("fault %s: %s; cluster-node-timeout is %s", f.Fault, down, words.Duration(results.DurationOf(a.NodeTimeoutAt(f.Injected))))}, one.Evidence...)
		if r == facts.NoMajority {
			for _, o := range refusals(&a.Run, failedWith(a, s, f), f.Injected, endOf(a, f)) {
				one.Evidence = append(one.Evidence, fmt.Sprintf("shard %d kept its primary and answered CLUSTERDOWN for %s: a primary that sees no majority takes no writes, whatever cluster-require-full-coverage is", o.shard, words.Duration(o.took)))
			}
		}
		one.Evidence = append(one.Evidence, seenIn(counts[r], s.Failovers, "That was so")...)
		one.Anchor = FailoverAnchor(f)
		list = append(list, one)
	}
	return list
}

// downFor is how long the shard of a failover was down.
func downFor(a *facts.Analysis, f results.Failover) results.Duration {
	if f.Complete {
		return f.Server
	}
	return a.Run.LoadEnd - f.Injected
}

func atLeast(f results.Failover) string {
	if f.Complete {
		return ""
	}
	return "at least "
}

// longer is the advice for a primary that came back too early to be replaced.
const longer = "To see a replica take over, keep the node down until it has (the kill's away, or the fault's duration): a primary is declared failed up to two times cluster-node-timeout after it fell silent, and the election takes about a second more."

// notTakenOver is the finding for a reason, without the evidence that all have.
func notTakenOver(f results.Failover, h facts.Hindrance) results.Advice {
	failed := fmt.Sprintf("%s was declared failed %s after the fault", f.From, words.Duration(h.Failed-f.Injected))
	switch h.Reason {
	case facts.BackBeforeFail:
		return results.Advice{Severity: results.Note, Title: f.From + " was back before it was declared failed: no failover was rehearsed",
			Advice: longer}
	case facts.BackBeforeElection:
		return results.Advice{Severity: results.Note, Title: fmt.Sprintf("%s was back %s after it was declared failed, before a replica was elected: no failover was rehearsed", f.From, words.Duration(h.Back-h.Failed)),
			Evidence: []string{failed}, Advice: longer}
	case facts.Forbidden:
		return results.Advice{Severity: results.Warning, Title: fmt.Sprintf("No replica was allowed to take over shard %d: cluster-replica-no-failover is yes", f.Shard),
			Evidence: []string{failed, strings.Join(h.Replicas, " and ") + " started no election"},
			Advice:   "Set cluster-replica-no-failover to no on the replicas that may take over, at the price of the last writes, which a replica may lack. Or promote one with CLUSTER FAILOVER FORCE."}
	case facts.NoMajority:
		return results.Advice{Severity: results.Warning, Title: fmt.Sprintf("No replica could take over shard %d: %s, and the others are no majority", f.Shard, primariesDown(h)),
			Evidence: []string{"a primary is declared failed, and a replica elected, only by a majority of all primaries that serve slots"},
			Advice:   "Place the primaries so that no single failure takes most of them, for example on three machines. While no majority is left, only CLUSTER FAILOVER TAKEOVER makes a replica serve; it asks for no votes, so first make sure that the old primary is down."}
	case facts.ReplicasDown:
		return results.Advice{Severity: results.Warning, Title: fmt.Sprintf("No replica of shard %d was up to take over", f.Shard),
			Evidence: []string{failed, wereDown(h.Replicas) + " until the primary was back"},
			Advice:   "Keep the copies of a shard on different machines, so that one failure does not take all of them."}
	case facts.VotesRefused:
		votes := "A primary votes once in an epoch, and for the same failed primary once in 2 × cluster-node-timeout."
		if h.VotesAgain {
			votes = "A primary votes once in an epoch."
		}
		return results.Advice{Severity: results.Warning, Title: fmt.Sprintf("No replica of shard %d got a majority of the votes", f.Shard),
			Evidence: append([]string{failed, elections(h)}, h.Logged...),
			Advice:   votes + " A lost election is repeated after 4 × cluster-node-timeout."}
	}
	return results.Advice{Severity: results.Note, Title: fmt.Sprintf("No replica took over shard %d, and the events do not show why", f.Shard),
		Evidence: []string{hindered(h)}, Advice: "Read the logs of the shard's nodes at that time, in nodes/ of this run."}
}
