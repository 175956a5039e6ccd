package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

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
		text := fmt.Sprintf("shard %d took no write for %s from %s, and answered %s to probes meanwhile", o.Shard, words.Duration(o.To-o.From), words.Since(&a.Run, o.From), class)
		for _, r := range o.Refusals {
			if r.Class == class {
				text += fmt.Sprintf("; %s did from %s to %s", r.Node, words.Since(&a.Run, r.From), words.Since(&a.Run, r.To))
			}
		}
		one.Evidence = append(one.Evidence, text)
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
	const policy = "maxmemory-policy"
	advice := "Give the nodes more maxmemory, or the keys a TTL. An evicting maxmemory-policy, such as allkeys-lru, accepts writes, at the price of keys that the application may still need."
	if strings.HasPrefix(inForce(a, "OOM", policy), "allkeys-") {
		advice = "Give the nodes more maxmemory: a policy that may evict every key does not help where buffers and the server's own memory fill it."
	}
	return advised(refusal(a, "OOM", "Writes were refused for memory (OOM)", configured(a, "maxmemory", "not stated"), configured(a, policy, "noeviction (the default)")), advice)
}

// refusers are who refused requests with a class of errors, and when. Where no probe met it,
// each node may have, at any time of the load.
func refusers(a *facts.Analysis, class string) []results.Refusal {
	var list []results.Refusal
	_, outages := answered(a, class)
	for _, o := range outages {
		for _, r := range o.Refusals {
			if r.Class == class {
				list = append(list, r)
			}
		}
	}
	if len(list) == 0 {
		for _, n := range a.Run.Nodes {
			list = append(list, results.Refusal{Node: n.Name, Class: class, From: a.Run.LoadStart, To: a.Run.End})
		}
	}
	return list
}

// inForce is the value of a directive that all nodes had which refused requests with a class of
// errors, while they did; empty if they had different ones.
func inForce(a *facts.Analysis, class, directive string) string {
	var values []string
	for _, r := range refusers(a, class) {
		values = append(values, a.DirectiveAt(r.Node, directive, r.From), a.DirectiveAt(r.Node, directive, r.To))
	}
	if values = slices.Compact(values); len(values) != 1 {
		return ""
	}
	return values[0]
}

// tooFewReplicas finds writes that primaries refused because they had too few replicas.
func tooFewReplicas(a *facts.Analysis, _ *results.Summary) []results.Advice {
	const directive = "min-replicas-to-write"
	evidence := []string{configured(a, directive, "not stated"), configured(a, "min-replicas-max-lag", "10 (the default)")}
	var list []string
	had := map[int][]string{}
	for _, r := range refusers(a, "NOREPLICAS") {
		least, replicas := a.DirectiveAt(r.Node, directive, r.From), replicasAt(a, r.Node, r.From)
		one := priceOfReplicas(least, replicas)
		switch f := cutOff(a, r); {
		case r.Count == 0 && a.OwnerAt(a.ShardAt(r.Node, r.From), r.From) != r.Node:
			continue // no probe met it, and this is a replica
		case r.Count == 0 && a.DirectiveAt(r.Node, directive, r.To) != least:
			one = priceOfReplicas("", replicas)
		case f != nil && !exceeds(least, replicas):
			if cut := fmt.Sprintf("fault %s had cut %s off then: %s", f.Name, r.Node, f.Detail); !slices.Contains(evidence, cut) {
				evidence = append(evidence, cut)
			}
			one = "A primary that is cut off refuses writes by min-replicas-to-write, as intended: they would be lost when it rejoins the others."
		}
		if !slices.Contains(had[replicas], r.Node) {
			had[replicas] = append(had[replicas], r.Node)
		}
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(had)) {
		shard, each := "shard", ""
		if len(had[n]) > 1 {
			shard, each = "shards", " each"
		}
		evidence = append(evidence, fmt.Sprintf("the %s of %s had %s%s", shard, strings.Join(had[n], ", "), words.Plural(n, "replica", "replicas"), each))
	}
	return advised(refusal(a, "NOREPLICAS", "Primaries refused writes because they had too few replicas in sync (NOREPLICAS)", evidence...), strings.Join(list, " "))
}

// priceOfReplicas is what helps where a primary with so many replicas refused writes by the
// value that min-replicas-to-write had.
func priceOfReplicas(least string, replicas int) string {
	const price = "min-replicas-to-write bounds what a primary that is cut off can lose. Its price is what was seen here: each shard that has fewer replicas in sync refuses all writes"
	n, err := strconv.Atoi(least)
	switch {
	case err == nil && n < replicas:
		return price + fmt.Sprintf(". With %s that takes %d nodes of a shard that are away at once: keep them on different machines, and restart one after the other.", words.Plural(replicas, "replica", "replicas"), replicas-n+1)
	case exceeds(least, replicas):
		return fmt.Sprintf("Set min-replicas-to-write to at most the number of replicas of a shard, which was %d: no shard can have more replicas in sync than that. With as many, a shard refuses all writes while one of its nodes is away. The price of a lower value: it bounds less of what a primary that is cut off can lose.", replicas)
	}
	return price + ", after every failover until the old primary is back. With one replica more per shard (redis.replicasPerShard) a shard takes writes while one node is away."
}

