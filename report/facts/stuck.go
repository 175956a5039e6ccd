package facts

import "strings"

// stuck is what a replica says in its log when it cannot fail over yet. Source:
// clusterLogCantFailover in Redis' cluster_legacy.c.
type stuck int

const (
	stuckOther stuck = iota
	// stuckTooOld: its data are older than the validity factor allows.
	stuckTooOld
	// stuckDelay and stuckVotes are parts of every election.
	stuckDelay
	stuckVotes
	// stuckExpired: it did not get the votes in time.
	stuckExpired
)

// stuckBy recognises the line.
func stuckBy(line string) stuck {
	for text, s := range map[string]stuck{
		"Disconnected from master for longer than allowed":  stuckTooOld,
		"Disconnected from primary for longer than allowed": stuckTooOld,
		"Waiting the delay before I can start a new":        stuckDelay,
		"Waiting for votes, but majority still not reached": stuckVotes,
		"Failover attempt expired":                          stuckExpired,
	} {
		if strings.Contains(line, text) {
			return s
		}
	}
	return stuckOther
}
