package witness

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// promotion is a line of a log by which a node became a primary.
type promotion struct {
	node *node
	at   results.Duration
}

// promotions are those of all logs from the start of the load on, in order.
func (e *evidence) promotions() []promotion {
	var list []promotion
	for _, n := range e.nodes {
		for _, l := range n.log {
			if (l.what == lineWon || l.what == lineTaken) && l.at >= e.run.LoadStart {
				list = append(list, promotion{n, l.at})
			}
		}
	}
	slices.SortFunc(list, func(a, b promotion) int { return int(a.at - b.at) })
	return list
}

// takeover is one that the report shows.
type takeover struct {
	from, to string
	shard    int
	// epoch is the new primary's config epoch; 0 if the report does not have it.
	epoch int64
	// injected is when what caused it acted.
	injected results.Duration
	// promoted is when the promotion was seen, exact to within uncertainty; seen is
	// false if nothing showed it.
	promoted, uncertainty results.Duration
	seen                  bool
	// placed is how much later it may have been: the report places a step that was seen
	// after its successor at its successor, and says so.
	placed results.Duration
	// failed is when the primary was marked FAIL, likewise.
	failed, failUncertainty results.Duration
	marked                  bool
	// outage is what the report says of the shard's.
	outage results.Duration
}

// reported are the takeovers of the report in which a replica was promoted. Slots that
// moved to another primary are none.
func reported(b *results.Bundle, s *results.Summary) []takeover {
	var list []takeover
	for _, f := range s.Failovers {
		if f.To == "" || f.To == f.From || f.Means == results.MeansMoved {
			continue
		}
		t := takeover{from: f.From, to: f.To, shard: f.Shard, epoch: f.Epoch, injected: f.Injected, outage: f.Outage}
		for i, step := range f.Steps {
			switch {
			case step.Missing:
			case step.Name == results.StepPromoted:
				t.promoted, t.uncertainty, t.seen = f.Injected+step.At, step.Uncertainty, true
				if i+1 < len(f.Steps) && !f.Steps[i+1].Missing && f.Steps[i+1].At == step.At {
					t.placed = f.Steps[i+1].Uncertainty
				}
			case step.Name == results.StepFail:
				t.failed, t.failUncertainty, t.marked = f.Injected+step.At, step.Uncertainty, true
			}
		}
		list = append(list, t)
	}
	return list
}

// near reports whether a line of a log can be what was seen at a moment. A poll sees a
// change up to its uncertainty late; a log is written just after it; and the wall clock,
// which logs have, may be slewed by 500 ppm (adjtimex(2)).
func near(line, seen, uncertainty results.Duration) bool {
	slack := millis(10) + seen/2000
	return line >= seen-uncertainty-slack && line <= seen+slack
}

// promotionsAgree holds the takeovers of the report against the promotions in the logs,
// both ways.
func promotionsAgree(b *results.Bundle, s *results.Summary, e *evidence) results.Check {
	c := newCheck(results.CheckPromotions)
	logs := e.promotions()
	if !e.hasLogs(c) {
		return c.answer()
	}
	matched := make([]bool, len(logs))
	for _, t := range reported(b, s) {
		if !t.seen {
			c.limit("nothing but the probes showed the takeover of shard %d by %s", t.shard, t.to)
			continue
		}
		of := fmt.Sprintf("takeover of shard %d by %s", t.shard, t.to)
		n := e.node(t.to)
		i := slices.IndexFunc(logs, func(p promotion) bool { return p.node == n && near(p.at, t.promoted+t.placed, t.uncertainty+t.placed) })
		if i < 0 && (n == nil || !n.hasLog) {
			c.limit("%s", noLog(t.to, n))
			continue
		}
		c.Compared++
		if i < 0 && n.startedBetween(t.injected, t.promoted) {
			continue // it came back as a primary with its own data
		}
		if i < 0 {
			c.differ(of, "at "+since(&b.Run, t.promoted), "no promotion in its log then")
			continue
		}
		matched[i] = true
		if epoch := n.epochAt(logs[i].at); epoch > 0 && t.epoch > 0 {
			c.exactly("config epoch after the "+of, t.epoch, epoch)
		}
	}
	for i, p := range logs {
		if matched[i] {
			continue
		}
		if p.at > b.Run.LoadEnd {
			c.limit("%s was promoted %s after the start of the load, when the load had ended", p.node.Name, since(&b.Run, p.at))
			continue
		}
		c.Compared++
		c.differ("promotion of "+p.node.Name, "no takeover", "at "+since(&b.Run, p.at))
	}
	if c.Compared == 0 && len(logs) == 0 {
		c.Compared++ // both have none
	}
	return c.answer()
}

// startedBetween reports whether a node's server started within a stretch.
func (n *node) startedBetween(from, until results.Duration) bool {
	return slices.ContainsFunc(n.log, func(l logLine) bool { return l.what == lineStart && l.at >= from && l.at <= until })
}

// epochAt is the config epoch that a node logged with its promotion; 0 if there is none.
// It stands in the next line.
func (n *node) epochAt(promoted results.Duration) int64 {
	for _, l := range n.log {
		if l.what == lineEpoch && l.at >= promoted && l.at < promoted+millis(100) {
			return l.epoch
		}
	}
	return 0
}

// hasLogs notes which logs are missing; it is false if all are.
func (e *evidence) hasLogs(c *check) bool {
	n := 0
	for _, node := range e.nodes {
		if node.hasLog {
			n++
			if !node.whole {
				c.limit("the log of %s does not begin with its first start", node.Name)
			}
		} else {
			c.limit("%s", noLog(node.Name, node))
		}
	}
	return n > 0
}

// node finds a node by name; nil if there is none.
func (e *evidence) node(name string) *node {
	i := slices.IndexFunc(e.nodes, func(n *node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return e.nodes[i]
}

// marks are the lines by which nodes marked another as failed, in order.
func (e *evidence) marks(about string) []results.Duration {
	var list []results.Duration
	for _, n := range e.nodes {
		for _, l := range n.log {
			if l.what == lineFail && l.about == about {
				list = append(list, l.at)
			}
		}
	}
	slices.Sort(list)
	return list
}

// failMarks holds the FAIL of each failover against the logs.
func failMarks(b *results.Bundle, s *results.Summary, e *evidence) results.Check {
	c := newCheck(results.CheckFailMarks)
	if !e.hasLogs(c) {
		return c.answer()
	}
	list := reported(b, s)
	for _, t := range list {
		c.Compared++
		of := "FAIL of " + t.from
		logged := e.marks(t.from)
		first := slices.IndexFunc(logged, func(at results.Duration) bool { return at >= t.injected })
		switch {
		case !t.marked:
			// The election may have begun before any log had a FAIL: only one between
			// the two is missing in the report.
			if t.seen && first >= 0 && logged[first] < t.promoted-t.uncertainty-millis(10) {
				c.differ(of, "not seen", "at "+since(&b.Run, logged[first]))
			}
		case slices.ContainsFunc(logged, func(at results.Duration) bool { return near(at, t.failed, t.failUncertainty) }):
		case slices.ContainsFunc(e.nodes, func(n *node) bool { return n.Name != t.from && !n.hasLog }):
			// It may stand in a log that is not kept: hasLogs has noted which are not.
			c.Compared--
		default:
			c.differ(of, "at "+since(&b.Run, t.failed), "no line in any log then")
		}
	}
	if len(list) == 0 {
		c.Compared++ // no failover, so no FAIL of one
	}
	return c.answer()
}
