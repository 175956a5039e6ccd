package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// anchors of report.html.
const (
	anchorAudit        = "audit"
	anchorAvailability = "availability"
	anchorFailovers    = "failovers"
)

// FailoverAnchor is where a failover is shown step by step. Names of faults are
// labels: they are fit for it as they are.
func FailoverAnchor(f results.Failover) string {
	if f.Fault == "" {
		return fmt.Sprintf("failover-%s-%d-%d", words.Origin(f), f.Shard, f.Injected.Std().Milliseconds())
	}
	return fmt.Sprintf("failover-%s-%d", f.Fault, f.Shard)
}

// slowest of the failovers that fit, and how many do.
func slowest(list []results.Failover, fits func(results.Failover) bool, by func(results.Failover) results.Duration) (worst results.Failover, n int) {
	for _, f := range list {
		if !fits(f) {
			continue
		}
		if n++; n == 1 || by(f) > by(worst) {
			worst = f
		}
	}
	return worst, n
}

// seenIn is how many of a run's failovers something was seen in, where there were
// several. Primaries that came back before one are no failovers.
func seenIn(n int, all []results.Failover, what string) []string {
	if len(all) < 2 {
		return nil
	}
	of := "failovers"
	if slices.ContainsFunc(all, func(f results.Failover) bool { return f.To == "" || f.To == f.From }) {
		of = "failures of primaries"
	}
	return []string{fmt.Sprintf("%s in %d of %d %s; this is the worst", what, n, len(all), of)}
}

func config(a *facts.Analysis, name string) string { return a.Directive(name) }

// configured says what a directive is, which nodes have another value, and which faults changed
// it while the run went on.
func configured(a *facts.Analysis, name, otherwise string) string {
	text := name + " is " + orDefault(config(a, name), a.Unstated(otherwise))
	for _, n := range a.Own(name) {
		text += fmt.Sprintf("; on %s it is %s", n.Name, orDefault(n.Config[name], `""`))
	}
	for _, c := range a.Changes(name) {
		var nodes []string
		for _, h := range c.Fault.Hits() {
			nodes = append(nodes, h.Node)
		}
		text += fmt.Sprintf("; fault %s set it to %s on %s at %s", c.Fault.Name, c.Value, strings.Join(nodes, ", "), words.Since(&a.Run, c.Fault.Injected))
		if c.Undone > 0 {
			text += fmt.Sprintf(", and to %s at %s", orDefault(c.Restored, `""`), words.Since(&a.Run, c.Undone))
		}
	}
	return text
}

// orDefault is a value, or what stands for none.
func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// fault is the one with a name.
func fault(a *facts.Analysis, name string) results.Fault {
	for _, f := range a.Run.Faults {
		if f.Name == name {
			return f
		}
	}
	return results.Fault{}
}

// lostTo are the groups of lost writes that had a cause: one for each node that acknowledged
// some, and each fault that they go with.
func lostTo(s *results.Summary, cause string) []results.LossGroup {
	var list []results.LossGroup
	for _, g := range s.Losses {
		if g.Cause == cause {
			list = append(list, g)
		}
	}
	slices.SortStableFunc(list, func(a, b results.LossGroup) int { return cmp.Compare(a.Node, b.Node) })
	return list
}

// lossAnchor is where lost writes are shown.
const lossAnchor = "losses"

// lossEvidence places a group of lost writes.
func lossEvidence(g results.LossGroup) []string {
	if g.Fault == "" {
		return []string{"no fault of the run goes with them"}
	}
	list := []string{fmt.Sprintf("fault %s; acknowledged %s the fault", g.Fault, words.ByFault(g))}
	if g.Promoted {
		list = append(list, fmt.Sprintf("the first of them %s, the last %s", words.Relative(g, g.First), words.Relative(g, g.Last)))
	}
	return list
}
