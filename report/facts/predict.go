package facts

import (
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

const (
	// defaultNodeTimeout is what redis-server uses without cluster-node-timeout.
	defaultNodeTimeout = 15 * time.Second
	// electionDelayMin and electionDelayMax are the fixed and the random part
	// of the wait before a replica asks for votes; each rank adds a second,
	// but the replica that is ahead has rank 0.
	electionDelayMin = 500 * time.Millisecond
	electionDelayMax = time.Second
	// cronPeriod is the distance of clusterCron's passes, on which everything
	// in a node's failure handling waits.
	cronPeriod = 100 * time.Millisecond
	// cronWaits counts the passes in a failover's path: a primary notices the
	// silence, the majority's word reaches the replica, the replica schedules
	// its election, the replica starts it.
	cronWaits = 4
)

// predict bounds the time from the kill of a primary to the first good write by
// a probe:
//
//	min = T + D
//	max = 1.5·T + T/2 + D + 4·100 ms + P
//
// T is cluster-node-timeout. A node is flagged PFAIL when a ping has gone
// unanswered for T, and a ping is sent no later than T/2 after the last answer:
// T to 1.5·T. FAIL needs the word of a majority of primaries, which travels with
// pings and their answers; two nodes exchange those at least every T/2. D is the
// election delay: what the winner's log line says, else 500 ms to 1 s. The
// passes of clusterCron add up to 100 ms in four places, and P is the distance
// of two probes. Votes take about a millisecond on a healthy network and are not
// counted.
//
// The source is the Redis Cluster specification (heartbeat, failure detection,
// replica election) and the behaviour of cluster.c in Redis 7.0. It holds for a
// killed process and one election. Measured on loopback with 7.0.15: 2.2 to
// 2.5 s at T = 1 s, 3.0 to 4.4 s at 2 s, 7.4 to 8.5 s at 5 s; the median lies
// about 1.37·T + 1.1 s. A directive that is no number counts as the default.
func (a *Analysis) predict(delay results.Duration) (low, high results.Duration) {
	t := a.NodeTimeout()
	delayMin, delayMax := electionDelayMin, electionDelayMax
	if delay > 0 {
		delayMin, delayMax = delay.Std(), delay.Std()
	}
	low = results.DurationOf(t + delayMin)
	high = results.DurationOf(t + t/2 + t/2 + delayMax + cronWaits*cronPeriod + a.Spec.Workload.Probe.Interval.Std())
	return low, high
}

// NodeTimeout is the scenario's cluster-node-timeout. A directive that is no number
// counts as the default.
func (a *Analysis) NodeTimeout() time.Duration {
	ms, err := strconv.Atoi(a.Directive("cluster-node-timeout"))
	if err != nil || ms <= 0 {
		return defaultNodeTimeout
	}
	return time.Duration(ms) * time.Millisecond
}

// Directive is the value of a directive in the scenario, in lower case; empty if the
// scenario does not state it. The names are the server's current ones: scenarios knows the
// older ones.
func (a *Analysis) Directive(name string) string { return strings.ToLower(a.Spec.Redis.Config[name]) }
