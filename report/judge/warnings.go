package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// driftLimit is how far a failover's steps may differ from the probe's outage.
const driftLimit = 100 * time.Millisecond

// warnings are what a reader must know to trust the figures.
func warnings(a *facts.Analysis, s *results.Summary) []string {
	var list []string
	for _, f := range s.Failovers {
		// A primary that outlived the fault served meanwhile, or did not, as one that pauses
		// its clients before it ends.
		if drift := min(facts.Distance(f.Server-a.Outlived(f), f.Outage), facts.Distance(f.Server, f.Outage)); f.Complete && f.Outage > 0 && !slowed(a, f) && drift.Std() > driftLimit {
			list = append(list, fmt.Sprintf("%s: its steps add up to %s, the probe saw an outage of %s: they differ by %s",
				words.OriginText(f), words.Duration(f.Server), words.Duration(f.Outage), words.Duration(drift)))
		}
		if f.Complete && f.To != f.From && f.Client == 0 {
			if _, open := f.Unended(a.Run.ClientOutages); open {
				list = append(list, fmt.Sprintf("%s: the application client did not write to shard %d again during the observation", words.OriginText(f), f.Shard))
			}
		}
	}
	if response := s.LatencyOf(results.All, results.All, results.Response); response != nil {
		if text := GeneratorNotice(s.Generator, response.P99); text != "" {
			list = append(list, text)
		}
	}
	for _, e := range a.Events {
		switch e.Kind {
		case results.EventOutOfReach:
			list = append(list, fmt.Sprintf("at %s: %s", words.Since(&a.Run, e.Offset), e.Message))
		case results.EventLogCut:
			list = append(list, fmt.Sprintf("%s: %s. Steps and reasons of failovers that only this log would show are missing", e.Node, e.Message))
		}
	}
	list = append(list, drifts(&a.Run)...)
	list = append(list, throttled(a)...)
	list = append(list, somewhatLate(a)...)
	if s.Availability.Observed == 0 && len(a.Phases) > 0 {
		list = append(list, "no probe ran: outages were not measured")
	}
	list = append(list, baselineWarnings(a)...)
	if a.Spec.Workload.Rate.Max {
		list = append(list, "closed loop (rate: max): a slow reply delays the requests after it, so response times are service times and hide queueing")
	}
	if o := a.Spec.Workload.Client.Wire; o.Clients > 0 {
		list = append(list, fmt.Sprintf("%s share %s to each primary: a request may wait behind others on its connection, and its times include that wait",
			words.Plural(o.Clients, "client", "clients"), words.Plural(o.Connections, "connection", "connections")))
	}
	if au := a.Run.Audit; au != nil && au.Altered > 0 {
		list = append(list, fmt.Sprintf("%s came back with another value", words.Plural(au.Altered, "acknowledged write", "acknowledged writes")))
	}
	if load := s.LoadOf(results.All, results.All); load != nil && load.Counts.Unknown > 0 {
		list = append(list, unknownWarnings(load)...)
	}
	return list
}

// throttled are pods with a limit of processors that slotstorm did not set: a LimitRange of the
// namespace adds one, and so may a webhook.
func throttled(a *facts.Analysis) []string {
	k := a.Run.Environment.Kubernetes
	if k == nil || a.Spec.Cluster.Provider == scenarios.Attach {
		return nil
	}
	stated := a.Spec.Redis.Resources != nil && a.Spec.Redis.Resources.CPU != ""
	var limited []string
	for _, p := range k.Pods {
		node := slices.ContainsFunc(a.Run.Nodes, func(n results.Node) bool { return n.Name == p.Name })
		text := p.Name + " " + p.CPULimit
		if p.CPULimit != "" && !(stated && node) && !slices.Contains(limited, text) {
			limited = append(limited, text)
		}
	}
	if len(limited) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s a limit of processors that the scenario does not state (%s), as a LimitRange of the namespace adds one: beyond it the kernel throttles a server or a load generator, which then looks slow",
		words.Plural(len(limited), "pod has", "pods have"), limited[0])}
}

// unknownWarnings say why it is not known whether requests were executed.
func unknownWarnings(load *results.PhaseLoad) []string {
	answered := 0
	for _, n := range load.Answered {
		answered += n
	}
	doubt := func(n int) string {
		return fmt.Sprintf("Redis may have executed %s; the latency figures do not include %[1]s", words.Verb(n, "it", "them"))
	}
	var list []string
	unreplicated := load.Errors[results.Unreplicated]
	if n := load.Counts.Unknown - answered - unreplicated; n > 0 {
		list = append(list, fmt.Sprintf("%s got no answer: %s", words.Plural(n, "request", "requests"), doubt(n)))
	}
	if answered > 0 {
		list = append(list, fmt.Sprintf("%s answered with an error that can come after an execution (%s): %s",
			words.Plural(answered, "request was", "requests were"), words.Classes(load.Answered), doubt(answered)))
	}
	if unreplicated > 0 {
		list = append(list, fmt.Sprintf("%s acknowledged by too few replicas: the primary executed %s and may lose %[2]s; the latency figures do not include %[2]s",
			words.Plural(unreplicated, "write was", "writes were"), words.Verb(unreplicated, "it", "them")))
	}
	return list
}
