package facts

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

const (
	// defaultNodeTimeout is what servers use without cluster-node-timeout.
	defaultNodeTimeout = 15 * time.Second
	// cronPeriod is the distance of clusterCron's passes.
	cronPeriod = 100 * time.Millisecond
)

// electionRule is how long a replica waits between FAIL and its request for votes, from
// a version of a product on. The wait that a replica logs is the sum of:
//
//	fixed + random(0 to fixed) + rank · rankStep + failed primaries before its own · primaryStep
type electionRule struct {
	product      string
	major, minor int
	// fixed is the wait at a node-timeout, and the bound of its random part.
	fixed func(nodeTimeout time.Duration) time.Duration
	// primaryStep is added for each other failed primary that goes first; nil for none.
	primaryStep func(nodeTimeout time.Duration) time.Duration
	// atOnce: the replica that knows to be the best one does not wait. It logs a wait
	// of 0 ms, or that it ends the wait that it began.
	atOnce bool
	// revotes: a primary may vote again at once for a replica of the same failed primary.
	// Others refuse that within 2 × cluster-node-timeout.
	revotes bool
	// passes counts the passes of clusterCron that a failover may wait for: a primary
	// notices the silence, the word of the majority reaches the replica, the replica
	// schedules its election, the replica starts it.
	passes int
}

// electionRules are the rules of all versions that slotstorm knows, the latest of each
// product first.
//
// Redis: the function clusterHandleSlaveFailover of src/cluster.c in 7.0.15, and of
// src/cluster_legacy.c from 7.2 on; the same to 8.0.2 (log lines of both, measured).
//
// Valkey: the function clusterHandleReplicaFailover of src/cluster_legacy.c. 8.1 lets
// several failed primaries go one after the other (pull request 1018 of
// valkey-io/valkey), and voters vote for another replica of the same primary at once
// (pull request 1356; the function clusterSendFailoverAuthIfNeeded). 9.0 scales the waits with the node-timeout (pull request 2449, in
// 9.0.0-rc2). 9.1 lets the best replica start at once (pull request 2227, in 9.1.0-rc2),
// in the same millisecond as FAIL reaches it (measured with 9.1.2).
func electionRules() []electionRule {
	half := func(time.Duration) time.Duration { return 500 * time.Millisecond }
	scaled := func(nodeTimeout time.Duration) time.Duration { return min(500*time.Millisecond, nodeTimeout/30) }
	return []electionRule{
		{product: results.ProductValkey, major: 9, minor: 1, fixed: scaled, primaryStep: scaled, atOnce: true, revotes: true, passes: 2},
		{product: results.ProductValkey, major: 9, minor: 0, fixed: scaled, primaryStep: scaled, revotes: true, passes: 4},
		{product: results.ProductValkey, major: 8, minor: 1, fixed: half, primaryStep: half, revotes: true, passes: 4},
		{product: results.ProductValkey, fixed: half, passes: 4},
		{product: results.ProductRedis, fixed: half, passes: 4},
	}
}

// ruleOf is the rule of a server; false if slotstorm does not know its product: then it
// is that of Redis.
func ruleOf(s results.Server) (electionRule, bool) {
	rules := electionRules()
	i := slices.IndexFunc(rules, func(r electionRule) bool {
		return r.product == s.Product && (r.major == 0 || s.AtLeast(r.major, r.minor))
	})
	if i < 0 {
		return rules[len(rules)-1], false
	}
	return rules[i], true
}

// rule is that of the servers of the run.
func (a *Analysis) rule() electionRule {
	rule, _ := ruleOf(a.Run.Versions.Server)
	return rule
}

// wait bounds the wait of a replica of rank 0 while so many other primaries have failed.
func (r electionRule) wait(nodeTimeout time.Duration, others int) (least, most time.Duration) {
	least = r.fixed(nodeTimeout)
	most = 2 * least
	if r.primaryStep != nil {
		most += time.Duration(others) * r.primaryStep(nodeTimeout)
	}
	if r.atOnce {
		least = 0
	}
	return least, most
}

