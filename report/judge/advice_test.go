package judge

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// foundBy are the findings of one rule, of a bundle under a scenario that was
// changed likewise.
func foundBy(t *testing.T, rule string, b *results.Bundle, change func(*scenarios.Scenario)) []results.Advice {
	t.Helper()
	sc := fixture.Scenario(t)
	if change != nil {
		change(sc)
	}
	var list []results.Advice
	for _, f := range Summary(facts.New(b, sc)).Findings {
		if f.Rule == rule {
			list = append(list, f)
		}
	}
	return list
}

// ruleCase is a run and what a rule says of it.
type ruleCase struct {
	rule, name string
	bundle     *results.Bundle
	change     func(*scenarios.Scenario)
	// says is in the title, the evidence or the advice; empty where nothing is to be said.
	says string
}

func serviceRules() []ruleCase {
	return []ruleCase{
		{"client-topology", "default interval", fixture.Reloading("1m0s", 59000, "dial"), nil, "go-redis kept dialling the old primary of shard 0 for 41.0 s after a replica had taken over: it reloads the topology every 1m0s"},
		{"client-topology", "short interval", fixture.Reloading("1s", 19250, "dial"), nil, ""},
		{"client-topology", "late, but not on the network", fixture.Reloading("1m0s", 59000, "CLUSTERDOWN"), nil, ""},
		{"client-topology", "later than the interval explains", fixture.Reloading("6s", 59000, "dial"), nil, ""},
		{"client-topology", "hardly later", fixture.Reloading("1m0s", 19250, "dial"), nil, ""},

		{"node-timeout", "15 s", slowTimeout(), timeout("15000"), "cluster-node-timeout of 15.0 s dominates the failover of 16.2 s"},
		{"node-timeout", "the default", slowTimeout(), timeout(""), "the timeout is the default"},
		{"node-timeout", "2 s", fixture.Killed(), nil, ""},
		{"node-timeout", "no failover", cameBackEarly(), timeout("15000"), ""},

		{"full-coverage", "all away", fixture.ClusterDown(fixture.Killed()), nil, "The failure of shard 0 made the other shards refuse requests for up to 705 ms"},
		{"full-coverage", "three shards, refused while the first was away and after", fixture.ClusterDown(threeShards()), nil, "The failure of shard 0 made the other shards refuse requests for up to 881 ms"},
		{"full-coverage", "turned off", fixture.ClusterDown(fixture.Killed()), func(s *scenarios.Scenario) { s.Redis.Config["cluster-require-full-coverage"] = "no" }, ""},
		{"full-coverage", "away for another reason", fixture.Killed(), nil, ""},
		{"full-coverage", "two of three hit, which leaves no majority", both(fixture.ClusterDown(fixture.Killed())), nil, ""},
		{"full-coverage", "two of five hit", fixture.ClusterDown(fiveShards()), nil, "The failure of shards 0 and 1 made the other shards refuse requests for up to 705 ms"},
		{"full-coverage", "a replica of another shard hit too", withReplica(fixture.ClusterDown(fixture.Killed())), nil, "The failure of shard 0 made the other shards refuse"},

		{"no-replica", "none", alone(), nil, "Shard 0 had no replica that could take over"},
		{"no-replica", "one", fixture.Killed(), nil, ""},
		{"replica-unfit", "never synced", stuck(results.Event{Offset: fixture.MS(9000), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-3"}), nil, "node-3 could not take over shard 0: it had not finished its sync"},
		{"replica-unfit", "lost its link", stuck(results.Event{Offset: fixture.MS(9000), Kind: results.EventLinkDown, Source: "poll", Node: "node-3"}), nil, "node-3 could not take over shard 0: it had lost its primary before that failed"},
		{"replica-unfit", "synced, then too old", stuck(results.Event{Offset: fixture.MS(9000), Kind: results.EventLinkDown, Source: "poll", Node: "node-3"},
			results.Event{Offset: fixture.MS(10000), Kind: results.EventLinkUp, Source: "poll", Node: "node-3"}), nil, "its data were older than allowed"},
		{"replica-unfit", "without a fault", unstruck(stuck()), nil, "the unexplained takeover of shard 0; its log says: Disconnected from master"},
		{"replica-unfit", "took over at once", fixture.Killed(), nil, ""},
		{"one-machine", "together", together(fixture.OnPods()), nil, "All copies of a shard are on one machine, in 3 of 3 shards"},
		{"one-machine", "apart", fixture.OnPods(), nil, ""},
		{"one-machine", "on this machine", fixture.Killed(), nil, ""},
		{"no-failover", "back early", cameBackEarly(), nil, "node-0 was back before it was declared failed"},
		{"no-failover", "a failover", fixture.Killed(), nil, ""},
		{"no-failover", "votes refused", cameBackLate(deniedVotes()...), nil, "and for the same failed primary once in 2 × cluster-node-timeout. A lost election"},
		{"no-failover", "votes refused by Valkey 8.0", onServer(results.ProductValkey, "8.0.4", cameBackLate(deniedVotes()...)), nil, "and for the same failed primary once in 2 × cluster-node-timeout. A lost election"},
		{"no-failover", "votes refused by Valkey 8.1", onServer(results.ProductValkey, "8.1.1", cameBackLate(deniedVotes()...)), nil, "A primary votes once in an epoch. A lost election"},
		{"no-failover", "votes refused by Valkey 9.1", onServer(results.ProductValkey, "9.1.2", cameBackLate(deniedVotes()...)), nil, "A primary votes once in an epoch. A lost election"},
		{"no-failover", "forbidden", cameBackLate(), func(s *scenarios.Scenario) { s.Redis.Config["cluster-replica-no-failover"] = "yes" }, "No replica was allowed to take over shard 0: cluster-replica-no-failover is yes"},
		{"no-failover", "forbidden, and not needed", cameBackEarly(), func(s *scenarios.Scenario) { s.Redis.Config["cluster-replica-no-failover"] = "yes" }, "node-0 was back before it was declared failed"},
		{"no-failover", "without a reason", cameBackLate(), nil, "No replica took over shard 0, and the events do not show why"},
		{"no-failover", "two of three primaries", cameBackLate(results.Event{Offset: fixture.MS(fixture.Injected), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-1"}), nil, "No replica could take over shard 0: 2 of 3 primaries were down"},
		{"replica-unfit", "ended after the fault", cameBackLate(heirAway(800, 1600)...), nil, "node-3 could not take over shard 0: it ended after the primary had failed"},
		{"replica-unfit", "started and not synced", cameBackLate(heirAway(-800, -600)...), nil, "a replica that has not synchronised since its start does not take over"},
		{"no-failover", "the replica was down", cameBackLate(results.Event{Offset: fixture.MS(fixture.Injected), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-3"}), nil, "No replica of shard 0 was up to take over"},
		{"no-failover", "no replica", lone(cameBackLate()), nil, ""},
		{"unexpected-takeover", "blocked", blocked(unstruck(fixture.Killed())), nil, "node-3 took over shard 0 from node-0 without a fault"},
		{"unexpected-takeover", "for how long", blocked(unstruck(fixture.Killed())), nil, "node-0, whose process went on, did not answer polls for 4.00 s; cluster-node-timeout is 2.00 s"},
		{"unexpected-takeover", "silent to the end", neverBack("supervisor"), nil, "node-0, whose process went on, did not answer polls for"},
		{"unexpected-takeover", "silent to the end, and not watched", neverBack("poll"), nil, "nothing shows whether its process went on"},
		{"unexpected-takeover", "an end that nothing shows", neverBack("poll"), nil, "The end of its process or of its machine looks like this"},
		{"unexpected-takeover", "ended", unstruck(fixture.Killed()), nil, "the process of node-0 ended by itself"},
		{"unexpected-takeover", "by a command", blocked(by(results.TakesCommand, fixture.Killed())), nil, "node-3 took over shard 0: a command had node-0 answer nobody"},
		{"unexpected-takeover", "asked for by a command", wentOn(by(results.TakesCommand, fixture.Killed())), nil, ""},
		{"unexpected-takeover", "without a trace", wentOn(unstruck(fixture.Killed())), nil, "Read the logs of the shard's nodes"},
		{"unexpected-takeover", "killed", fixture.Killed(), nil, ""},
		{"no-replica", "none, and back", lone(cameBackLate()), nil, "Shard 0 had no replica that could take over"},
	}
}

// changedRules are about directives that a fault set while the run went on.
func changedRules() []ruleCase {
	return []ruleCase{
		{"no-failover", "forbidden by a fault", setEarly(cameBackLate(), "node-3"), setting("cluster-slave-no-failover", "yes", "no"), "No replica was allowed to take over shard 0"},
		{"no-failover", "forbidden until before the kill", undone(setEarly(cameBackLate(), "node-3")), setting("cluster-replica-no-failover", "yes", "no"), "No replica took over shard 0, and the events do not show why"},
		{"no-failover", "a fault without proof", unproved(setEarly(cameBackLate(), "node-3")), setting("cluster-replica-no-failover", "yes", "no"), "No replica took over shard 0, and the events do not show why"},
		{"restart-tail", "an append-only file by a fault", setEarly(fixture.Lose(cameBackEarly(), results.CauseRestartTail, 5), "node-0"), setting("appendonly", "yes", "no"), "Use appendfsync always for writes"},
		{"restart-tail", "an append-only file for a while", undone(setEarly(fixture.Lose(cameBackEarly(), results.CauseRestartTail, 5), "node-0")), setting("appendonly", "yes", "no"), "Use appendonly yes for writes"},
		{"empty-restart", "what it kept then", setEarly(fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), "node-0"), setting("save", "", "1 1"), `persistence: none: appendonly no, save ""`},
		{"empty-restart", "the timeout of then", setEarly(fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), "node-1"), setting("cluster-node-timeout", "9000", "2000"), "cluster-node-timeout is 9.00 s"},
		{"empty-restart", "the timeout of before", undone(setEarly(fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), "node-1")), setting("cluster-node-timeout", "9000", "2000"), "cluster-node-timeout is 2.00 s"},
		{"unexpected-takeover", "the timeout of then", blocked(setEarly(unstruck(fixture.Killed()), "node-1")), setting("cluster-node-timeout", "9000", "2000"), "cluster-node-timeout is 9.00 s"},
		{"split-brain", "set by a fault", cutting(setEarly(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37), "node-0")), setting("min-slaves-to-write", "1", "0"), "lower it, but not below 2 s"},
		{"split-brain", "set on another node", cutting(setEarly(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37), "node-1")), setting("min-replicas-to-write", "1", "0"), "min-replicas-to-write is 0"},
		{"too-few-replicas", "undone", undone(setEarly(fixture.Refused("NOREPLICAS", 16000), "node-3")), setting("min-replicas-to-write", "2", "1"), "fault set set it to 2 on node-3 at T+6.000 s, and to 1 at T+8.000 s"},
		{"empty-replica", "it refuses since a fault", setEarly(reading(emptied()), "node-3"), setting("slave-serve-stale-data", "no", "yes"), "Do not read from a node before its master_link_status is up."},
	}
}

// attemptRules are about what the client library tried by itself.
func attemptRules() []ruleCase {
	return []ruleCase{
		{"executed-again", "a pipeline sent again", again(fixture.Killed(), 3), nil, "go-redis executed commands again that had succeeded, 3 times in all"},
		{"executed-again", "its commands", again(fixture.Killed(), 3), nil, "by command: GET 3; the first of them were due in second 2 of the load"},
		{"executed-again", "none", fixture.Killed(), nil, ""},
		{"dials-in-vain", "five dials, twice", cutting(dialling(5700, 5, 0)), nil, "Requests waited for up to 5.70 s while shard 0 was down for 0 s: go-redis dialled a node that was gone"},
		{"dials-in-vain", "its evidence", cutting(dialling(5700, 5, 0)), nil, "3 requests ended ok after failed dials; 3 of them were due in second 15 of the load"},
		{"dials-in-vain", "its sum", cutting(dialling(5700, 5, 0)), nil, "× dialerRetries 5 (the library's default), with 100ms between the dials, takes 2.90 s; a request tries a node 2 times, which takes up to 5.80 s"},
		{"dials-in-vain", "as long as the shard was away", cutting(dialling(5700, 5, 5000)), nil, ""},
		{"dials-in-vain", "a process ended, and its machine refuses at once", dialling(5700, 5, 0), nil, ""},
		{"dials-in-vain", "the network was slow", by(results.TakesNetwork, dialling(5700, 5, 0)), nil, ""},
		{"dials-in-vain", "one dial", cutting(dialling(5700, 1, 0)), nil, ""},
		{"dials-in-vain", "refused at once", cutting(dialling(900, 5, 0)), nil, ""},
		{"dials-in-vain", "slow for another reason", cutting(undialled()), nil, ""},
	}
}

func replicationRules() []ruleCase {
	asked := results.Event{Offset: fixture.MS(20000), Kind: results.EventAsked, Source: "log", Node: "node-4", Mode: results.Graceful}
	gaveUp := results.Event{Offset: fixture.MS(25010), Kind: results.EventAskedTimeout, Source: "log", Node: "node-4"}
	unlinked := results.Event{Offset: fixture.MS(17000), Kind: results.EventLinkDown, Source: "poll", Node: "node-4"}
	sync := func(ms float64) results.Event {
		return results.Event{Offset: fixture.MS(ms), Kind: results.EventFullSync, Source: "log", Node: "node-4"}
	}
	full := results.Event{Offset: fixture.MS(20100), Kind: results.EventOutputLimit, Source: "log", Node: "node-1"}
	short := results.Event{Offset: fixture.MS(20100), Kind: results.EventNoBacklog, Source: "log", Node: "node-1"}
	return []ruleCase{
		{"failover-timeout", "in sync", happened(asked, gaveUp), nil, "CLUSTER FAILOVER to node-4 timed out: it did not take over shard 1"},
		{"failover-timeout", "its time", happened(asked, gaveUp), nil, "node-4 accepted it at T+15.000 s and gave up 5.01 s later"},
		{"failover-timeout", "without a link", happened(unlinked, asked, gaveUp), nil, "its replication link had been down for 3.00 s"},
		{"failover-timeout", "done", happened(asked), nil, ""},
		{"resync-loop", "its buffer", happened(sync(20000), full, sync(20200), sync(21000)), nil, "node-4 copied all data of its primary node-1 3 times in 1.00 s"},
		{"resync-loop", "its reason", happened(sync(20000), full, sync(20200), sync(21000)), nil, "Raise client-output-buffer-limit for replicas"},
		{"resync-loop", "its backlog", happened(sync(20000), short, sync(20200), sync(21000)), nil, "Raise repl-backlog-size above"},
		{"resync-loop", "without a reason", happened(sync(20000), sync(20200), sync(21000)), nil, "gives neither its output buffer nor its backlog as a reason"},
		{"resync-loop", "twice", happened(sync(20000), full, sync(20200)), nil, ""},
		{"short-backlog", "once", happened(unlinked, short, sync(20110)), nil, "node-4 had to copy all data of node-1: the backlog of node-1 no longer had what it had missed"},
		{"short-backlog", "for how long", happened(unlinked, short, sync(20110)), nil, "node-4 had been without it for 3.10 s"},
		{"short-backlog", "its setting", happened(unlinked, short, sync(20110)), nil, "repl-backlog-size is the default, 1mb in Redis and 10mb in Valkey 8.1 or later"},
		{"short-backlog", "no other reason", happened(unlinked, full, sync(20110)), nil, ""},
		{"short-backlog", "a loop", happened(sync(20000), short, sync(20200), sync(21000)), nil, ""},
		{"out-of-memory", "some", failing("OOM"), func(s *scenarios.Scenario) { s.Redis.Config["maxmemory"] = "2MB" }, "maxmemory is 2mb"},
		{"out-of-memory", "how many", failing("OOM"), nil, "7 requests were answered OOM"},
		{"out-of-memory", "an evicting policy", failing("OOM"), func(s *scenarios.Scenario) { s.Redis.Config["maxmemory-policy"] = "allkeys-random" }, "a policy that may evict every key does not help where buffers"},
		{"out-of-memory", "evicting by a fault", sentTo("node-3", fixture.Refused("OOM", 16000)), sending("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"), "a policy that may evict every key"},
		{"out-of-memory", "another node evicts", fixture.Refused("OOM", 16000), sending("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"), "Give the nodes more maxmemory, or the keys a TTL"},
		{"out-of-memory", "the fault was not proved", unproved(sentTo("node-3", fixture.Refused("OOM", 16000))), sending("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"), "Give the nodes more maxmemory, or the keys a TTL"},
		{"out-of-memory", "not all nodes evict", owning(failing("OOM"), "maxmemory-policy", "noeviction"), func(s *scenarios.Scenario) { s.Redis.Config["maxmemory-policy"] = "allkeys-lru" }, "Give the nodes more maxmemory, or the keys a TTL"},
		{"out-of-memory", "none", failing("CLUSTERDOWN"), nil, ""},
		{"unsaved", "some", failing("MISCONF"), nil, "stop-writes-on-bgsave-error is yes (the default)"},
		{"unsaved", "none", fixture.Killed(), nil, ""},
		{"outlier", "refusals explain it", fixture.Refused("NOREPLICAS", 16000), atLeast1, ""},
		{"busy-script", "some", failing("BUSY"), nil, "busy-reply-threshold is 5000 ms (the default)"},
		{"busy-script", "the bus waits", failing("BUSY"), nil, "until busy-reply-threshold not even the other nodes: from cluster-node-timeout on a replica may take over"},
		{"busy-script", "the bus is served", failing("BUSY"), func(s *scenarios.Scenario) { s.Redis.Config["busy-reply-threshold"] = "500" }, "its node serves nothing else. SCRIPT KILL"},
		{"busy-script", "nodes differ", owning(failing("BUSY"), "busy-reply-threshold", "500"), nil, "busy-reply-threshold is 5000 ms (the default); on node-3 it is 500"},
		{"busy-script", "none", fixture.Killed(), nil, ""},
		{"loading", "some", failing("LOADING"), nil, "Nodes refused requests while they loaded their data"},
		{"loading", "after a restart", heirRestarted(fixture.Refused("LOADING", 16000)), nil, "A node that has restarted serves nothing until its data are loaded"},
		{"loading", "a copy", copying("node-3", fixture.Refused("LOADING", 16000), 17000), nil, "A replica that copies all data of its primary serves nothing while it loads them"},
		{"loading", "without a reason", fixture.Refused("LOADING", 16000), nil, "no event shows why they loaded data"},
		{"loading", "a copy of another node", copying("node-4", fixture.Refused("LOADING", 16000), 17000), nil, "no event shows why they loaded data"},
		{"loading", "none", fixture.Killed(), nil, ""},
	}
}

// scarceRules are about writes that were refused for too few replicas.
func scarceRules() []ruleCase {
	return []ruleCase{
		{"too-few-replicas", "after a failover", fixture.Refused("NOREPLICAS", 16000), atLeast1, "each shard that has fewer replicas in sync refuses all writes, after every failover"},
		{"too-few-replicas", "who and when", fixture.Refused("NOREPLICAS", 16000), atLeast1, "node-3 did from T+13.020 s to T+28.998 s"},
		{"too-few-replicas", "its setting", fixture.Refused("NOREPLICAS", 16000), atLeast1, "min-replicas-to-write is 1"},
		{"too-few-replicas", "set by a fault", fixture.Refused("NOREPLICAS", 16000), sending("config", "set", "min-replicas-to-write", "5"), "min-replicas-to-write is not stated; fault kill-primary set it to 5 on node-0 at T+"},
		{"too-few-replicas", "another set by a fault", fixture.Refused("NOREPLICAS", 16000), sending("CONFIG", "SET", "maxmemory", "5"), "min-replicas-to-write is not stated"},
		{"too-few-replicas", "of one node", owning(fixture.Refused("NOREPLICAS", 16000), "min-replicas-to-write", "1"), nil, "min-replicas-to-write is not stated; on node-3 it is 1"},
		{"too-few-replicas", "fewer than there are", joined(fixture.Refused("NOREPLICAS", 16000)), atLeast1, "With 2 replicas that takes 2 nodes of a shard that are away at once"},
		{"too-few-replicas", "more than there are", failing("NOREPLICAS"), func(s *scenarios.Scenario) { s.Redis.Config["min-replicas-to-write"] = "2" }, "no shard can have more replicas in sync than that"},
		{"too-few-replicas", "more than there are by a fault", setEarly(fixture.Refused("NOREPLICAS", 16000), "node-3"), setting("min-slaves-to-write", "2", "0"), "at most the number of replicas of a shard, which was 1"},
		{"too-few-replicas", "another node has more than there are", setEarly(fixture.Refused("NOREPLICAS", 16000), "node-1"), setting("min-slaves-to-write", "2", "0"), "each shard that has fewer replicas in sync refuses all writes, after every failover"},
		{"too-few-replicas", "cut off", refusedWhileCut(fixture.MS(9000)), atLeast1, "A primary that is cut off refuses writes by min-replicas-to-write, as intended"},
		{"too-few-replicas", "by which fault", refusedWhileCut(fixture.MS(9000)), atLeast1, "fault cut had cut node-3 off then: partition"},
		{"too-few-replicas", "cut off, and more than there are", refusedWhileCut(fixture.MS(9000)), func(s *scenarios.Scenario) { s.Redis.Config["min-replicas-to-write"] = "2" }, "at most the number of replicas of a shard, which was 1"},
		{"too-few-replicas", "cut off until before", refusedWhileCut(fixture.MS(3000)), atLeast1, "each shard that has fewer replicas in sync refuses all writes, after every failover"},
		{"too-few-replicas", "none", fixture.Killed(), atLeast1, ""},
	}
}

func dataRules() []ruleCase {
	return []ruleCase{
		{"empty-restart", "all of it", fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), withConfig("save", ""), "node-0 restarted empty and stayed primary: 100 of the 100 writes acknowledged until then (100 %) of shard 0 are gone"},
		{"empty-restart", "when it was back", fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), nil, "node-0 was back 692 ms after it ended; cluster-node-timeout is 2.00 s"},
		{"empty-restart", "only samples show it", sampled(fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100)), nil, "node-0 was back at most 892 ms after it ended"},
		{"no-failover", "a command ended it", commanding(cameBackEarly()), nil, "node-0 was back before it was declared failed"},
		{"no-failover", "a command that ended nothing", commanding(onlyOutage()), nil, ""},
		{"empty-restart", "it was back early", fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), nil, "Or delay the restart until a replica has taken over"},
		{"empty-restart", "it was copied", linked(fixture.Lose(cameBackEarly(), results.CauseEmptyRestart, 100), 1500), withConfig("save", ""), "node-3 copied the empty data set"},
		{"empty-restart", "a tail", fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 3), nil, ""},
		{"evicted", "some", evicting(fixture.Lose(fixture.Killed(), results.CauseEvicted, 5)), func(s *scenarios.Scenario) { s.Redis.Config["maxmemory-policy"] = "allkeys-lru" }, "5 writes acknowledged by node-0 gone because the node evicted keys"},
		{"evicted", "its evidence", evicting(fixture.Lose(fixture.Killed(), results.CauseEvicted, 5)), nil, "node-0: 7 keys were evicted by then, seen at T+"},
		{"evicted", "lost for another reason", evicting(fixture.Killed()), nil, ""},
	}
}