// exceeds reports whether a number of replicas is not enough for a value of
// min-replicas-to-write, though all are in sync.
func exceeds(least string, replicas int) bool {
	n, err := strconv.Atoi(least)
	return err == nil && n > replicas
}

// replicasAt is how many other nodes a node's shard had at a moment, whether they were up or not.
func replicasAt(a *facts.Analysis, node string, at results.Duration) int {
	shard, others := a.ShardAt(node, at), 0
	for _, s := range a.Run.Shards {
		for _, n := range s.Nodes {
			if n != node && a.ShardAt(n, at) == shard {
				others++
			}
		}
	}
	return others
}

// cutOff is the fault that had cut a primary off from other nodes when it refused writes; nil if
// none had.
func cutOff(a *facts.Analysis, r results.Refusal) *results.Fault {
	for i, f := range a.Run.Faults {
		inForce := f.Disconnects && f.Proved > 0 && f.Injected <= r.From && (f.Restored == 0 || f.Restored >= r.From)
		if inForce && slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == r.Node && h.Role == "primary" }) {
			return &a.Run.Faults[i]
		}
	}
	return nil
}

// unsaved finds writes that were refused because nodes could not save their data: a snapshot
// had failed, or the append-only file could not be written or synced. Source:
// writeCommandsDeniedByDiskError in server.c.
func unsaved(a *facts.Analysis, _ *results.Summary) []results.Advice {
	const directive = "stop-writes-on-bgsave-error"
	advice := "Read the nodes' logs in nodes/ of this run: a full disk or a folder without rights keeps a node from saving."
	var evidence []string
	var file, snapshots bool
	for _, r := range refusers(a, "MISCONF") {
		save, stated := a.StatedAt(r.Node, "save", r.From)
		stops := a.DirectiveAt(r.Node, directive, r.From)
		snapshots = snapshots || (save != "" || !stated) && stops != "no" && a.Known(stops)
		if a.DirectiveAt(r.Node, "appendonly", r.From) != "yes" {
			continue
		}
		file = true
		if text := "persistence: " + persistence(a, r.Node, r.From); !slices.Contains(evidence, text) {
			evidence = append(evidence, text)
		}
	}
	if file {
		advice += " Free space on the volume, and alert on it and on aof_last_write_status. A node whose append-only file cannot be written or synced refuses writes, whatever " + directive + " is."
	}
	if snapshots {
		evidence = append(evidence, configured(a, directive, "yes (the default)"))
		advice += " With " + directive + " no it accepts writes after a failed snapshot, at the price that a restart loses them."
	}
	return advised(refusal(a, "MISCONF", "Primaries refused writes because they could not save their data (MISCONF)", evidence...), advice)
}

// busyScript finds requests that met a node that ran a script for too long.
func busyScript(a *facts.Analysis, _ *results.Summary) []results.Advice {
	const directive = "busy-reply-threshold"
	serves := "while it runs, its node serves nothing else"
	// From the threshold on the server answers the bus between the steps of a script.
	ms, err := strconv.Atoi(cmp.Or(config(a, directive), a.Unstated("5000")))
	if uniform := a.Uniform(directive) && a.Uniform("cluster-node-timeout"); err == nil && uniform && time.Duration(ms)*time.Millisecond >= a.NodeTimeout() {
		serves += ", and until " + directive + " not even the other nodes: from cluster-node-timeout on a replica may take over"
	}
	return advised(refusal(a, "BUSY", "A script ran so long that its node refused other requests (BUSY)", configured(a, directive, "5000 ms (the default)")),
		"Split the script into short ones: "+serves+". SCRIPT KILL ends a script that has written nothing.")
}

// loading finds requests that met a node that was reading its data: from its disk after a
// restart, or from its primary.
func loading(a *facts.Analysis, _ *results.Summary) []results.Advice {
	var restarted, copied bool
	for _, r := range refusers(a, "LOADING") {
		since, copies := results.Duration(-1), false
		for _, e := range a.Between(a.Run.LoadStart, r.To+1) {
			switch {
			case e.Node != r.Node:
			case e.Kind == results.EventNodeExit || e.Kind == results.EventNodeReady:
				since, copies = e.Offset, copies && e.Offset > r.From
			case e.Kind == results.EventFullSync:
				copies = true
				if e.Offset <= r.From {
					since = -1
				}
			}
		}
		restarted, copied = restarted || since >= 0, copied || copies
	}
	advice := "Read the nodes' logs in nodes/ of this run: no event shows why they loaded data."
	restart := "A node that has restarted serves nothing until its data are loaded. Smaller data sets per node load faster; a replica that takes over before the node is back shortens the outage."
	copying := "A replica that copies all data of its primary serves nothing while it loads them. A larger repl-backlog-size saves the copy after a short interruption, at the price of memory. repl-diskless-load swapdb lets a replica serve its old data meanwhile, at the price of memory for both."
	switch {
	case restarted && copied:
		advice = restart + " " + copying
	case restarted:
		advice = restart
	case copied:
		advice = copying
	}
	list := advised(refusal(a, "LOADING", "Nodes refused requests while they loaded their data (LOADING)"), advice)
	for i := range list {
		list[i].Severity = results.Note
	}
	return list
}
