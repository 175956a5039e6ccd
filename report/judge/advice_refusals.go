package judge

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// answered counts the requests and the audited writes that got an error reply of a class,
// and the outages in which probes got it.
func answered(a *facts.Analysis, class string) (requests int, outages []results.Outage) {
	for _, f := range a.Frames {
		requests += f.Errors[class]
	}
	for _, o := range a.Run.ProbeOutages {
		if o.Errors[class] > 0 {
			outages = append(outages, o)
		}
	}
	slices.SortStableFunc(outages, func(x, y results.Outage) int { return x.Shard - y.Shard })
	return requests, outages
}

// refusal is the finding for a class of error replies; none where no request and no probe
// got one. The evidence ends with more: the configuration or the cause.
func refusal(a *facts.Analysis, class, title string, more ...string) []results.Advice {
	requests, outages := answered(a, class)
	if requests == 0 && len(outages) == 0 {
		return nil
	}
	one := results.Advice{Severity: results.Warning, Title: title, Anchor: anchorAvailability}
	if requests > 0 {
		one.Evidence = append(one.Evidence, fmt.Sprintf("%s answered %s", words.Plural(requests, "request was", "requests were"), class))
	}
	for _, o := range outages {
		one.Evidence = append(one.Evidence, fmt.Sprintf("shard %d took no write for %s from %s, and answered %s to probes meanwhile", o.Shard, words.Duration(o.To-o.From), words.Since(&a.Run, o.From), class))
	}
	one.Evidence = append(one.Evidence, more...)
	return []results.Advice{one}
}

// advised adds the advice to findings.
func advised(list []results.Advice, advice string) []results.Advice {
	for i := range list {
		list[i].Advice = advice
	}
	return list
}

// outOfMemory finds writes that were refused for memory.
func outOfMemory(a *facts.Analysis, _ *results.Summary) []results.Advice {
	limit, policy := orDefault(config(a, "maxmemory"), "not stated"), orDefault(config(a, "maxmemory-policy"), "noeviction (the default)")
	return advised(refusal(a, "OOM", "Writes were refused for memory (OOM)", fmt.Sprintf("maxmemory is %s, maxmemory-policy %s", limit, policy)),
		"Give the nodes more maxmemory, or the keys a TTL. An evicting maxmemory-policy, such as allkeys-lru, accepts writes, at the price of keys that the application may still need.")
}

// busyScript finds requests that met a node that ran a script for too long.
func busyScript(a *facts.Analysis, _ *results.Summary) []results.Advice {
	return advised(refusal(a, "BUSY", "A script ran so long that its node refused other requests (BUSY)",
		fmt.Sprintf("busy-reply-threshold is %s", orDefault(config(a, "busy-reply-threshold"), "5000 ms (the default)"))),
		"Split the script into short ones: while it runs, its node serves nothing else, and from cluster-node-timeout on a replica may take over. SCRIPT KILL ends a script that has written nothing.")
}

// loading finds requests that met a node that was reading its data from disk.
func loading(a *facts.Analysis, _ *results.Summary) []results.Advice {
	list := advised(refusal(a, "LOADING", "Nodes refused requests while they loaded their data (LOADING)"),
		"A node that has restarted serves nothing until its data are loaded. Smaller data sets per node load faster; a replica that takes over before the node is back shortens the outage.")
	for i := range list {
		list[i].Severity = results.Note
	}
	return list
}
