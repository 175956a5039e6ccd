package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

// oneMachine finds shards all of whose copies were deployed to one machine: what
// takes that away takes the shard away.
func oneMachine(a *facts.Analysis, _ *results.Summary) []results.Advice {
	k := a.Run.Environment.Kubernetes
	if k == nil {
		return nil
	}
	var shards, evidence []string
	for _, shard := range a.Run.Shards {
		on := machinesOf(shard.Nodes, k.Pods)
		if len(shard.Nodes) < 2 || len(on) != 1 {
			continue
		}
		shards = append(shards, fmt.Sprint(shard.Index))
		evidence = append(evidence, fmt.Sprintf("shard %d: %s on %s", shard.Index, strings.Join(shard.Nodes, ", "), on[0]))
	}
	if len(shards) == 0 {
		return nil
	}
	title := "All copies of shard " + shards[0] + " are on one machine"
	if len(shards) > 1 {
		title = fmt.Sprintf("All copies of a shard are on one machine, in %d of %d shards", len(shards), len(a.Run.Shards))
	}
	advice := "Let the pods of a shard be scheduled apart: free space on other machines, or a required anti-affinity."
	if len(k.Nodes) == 1 {
		advice = "Give the cluster more machines: it has one."
	}
	return []results.Advice{{
		Severity: results.Warning, Title: title, Evidence: append(evidence, "a drain, or the loss of that machine, takes a shard away with its replicas"),
		Advice: advice, Anchor: anchorAvailability,
	}}
}

// machinesOf are those that the first pods of some nodes were on.
func machinesOf(nodes []string, pods []results.Pod) []string {
	var on []string
	for _, node := range nodes {
		i := slices.IndexFunc(pods, func(p results.Pod) bool { return p.Name == node })
		if i >= 0 && pods[i].Node != "" && !slices.Contains(on, pods[i].Node) {
			on = append(on, pods[i].Node)
		}
	}
	return on
}