// diskRules are about nodes that wait for their disks.
func diskRules() []ruleCase {
	return []ruleCase{
		{"fsync-stall", "twice", fsyncStalls(2), nil, "node-1 waited for its disk: an fsync of its append-only file took more than 1 s 2 times"},
		{"fsync-stall", "when it writes again", fsyncStalls(2), nil, "A node writes to the file again after 1 to 2 s"},
		{"fsync-stall", "Redis 7.2", servedBy(results.ProductRedis, "7.2.5", fsyncStalls(2)), nil, "took more than 1 s 2 times"},
		{"fsync-stall", "Redis 7.4", servedBy(results.ProductRedis, "7.4.0", fsyncStalls(2)), nil, "took more than 2 s 2 times"},
		{"fsync-stall", "Valkey 7.2", servedBy(results.ProductValkey, "7.2.8", fsyncStalls(2)), nil, "took more than 1 s 2 times"},
		{"fsync-stall", "Valkey 8.0", servedBy(results.ProductValkey, "8.0.1", fsyncStalls(2)), nil, "A node writes to the file again after 2 s"},
		{"fsync-stall", "an unknown server", servedBy("", "", fsyncStalls(2)), nil, "took more than 1 s 2 times"},
		{"fsync-stall", "none", fsyncStalls(0), nil, ""},
		{"fsync-stall", "before the load", early(fsyncStalls(2)), nil, ""},
		{"fsync-wait", "always", slowFsync(0.8, 305), synced("always"), "each write to node-1 waited for an fsync: 305 ms, and 800 µs before its disk was slow"},
		{"fsync-wait", "its evidence", slowFsync(0.8, 305), synced("always"), "median of 20 audited writes, and of 20 audited writes before; fault slow: fsync 300ms slower on primary of shard 1"},
		{"fsync-wait", "everysec", slowFsync(0.8, 305), synced("everysec"), ""},
		{"fsync-wait", "as fast as before", slowFsync(0.8, 0.9), synced("always"), ""},
		{"fsync-wait", "as slow before", slowFsync(305, 305), synced("always"), ""},
		{"fsync-wait", "slow writes too", slowFsync(0.8, 305), slowWrites, ""},
		{"fsync-wait", "without proof", unproved(slowFsync(0.8, 305)), synced("always"), ""},
		{"fsync-wait", "without an audit", unaudited(slowFsync(0.8, 305)), synced("always"), ""},
	}
}