// predict bounds the time from the kill of a primary to the first good write by
// a probe:
//
//	min = T + D
//	max = 1.5·T + T/2 + D + passes·100 ms + P
//
// T is cluster-node-timeout. A node is flagged PFAIL when a ping has gone
// unanswered for T, and a ping is sent no later than T/2 after the last answer:
// T to 1.5·T. FAIL needs the word of a majority of primaries, which travels with
// pings and their answers; two nodes exchange those at least every T/2. D is the
// election delay: what the winner logged, which may be 0 ms, else the range of the
// server's electionRule. The passes of clusterCron add up to 100 ms each, and P is the
// distance of two probes. Votes take about a millisecond on a healthy network and are
// not counted.
//
// The source is the Redis Cluster specification (heartbeat, failure detection, replica
// election), and the sources of electionRules. It holds for a killed process and one
// election. docs/measurements.md has measured failovers of each version beside it. Both
// ends are 0 for a server that slotstorm does not know.
func (a *Analysis) predict(delay *results.Duration) (low, high results.Duration) {
	t := a.NodeTimeout()
	rule, known := ruleOf(a.Run.Versions.Server)
	// Nodes with different timeouts are in no rule.
	if !known || !a.Uniform(nodeTimeout) {
		return 0, 0
	}
	least, most := a.electionWait()
	if delay != nil {
		least, most = delay.Std(), delay.Std()
	}
	low = results.DurationOf(t + least)
	high = results.DurationOf(t + t/2 + t/2 + most + time.Duration(rule.passes)*cronPeriod + a.Spec.Workload.Probe.Interval.Std())
	return low, high
}

// electionWait bounds the wait before an election, if nothing logged it.
func (a *Analysis) electionWait() (least, most time.Duration) {
	shards := map[int]bool{}
	for _, f := range a.Run.Faults {
		for _, h := range f.Hits() {
			if h.Role == "primary" && f.Acted() && f.Takes != results.TakesKubelet {
				shards[h.Shard] = true
			}
		}
	}
	return a.rule().wait(a.NodeTimeout(), max(0, len(shards)-1))
}

// longestWait is the most that a replica of rank 0 waits before an election.
func (a *Analysis) longestWait() results.Duration {
	_, most := a.electionWait()
	return results.DurationOf(most)
}

const nodeTimeout = "cluster-node-timeout"

// NodeTimeout is the scenario's cluster-node-timeout, the longest of nodes with different ones.
// A directive that is no number counts as the default.
func (a *Analysis) NodeTimeout() time.Duration {
	longest := timeoutOf(a.Directive(nodeTimeout))
	if own := a.Own(nodeTimeout); len(own) > 0 {
		longest = 0
		for _, n := range a.Run.Nodes {
			longest = max(longest, a.nodeTimeoutOf(n.Name))
		}
	}
	return longest
}

// nodeTimeoutOf is NodeTimeout of one node.
func (a *Analysis) nodeTimeoutOf(node string) time.Duration {
	return timeoutOf(a.DirectiveOf(node, nodeTimeout))
}

func timeoutOf(value string) time.Duration {
	ms, err := strconv.Atoi(value)
	if err != nil || ms <= 0 {
		return defaultNodeTimeout
	}
	return time.Duration(ms) * time.Millisecond
}

// Directive is the value of a directive for all nodes in the scenario, in lower case; empty if
// the scenario does not state it. Single nodes may have others: Own. The names are the
// server's current ones: scenarios knows the older ones.
func (a *Analysis) Directive(name string) string { return strings.ToLower(a.Spec.Redis.Config[name]) }

// Unstated is what a directive is that nothing states: the server's default, in the caller's
// words, or unknown where the servers did not show their configuration.
func (a *Analysis) Unstated(byDefault string) string {
	if a.Run.Environment.ConfigUnread {
		return "unknown (CONFIG GET was refused, and the scenario does not state it)"
	}
	return byDefault
}

// Known reports whether the absence of a directive, which is empty then, means its default.
func (a *Analysis) Known(value string) bool { return value != "" || !a.Run.Environment.ConfigUnread }

