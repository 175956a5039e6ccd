package judge

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// abandonedFailover finds CLUSTER FAILOVERs that timed out.
func abandonedFailover(a *facts.Analysis, _ *results.Summary) []results.Advice {
	command := map[results.Mode]string{results.Graceful: "CLUSTER FAILOVER", results.Force: "CLUSTER FAILOVER FORCE"}
	var list []results.Advice
	for _, m := range a.Abandoned() {
		one := results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s to %s timed out: it did not take over shard %d", command[m.Mode], m.Node, m.Shard),
			Evidence: []string{fmt.Sprintf("%s accepted it at %s and gave up %s later", m.Node, words.Since(&a.Run, m.Accepted), words.Duration(m.GaveUp-m.Accepted))},
			Anchor:   anchorFailovers,
		}
		if m.Elections > 0 {
			one.Evidence = append(one.Evidence, fmt.Sprintf("it started %s and won none", words.Plural(m.Elections, "election", "elections")))
		}
		switch {
		case m.Minority():
			one.Evidence = append(one.Evidence, fmt.Sprintf("%d of %d primaries were down: the others are no majority, and cannot elect a replica", m.Down, m.Primaries))
			one.Advice = "Without a majority only CLUSTER FAILOVER TAKEOVER makes a replica serve; it asks for no votes, so first make sure that the old primary is down."
		case m.Mode == results.Graceful && m.Unlinked > 0:
			one.Evidence = append(one.Evidence, fmt.Sprintf("its replication link had been down for %s", words.Duration(m.Unlinked)))
			one.Advice = "Before CLUSTER FAILOVER, wait until the replica's master_link_status is up: the primary stops writes and waits until the replica has all of them, and a replica without a link never has."
		case m.Mode == results.Graceful:
			one.Evidence = append(one.Evidence, "its replication link was up when it accepted")
			one.Advice = "The primary stops writes until the replica has all of them, for at most 5 s (cluster-manual-failover-timeout where the server has it). Compare the offsets of the two before CLUSTER FAILOVER, and look at the replica's load and network."
		default:
			one.Advice = "Read the logs of the shard's nodes at that time, in nodes/ of this run."
		}
		list = append(list, one)
	}
	return list
}

// resyncLoop finds replicas that copied all data of their primary again and again.
func resyncLoop(a *facts.Analysis, _ *results.Summary) []results.Advice {
	var list []results.Advice
	for _, l := range a.ResyncLoops() {
		one := results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s copied all data of its primary %s %d times in %s", l.Node, l.Primary, l.Times, words.Duration(l.To-l.From)),
			Evidence: []string{fmt.Sprintf("the first copy began at %s, the last at %s; neither node was restarted meanwhile", words.Since(&a.Run, l.From), words.Since(&a.Run, l.To))},
			Anchor:   anchorFailovers,
		}
		if l.Overflows > 0 {
			one.Evidence = append(one.Evidence, fmt.Sprintf("%s closed the connection of a replica that exceeded client-output-buffer-limit %s (%s)", l.Primary, times(l.Overflows),
				orDefault(a.DirectiveAt(l.Primary, "client-output-buffer-limit", l.From), a.Unstated("by default 256mb, or 64mb for 60 s, for replicas"))))
			one.Advice = "Raise client-output-buffer-limit for replicas above what is written during a copy, for example 'replica 1gb 512mb 120'. The price is that much memory on the primary for each replica."
		}
		if l.Gaps > 0 {
			one.Evidence = append(one.Evidence, fmt.Sprintf("%s no longer had what the replica had missed %s: repl-backlog-size is %s", l.Primary, times(l.Gaps), orDefault(a.DirectiveAt(l.Primary, "repl-backlog-size", l.From), a.Unstated(backlogDefault))))
			if one.Advice != "" {
				one.Advice += " "
			}
			one.Advice += "Raise repl-backlog-size above what is written while a replica is disconnected: then it copies only what it missed. The price is that much memory."
		}
		if one.Advice == "" {
			one.Advice = "The log of the primary gives neither its output buffer nor its backlog as a reason: read it, in nodes/ of this run, and look at the network between the two."
		}
		list = append(list, one)
	}
	return list
}

// shortBacklog finds replicas that copied all data once because the backlog was too short.
func shortBacklog(a *facts.Analysis, _ *results.Summary) []results.Advice {
	var list []results.Advice
	for _, b := range a.ShortBacklogs() {
		one := results.Advice{
			Severity: results.Note, Title: fmt.Sprintf("%s had to copy all data of %s: the backlog of %s no longer had what it had missed", b.Node, b.Primary, b.Primary),
			Evidence: []string{fmt.Sprintf("%s refused a partial synchronisation at %s; repl-backlog-size is %s", b.Primary, words.Since(&a.Run, b.Refused), orDefault(a.DirectiveAt(b.Primary, "repl-backlog-size", b.Refused), a.Unstated(backlogDefault)))},
			Advice:   "Raise repl-backlog-size above what is written while a replica is disconnected: then it copies only what it missed. The price is that much memory.",
			Anchor:   anchorFailovers,
		}
		if b.Unlinked > 0 {
			one.Evidence = append(one.Evidence, fmt.Sprintf("%s had been without it for %s", b.Node, words.Duration(b.Unlinked)))
		}
		if b.Synced > 0 {
			one.Evidence = append(one.Evidence, fmt.Sprintf("it was in sync %s after that", words.Duration(b.Synced-b.Refused)))
		} else {
			one.Evidence = append(one.Evidence, "it was not in sync again while the run lasted")
		}
		list = append(list, one)
	}
	return list
}

// backlogDefault is repl-backlog-size where nothing sets it.
const backlogDefault = "the default, 1mb in Redis and 10mb in Valkey 8.1 or later"

func times(n int) string { return words.Plural(n, "time", "times") }