func replayedRules() []ruleCase {
	return []ruleCase{
		{"restart-tail", "a part of it", fixture.Lose(cameBackEarly(), results.CauseRestartTail, 5), nil, "node-0 came back as primary with older data: 5 of the 100 writes acknowledged until then (5 %)"},
		{"restart-tail", "an append-only file", fixture.Lose(cameBackEarly(), results.CauseRestartTail, 5), synced("everysec"), "Use appendfsync always for writes"},
		{"restart-tail", "a replica", fixture.Lose(cameBackEarly(), results.CauseRestartTail, 5), nil, "Or delay the restart until a replica has taken over"},
		{"restart-tail", "nothing lost", cameBackEarly(), nil, ""},
		{"split-brain", "minority writes", cutting(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), nil, "node-0 acknowledged 37 writes of shard 0 that were lost when it rejoined the others"},
		{"split-brain", "its reason", cutting(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), nil, "min-replicas-to-write is 0"},
		{"split-brain", "its price", cutting(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), nil, "refuses all writes (NOREPLICAS)"},
		{"split-brain", "already set", cutting(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), func(s *scenarios.Scenario) { s.Redis.Config["min-replicas-to-write"] = "1" }, "lower it, but not below 2 s"},
		{"split-brain", "set, and disabled by its lag", cutting(fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), withConfig("min-replicas-to-write", "1", "min-replicas-max-lag", "0"), "Set min-replicas-max-lag to 2 or more"},
		{"split-brain", "the network was slow", by(results.TakesNetwork, fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), nil, "node-0 acknowledged 37 writes of shard 0 that its successor did not have; they are gone"},
		{"split-brain", "the network was slow, its price", by(results.TakesNetwork, fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), nil, "Set min-replicas-to-write 1 with a small min-replicas-max-lag"},
		{"split-brain", "after the promotion", by(results.TakesNetwork, later(4500, fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37))), nil, "node-0 acknowledged 37 writes of shard 0 after another node had taken over"},
		{"split-brain", "before and after the promotion", by(results.TakesNetwork, later(3920, fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37))), nil, "node-0 acknowledged 37 writes of shard 0 that its successor did not have; they are gone"},
		{"split-brain", "replaced by force", by(results.TakesRole, fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37)), nil, "use CLUSTER FAILOVER without FORCE"},
		{"split-brain", "paused", by(results.TakesTime, later(4500, fixture.Lose(fixture.Killed(), results.CauseSplitBrain, 37))), nil, "node-0 acknowledged 37 writes of shard 0 after another node had taken over"},
		{"async-tail", "handed over", replacedByCommand(fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 3)), nil, "3 acknowledged writes had not reached a replica when another node was made primary"},
		{"split-brain", "a tail", fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 37), nil, ""},
		{"unsynced-replica", "without a link", unlinkedHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "node-3 took over shard 0 without being in sync: 37 of the 100 writes acknowledged until then (37 %) are gone"},
		{"unsynced-replica", "since when", unlinkedHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "its replication link had been down for 2.00 s"},
		{"unsynced-replica", "started anew", restartedHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "node-3 had ended 198 ms after the fault, and had not copied the data of node-0 since"},
		{"unsynced-replica", "a stranger", strangerHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "node-3 was a replica of node-1 until 200 ms before the fault, and had not copied the data of node-0 since"},
		{"unsynced-replica", "cut off", cutOffHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "node-3 had received nothing of node-0 for 3.00 s"},
		{"unsynced-replica", "cut off by", cutOffHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "fault cut had been in force since 3.01 s before: partition"},
		{"unsynced-replica", "allowed", unlinkedHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), nil, "cluster-replica-validity-factor allows data of that age"},
		{"unsynced-replica", "however old", unlinkedHeir(fixture.Lose(fixture.Killed(), results.CauseUnsynced, 37)), func(s *scenarios.Scenario) { s.Redis.Config["cluster-replica-validity-factor"] = "0" }, "Set cluster-replica-validity-factor to 1 or more"},
		{"unsynced-replica", "a tail", unlinkedHeir(fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 37)), nil, ""},
		{"async-tail", "a tail", fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 3), nil, "3 acknowledged writes had not reached a replica"},
		{"async-tail", "nothing lost", fixture.Killed(), nil, ""},
		{"command-loss", "emptied", commanded(fixture.Lose(fixture.Killed(), results.CauseCommand, 2)), nil, "the fault empty: FLUSHALL to node-0"},
		{"command-loss", "when", commanded(fixture.Lose(fixture.Killed(), results.CauseCommand, 2)), nil, "fault empty; acknowledged"},
		{"command-loss", "a tail", commanded(fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 2)), nil, ""},
		{"unexplained-loss", "out of nowhere", fixture.Lose(fixture.Killed(), results.CauseUnexplained, 1), nil, "1 write acknowledged by node-0 lost, and no event explains it"},
		{"unexplained-loss", "a tail", fixture.Lose(fixture.Killed(), results.CauseAsyncTail, 1), nil, ""},
		{"stale-reads", "seconds old", read(6260), nil, "Replicas returned values that had been replaced up to 6.26 s before the read"},
		{"stale-reads", "by one that noticed", noticed(read(6260)), nil, "If you set replica-serve-stale-data to no"},
		{"stale-reads", "milliseconds old", read(2.5), nil, ""},
		{"stale-reads", "without values", reading(results.AuditReads{Replica: 100, MissingReplica: 3, MaxMissing: fixture.MS(6260)}), nil, "Replicas did not have values that had been written up to 6.26 s before the read"},
		{"stale-reads", "by a node without data", reading(emptied()), nil, ""},
		{"empty-replica", "some", reading(emptied()), nil, "36 reads got no value from a node that had been restarted and did not have its data yet"},
		{"empty-replica", "its evidence", reading(emptied()), nil, "node-3 answered 36 reads so, from T+15.000 s to T+19.000 s"},
		{"empty-replica", "its price", reading(emptied()), nil, "at the price that they fail"},
		{"empty-replica", "it would refuse", reading(emptied()), func(s *scenarios.Scenario) { s.Redis.Config["replica-serve-stale-data"] = "no" }, "Do not read from a node before its master_link_status is up."},
		{"empty-replica", "none", read(6260), nil, ""},
		{"duplicates", "by a client", doubled(results.CauseClientRetry), nil, "repeated by: client retry 1"},
		{"duplicates", "none", fixture.Killed(), nil, ""},
		{"phantom", "one", ghost(), nil, "1 audited read gave a value that slotstorm never wrote"},
		{"earlier-run", "one", haunted(), nil, "Old data came back: 1 audited read gave a value of the earlier run mine-20261129T195850Z-ff2d"},
		{"earlier-run", "this run's own", ghost(), nil, ""},
		{"phantom", "an earlier run's", haunted(), nil, ""},
		{"phantom", "none", fixture.Killed(), nil, ""},
		{"outlier", "slow without a reason", slow(5500), nil, "A failover took 5.50 s where 2.61 to 5.02 s is predicted"},
		{"outlier", "as predicted", slow(4500), nil, ""},
		{"outlier", "a slow network", slowNetwork(slow(5500)), nil, ""},
		{"false-failover", "a slow network", slowNetwork(slow(4500)), nil, "which never stopped: packets were late or lost"},
		{"false-failover", "a crash", slow(4500), nil, ""},
		{"false-failover", "a crash in a slow network", crashedToo(slowNetwork(slow(4500))), nil, ""},
	}
}

