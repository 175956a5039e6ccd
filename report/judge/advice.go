package judge

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

// rule looks for one thing in a run and says what it rests on. What it says must
// be true of the run: where its evidence is thin, it says nothing.
type rule struct {
	name string
	// says is what a finding of the rule says, in general.
	says string
	find func(a *facts.Analysis, s *results.Summary) []results.Advice
}

// rules in the order of findings of one severity.
func rules() []rule {
	return []rule{
		{"phantom", "The data held a value that slotstorm never wrote to that key.", phantom},
		{"earlier-run", "The data held a value that an earlier run wrote: old data came back.", earlierRun},
		{"command-loss", "Acknowledged writes are gone because a fault of the run sent a command that removed them, such as FLUSHALL.", commandLoss},
		{"evicted", "Acknowledged writes are gone because their node evicted keys at maxmemory.", evictedLoss},
		{"unexplained-loss", "Acknowledged writes are gone, and their node neither ended nor was replaced.", unexplainedLoss},
		{"empty-restart", "A primary came back without its data before a replica took over.", emptyRestart},
		{"split-brain", "A primary acknowledged writes after another node had taken its place; they were discarded when it rejoined.", splitBrain},
		{"unsynced-replica", "The replica that took over had not been in sync with its primary, and lacks writes that were acknowledged meanwhile.", unsyncedReplica},
		{"restart-tail", "A primary came back, as primary, with data older than what it had acknowledged.", restartTail},
		{"duplicates", "A write took effect more often than it was sent by the audit.", duplicates},
		{"no-replica", "A shard had no replica that could take over.", noReplica},
		{"replica-unfit", "A replica refused to take over because its data were older than cluster-replica-validity-factor allows.", replicaUnfit},
		{"failover-timeout", "A CLUSTER FAILOVER was accepted and given up.", abandonedFailover},
		{"resync-loop", "A replica copied all data of its primary at least three times in a row.", resyncLoop},
		{"short-backlog", "A replica had to copy all data once, because the primary's backlog no longer had what it had missed.", shortBacklog},
		{"too-few-replicas", "Primaries refused writes with NOREPLICAS: they had fewer replicas in sync than min-replicas-to-write.", tooFewReplicas},
		{"out-of-memory", "Requests were refused with OOM: a node had reached maxmemory.", outOfMemory},
		{"unsaved", "Writes were refused with MISCONF: a node could not save its data.", unsaved},
		{"fsync-stall", "An fsync of a node's append-only file took more than 1 s (2 s from Redis 7.4 and Valkey 8.0 on), and the node's commands waited for its disk.", fsyncStall},
		{"fsync-wait", "Each write to a node with a slow disk waited for an fsync, because appendfsync is always.", fsyncWait},
		{"busy-script", "Requests were refused with BUSY: a node ran a script for longer than busy-reply-threshold.", busyScript},
		{"client-topology", "After a failover the client went on with the old topology for some time.", clientTopology},
		{"executed-again", "The client sent pipelines again as a whole, and commands that had succeeded were executed once more.", executedAgain},
		{"dials-in-vain", "The client dialled an address that did not answer, and requests waited for that.", dialledInVain},
		{"unexpected-takeover", "A primary lost its shard although nothing of the run ended it or cut it off: it was blocked, ended by itself, or others had it replaced.", unexpectedTakeover},
		{"false-failover", "A replica took over from a primary that never stopped, because packets were late or lost.", falseFailover},
		{"full-coverage", "Shards without a fault refused requests because another shard was down and cluster-require-full-coverage is yes.", fullCoverage},
		{"stale-reads", "Replicas returned values that had been replaced a second or more before the read, or lacked values for as long.", staleReads},
		{"empty-replica", "A node that had been restarted answered reads before it had its data.", emptyReplica},
		{"outlier", "A failover was faster or slower than is predicted for its configuration, and no log explains it.", unexplainedOutliers},
		{"one-machine", "Copies of a shard ran on the same Kubernetes node.", oneMachine},
		{"node-timeout", "Most of a failover was the wait of cluster-node-timeout.", nodeTimeoutDominates},
		{"async-tail", "Writes that a primary acknowledged in its last moments had not reached a replica.", asyncTail},
		{"no-failover", "A primary was back before a replica took over.", noFailover},
		{"loading", "Nodes refused requests while they loaded their data.", loading},
	}
}

// Rule is what a finding can be.
type Rule struct{ Name, Says string }

// Rules are all rules, in the order of findings of one severity.
func Rules() []Rule {
	var list []Rule
	for _, r := range rules() {
		list = append(list, Rule{r.name, r.says})
	}
	return list
}

// advise applies all rules.
func advise(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, r := range rules() {
		for _, f := range r.find(a, s) {
			f.Rule = r.name
			list = append(list, f)
		}
	}
	rank := map[results.Severity]int{results.Critical: 0, results.Warning: 1, results.Note: 2}
	slices.SortStableFunc(list, func(x, y results.Advice) int { return cmp.Compare(rank[x.Severity], rank[y.Severity]) })
	return list
}
