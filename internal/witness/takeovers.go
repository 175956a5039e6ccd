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
	// injected is when what caused it acted.
	injected results.Duration
	// promoted is when the promotion was seen, exact to within uncertainty; seen is
	// false if nothing showed it.
	promoted, uncertainty results.Duration
	seen                  bool
	// failed is when the primary was marked FAIL, likewise.
	failed, failUncertainty results.Duration
	marked                  bool
	// outage is what the report says of the shard's.
	outage results.Duration
}

// reported are the takeovers of the report: its failovers, and the hand-overs of an
// upgrade.
func reported(b *results.Bundle, s *results.Summary) []takeover {
	var list []takeover
	for _, f := range s.Failovers {
		if f.To == "" || f.To == f.From {
			continue
		}
		t := takeover{from: f.From, to: f.To, shard: f.Shard, injected: f.Injected, outage: f.Outage}
		for _, step := range f.Steps {
			switch {
			case step.Missing:
			case step.Name == results.StepPromoted:
				t.promoted, t.uncertainty, t.seen = f.Injected+step.At, step.Uncertainty, true
			case step.Name == results.StepFail:
				t.failed, t.failUncertainty, t.marked = f.Injected+step.At, step.Uncertainty, true
			}
		}
		list = append(list, t)
	}
	return list
}

// rolls are the stretches in which an upgrade hands primaries over by itself.
func rolls(r *results.Run) [][2]results.Duration {
	if r.Upgrade == nil {
		return nil
	}
	list := [][2]results.Duration{{r.Upgrade.Forward.Began, r.Upgrade.Forward.Ended}}
	if r.Upgrade.Back != nil {
		list = append(list, [2]results.Duration{r.Upgrade.Back.Began, r.Upgrade.Back.Ended})
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
		if n == nil || !n.hasLog {
			c.limit("the log of %s is not kept", t.to)
			continue
		}
		c.Compared++
		i := slices.IndexFunc(logs, func(p promotion) bool { return p.node == n && near(p.at, t.promoted, t.uncertainty) })
		if i < 0 {
			c.differ(of, "at "+since(&b.Run, t.promoted), "no promotion in its log then")
			continue
		}
		matched[i] = true
	}
	for i, p := range logs {
		if matched[i] {
			continue
		}
		switch within := slices.ContainsFunc(rolls(&b.Run), func(r [2]results.Duration) bool { return p.at >= r[0] && (r[1] == 0 || p.at <= r[1]) }); {
		case within:
			c.Compared++
			if !handedTo(&b.Run, p) {
				c.differ("promotion of "+p.node.Name, "no step of the upgrade", "at "+since(&b.Run, p.at))
			}
		case p.at > b.Run.LoadEnd:
			c.limit("%s was promoted %s after the start of the load, when the load had ended", p.node.Name, since(&b.Run, p.at))
		default:
			c.Compared++
			c.differ("promotion of "+p.node.Name, "no takeover", "at "+since(&b.Run, p.at))
		}
	}
	if c.Compared == 0 && len(logs) == 0 {
		c.Compared++ // both have none
	}
	return c.answer()
}

// handedTo reports whether an upgrade hands over to the promoted node, or replaces the
// primary that it took over from, at that moment.
func handedTo(r *results.Run, p promotion) bool {
	list := r.Upgrade.Forward.Steps
	if r.Upgrade.Back != nil {
		list = slices.Concat(list, r.Upgrade.Back.Steps)
	}
	return slices.ContainsFunc(list, func(s results.UpgradeStep) bool {
		if s.Kind == results.StepHandover {
			return s.To == p.node.Name && p.at >= s.Began
		}
		return s.Shard == p.node.Shard && p.at >= s.Began
	})
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
			c.limit("the log of %s is not kept", node.Name)
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
	for _, t := range reported(b, s) {
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
		case !slices.ContainsFunc(logged, func(at results.Duration) bool { return near(at, t.failed, t.failUncertainty) }):
			c.differ(of, "at "+since(&b.Run, t.failed), "no line in any log then")
		}
	}
	if c.Compared == 0 {
		c.Compared++ // no failover, so no FAIL of one
	}
	return c.answer()
}