// recommends matches advice to change a setting.
var recommends = regexp.MustCompile(`\b([Ss]et|[Ll]ower|[Rr]aise|[Ee]nable|[Uu]se [a-z]+fsync|[Tt]urn) |redis\.replicasPerShard`)

// TestRules: each rule where it must say something, and where it must not.
func TestRules(t *testing.T) {
	for _, tt := range slices.Concat(serviceRules(), changedRules(), attemptRules(), replicationRules(), scarceRules(), dataRules(), diskRules(), persistenceRules(), replayedRules()) {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			list := foundBy(t, tt.rule, tt.bundle, tt.change)
			if tt.says == "" {
				if len(list) != 0 {
					t.Errorf("it says: %+v", list)
				}
				return
			}
			if len(list) != 1 {
				t.Fatalf("%d findings, want 1: %+v", len(list), list)
			}
			f := list[0]
			if !strings.Contains(strings.Join(append([]string{f.Title, f.Advice}, f.Evidence...), "\n"), tt.says) {
				t.Errorf("it says %q with %q and %q, want %q", f.Title, f.Evidence, f.Advice, tt.says)
			}
			if recommends.MatchString(f.Advice) && !strings.Contains(f.Advice, "price") {
				t.Errorf("it recommends a setting without its price: %q", f.Advice)
			}
			if len(f.Evidence) == 0 || f.Advice == "" || f.Anchor == "" || f.Severity == "" {
				t.Errorf("it lacks something: %+v", f)
			}
		})
	}
}
