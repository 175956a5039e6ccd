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
	find func(a *facts.Analysis, s *results.Summary) []results.Advice
}

// rules in the order of findings of one severity.
func rules() []rule {
	return []rule{
		{"phantom", phantom},
		{"command-loss", commandLoss}, {"unexplained-loss", unexplainedLoss},
		{"empty-restart", emptyRestart},
		{"split-brain", splitBrain},
		{"unsynced-replica", unsyncedReplica},
		{"restart-tail", restartTail},
		{"duplicates", duplicates},
		{"no-replica", noReplica},
		{"replica-unfit", replicaUnfit},
		{"failover-timeout", abandonedFailover},
		{"resync-loop", resyncLoop},
		{"short-backlog", shortBacklog},
		{"too-few-replicas", tooFewReplicas},
		{"out-of-memory", outOfMemory},
		{"unsaved", unsaved},
		{"busy-script", busyScript},
		{"client-topology", clientTopology},
		{"dials-in-vain", dialledInVain},
		{"unexpected-takeover", unexpectedTakeover},
		{"full-coverage", fullCoverage},
		{"stale-reads", staleReads},
		{"empty-replica", emptyReplica},
		{"outlier", unexplainedOutliers},
		{"one-machine", oneMachine},
		{"node-timeout", nodeTimeoutDominates},
		{"async-tail", asyncTail},
		{"no-failover", noFailover},
		{"loading", loading},
	}
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
