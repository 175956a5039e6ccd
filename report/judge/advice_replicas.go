package judge

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// noReplica finds shards that had no other node when they lost their primary.
func noReplica(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, f := range s.Failovers {
		if !unpromoted(a, f) || a.Hindrance(f).Reason != facts.Unreplicated {
			continue
		}
		list = append(list, results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("Shard %d had no replica that could take over", f.Shard),
			Evidence: []string{fmt.Sprintf("fault %s hit %s, the only node of the shard", f.Fault, f.From)},
			Advice:   "Give each shard a replica (redis.replicasPerShard: 1), on another machine. The price is the memory of a second copy.", Anchor: FailoverAnchor(f),
		})
	}
	return list
}

// replicaUnfit finds replicas that refused to take over because their data were older than
// the validity factor allows, if that delayed or prevented the takeover.
func replicaUnfit(a *facts.Analysis, s *results.Summary) []results.Advice {
	const factor = "A cluster-replica-validity-factor of 0 lets a replica take over however old its data are; the writes that it has not seen are lost then."
	var list []results.Advice
	for _, f := range s.Failovers {
		u := a.UnfitReplica(f)
		if u == nil {
			continue
		}
		one := results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s could not take over shard %d: its data were older than allowed", u.Node, f.Shard),
			Evidence: []string{fmt.Sprintf("%s; its log says: %s", words.OriginText(f), strings.TrimPrefix(u.Logged, "Currently unable to failover: "))},
			Advice:   factor, Anchor: FailoverAnchor(f),
		}
		switch {
		case u.Logged == "" && u.Started:
			one.Evidence = []string{fmt.Sprintf("%s; a replica that has not synchronised since its start does not take over, unless cluster-replica-validity-factor is 0", words.OriginText(f))}
		case u.Logged == "":
			one.Evidence = []string{fmt.Sprintf("%s; when %s was declared failed, %s had been without it for %s; the configuration allows %s", words.OriginText(f), f.From, u.Node, words.Duration(u.Age), words.Duration(u.Allowed))}
		}
		since := words.Duration(f.Injected - u.Since)
		switch {
		case u.Started && u.Since > f.Injected:
			one.Title = fmt.Sprintf("%s could not take over shard %d: it ended after the primary had failed", u.Node, f.Shard)
			one.Evidence = append(one.Evidence, fmt.Sprintf("it ended %s after the fault, and could not copy the data of %s when it was back", words.Duration(u.Since-f.Injected), f.From))
			one.Advice = "Keep the copies of a shard on different machines, and restart none while another is down. " + factor
		case u.Started:
			one.Title = fmt.Sprintf("%s could not take over shard %d: it had not finished its sync when the primary failed", u.Node, f.Shard)
			one.Evidence = append(one.Evidence, fmt.Sprintf("it had been restarted, and out of sync for %s when the primary failed", since))
			one.Advice = "Before maintenance, wait until every replica's master_link_status is up. repl-diskless-sync-delay (5 s by default) and cluster-replica-validity-factor decide how soon a replica is fit."
		case u.Since > 0:
			one.Title = fmt.Sprintf("%s could not take over shard %d: it had lost its primary before that failed", u.Node, f.Shard)
			one.Evidence = append(one.Evidence, fmt.Sprintf("its replication link had been down for %s when the primary failed", since))
			one.Advice = "Alert on master_link_status and master_link_down_since_seconds of every replica: a replica without its primary is no protection. " + factor
		}
		list = append(list, one)
	}
	return list
}