// DirectiveOf is Directive of one node, with its own value if it has one.
func (a *Analysis) DirectiveOf(node, name string) string {
	for _, n := range a.Own(name) {
		if n.Name == node {
			return strings.ToLower(n.Config[name])
		}
	}
	return a.Directive(name)
}

// Own are the nodes with a value of their own of a directive.
func (a *Analysis) Own(name string) []results.Node {
	var list []results.Node
	for _, n := range a.Run.Nodes {
		if _, stated := n.Config[name]; stated {
			list = append(list, n)
		}
	}
	return list
}

// Uniform reports whether all nodes had one value of a directive all the time.
func (a *Analysis) Uniform(name string) bool { return len(a.Own(name))+len(a.Changes(name)) == 0 }

// DirectiveAt is DirectiveOf at a moment: the last value that a fault had set by then, which was
// neither undone nor lost by a restart of the node. Empty if nothing states it.
func (a *Analysis) DirectiveAt(node, name string, at results.Duration) string {
	value, _ := a.StatedAt(node, name, at)
	return value
}

// StatedAt is DirectiveAt, and whether anything states the directive: some may be empty.
func (a *Analysis) StatedAt(node, name string, at results.Duration) (value string, stated bool) {
	since := results.Duration(0)
	for _, c := range a.Changes(name) {
		if !slices.ContainsFunc(c.Fault.Hits(), func(h results.Hit) bool { return h.Node == node }) {
			continue
		}
		if began := c.Fault.Injected; began <= at && began >= since {
			value, since = c.Value, began
		}
		if c.Undone > 0 && c.Undone <= at && c.Undone >= since {
			value, since = c.Restored, c.Undone
		}
	}
	ended := func(e results.Event) bool { return e.Node == node && e.Kind == results.EventNodeExit }
	if since > 0 && First(a.Between(since, at+1), ended) == nil {
		return value, true
	}
	_, stated = a.Spec.Redis.Config[name]
	stated = stated || slices.ContainsFunc(a.Own(name), func(n results.Node) bool { return n.Name == node })
	return a.DirectiveOf(node, name), stated
}

// NodeTimeoutAt is NodeTimeout at a moment.
func (a *Analysis) NodeTimeoutAt(at results.Duration) time.Duration {
	if len(a.Changes(nodeTimeout)) == 0 {
		return a.NodeTimeout()
	}
	longest := time.Duration(0)
	for _, n := range a.Run.Nodes {
		longest = max(longest, timeoutOf(a.DirectiveAt(n.Name, nodeTimeout, at)))
	}
	return longest
}

// Change is a directive that a fault of the run set, on the nodes that it hit. Values are in
// lower case.
type Change struct {
	Fault results.Fault
	Value string
	// Undone is when the fault's other command had set Restored; 0 if none did.
	Undone   results.Duration
	Restored string
}

// Changes are those of a directive that the nodes accepted, in order of the faults.
func (a *Analysis) Changes(name string) []Change {
	var list []Change
	for _, f := range a.Run.Faults {
		sent := a.Stated(f.Name).Command
		if f.Injected == 0 || f.Proved == 0 || sent == nil {
			continue
		}
		value, set := setBy(sent.Run, name)
		if !set {
			continue
		}
		c := Change{Fault: f, Value: value}
		if before, undone := setBy(sent.Undo, name); undone {
			c.Undone, c.Restored = f.Restored, before
		}
		list = append(list, c)
	}
	return list
}

// setBy is the value that a CONFIG SET gives a directive, by any of its names.
func setBy(command []scenarios.AnyValue, name string) (value string, set bool) {
	if len(command) < 4 || !strings.EqualFold(string(command[0])+" "+string(command[1]), "CONFIG SET") {
		return "", false
	}
	for i := 2; i+1 < len(command); i += 2 {
		// The older names say slave, but for those that Accepted knows.
		stated := strings.ToLower(string(command[i]))
		if strings.ReplaceAll(stated, "slave", "replica") == name || stated == scenarios.Accepted(name) {
			value, set = strings.ToLower(string(command[i+1])), true
		}
	}
	return value, set
}
