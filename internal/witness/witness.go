// Package witness reads what the servers themselves kept in a bundle: their logs, their
// statistics, their views of the cluster. It lays them beside the report. It shares no
// code with what wrote the bundle or derives the report: it has its own readers of logs,
// INFO, CLUSTER NODES and the ledger, so that a fault there does not show here too.
//
//	nodes/*, ledger, read-back ─▶ evidence ─┐
//	frames, events, Summary ────────────────┴─▶ results.Check, one for each subject
//
// A figure that cannot be exact is a range, with its reason: requests without an answer
// may have been executed, a client library may have sent a request again, and the counts
// of a process are gone with it. Two figures disagree only if their ranges do not meet.
package witness

import (
	"os"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Examine lays a report beside what the servers kept. Of the summary it reads the load,
// the failovers, the availability and the losses. It gives nil for a bundle without a
// folder, and one unchecked check for a folder that keeps nothing of the servers.
func Examine(b *results.Bundle, s *results.Summary) []results.Check {
	if b.Dir == "" {
		return nil
	}
	if _, err := os.Stat(b.Dir); err != nil {
		return nil
	}
	e := gather(b)
	list := []results.Check{losses(b, s)}
	if !e.kept() {
		c := newCheck(results.CheckServers)
		c.limit("the bundle keeps no log and no statistics of the servers")
		list = append(list, c.answer())
	} else {
		list = append(list,
			requests(b, s, e),
			errorReplies(b, e),
			logLines(b, e),
			promotionsAgree(b, s, e),
			failMarks(b, s, e),
			outages(b, s, e),
			restarts(b, e),
			replication(e),
			owners(b, s, e),
		)
	}
	// A check that had nothing to compare says nothing.
	return slices.DeleteFunc(list, func(c results.Check) bool { return c.Compared == 0 && len(c.Limits) == 0 })
}
