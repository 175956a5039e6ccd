package witness

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// eventKinds are the kinds of events that are read from logs, as the witness names
// their lines.
var eventKinds = map[string]lineKind{
	results.EventFail:          lineFail,
	results.EventFailClear:     lineClear,
	results.EventElectionStart: lineElection,
	results.EventElectionWon:   lineWon,
	results.EventVote:          lineVote,
}

// logLines holds the events from the nodes' logs against the logs, line by line.
func logLines(b *results.Bundle, e *evidence) results.Check {
	c := newCheck(results.CheckLog)
	type place struct {
		node string
		kind lineKind
	}
	reported, logged := map[place][]results.Duration{}, map[place][]results.Duration{}
	for _, ev := range b.Events {
		if kind, ok := eventKinds[ev.Kind]; ok && ev.Source == "log" {
			reported[place{ev.Node, kind}] = append(reported[place{ev.Node, kind}], ev.Offset)
		}
	}
	for _, n := range e.nodes {
		if !n.hasLog {
			c.limit("%s", noLog(n.Name, n))
			for _, kind := range eventKinds {
				delete(reported, place{n.Name, kind})
			}
			continue
		}
		c.Compared++
		for _, l := range n.log {
			for _, kind := range eventKinds {
				if kind == l.what {
					logged[place{n.Name, kind}] = append(logged[place{n.Name, kind}], l.at)
				}
			}
		}
	}
	all := maps.Clone(logged)
	maps.Copy(all, reported)
	for p := range all {
		slices.Sort(reported[p])
		slices.Sort(logged[p])
		of := fmt.Sprintf("lines %q in the log of %s", p.kind, p.node)
		if len(reported[p]) != len(logged[p]) {
			c.differ(of, grouped(int64(len(reported[p]))), grouped(int64(len(logged[p]))))
			continue
		}
		for i, at := range reported[p] {
			// An event of a log is dated to the end of its millisecond.
			if apart(at, logged[p][i]) > millis(2)+e.node(p.node).blur {
				c.differ(of, "at "+since(&b.Run, at), "at "+since(&b.Run, logged[p][i]))
				break
			}
		}
	}
	slices.SortFunc(c.Differences, func(x, y results.Difference) int { return compareText(x.Of, y.Of) })
	return c.answer()
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func apart(a, b results.Duration) results.Duration { return max(a-b, b-a) }
