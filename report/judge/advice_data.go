package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// Rules about data: what the audit found, and why.

func phantom(a *facts.Analysis, _ *results.Summary) []results.Advice {
	au := a.Run.Audit
	if au == nil || au.Phantom == 0 {
		return nil
	}
	of, _, _ := phantoms(a, func(f results.Finding) bool { return earlier(a, f) != "" })
	_, _, evidence := phantoms(a, func(f results.Finding) bool { return earlier(a, f) == "" })
	unknown := au.Phantom - of
	if unknown == 0 {
		return nil
	}
	return []results.Advice{{
		Severity: results.Critical, Title: fmt.Sprintf("%s that slotstorm never wrote", words.Plural(unknown, "audited read gave a value", "audited reads gave values")),
		Evidence: evidence, Advice: "Look for something else that writes keys named slotstorm:audit:*. If nothing else does, the server returned data that was never written: keep this run.",
		Anchor: anchorAudit,
	}}
}

// phantoms are the values of a kind that no client of this run wrote: how many, which run
// wrote the first, and some of them in words.
func phantoms(a *facts.Analysis, of func(results.Finding) bool) (n int, run string, evidence []string) {
	for _, f := range a.Findings {
		if f.Class != results.ClassPhantom || !of(f) {
			continue
		}
		if n++; n == 1 {
			run = earlier(a, f)
		}
		if line := fmt.Sprintf("%s held %q", f.Write.Key, f.Read); len(evidence) < 3 && !slices.Contains(evidence, line) {
			evidence = append(evidence, line)
		}
	}
	return n, run, evidence
}

// earlier is the run that wrote what was found; empty if it was this one, or none. The
// audit's values begin with the id of their run.
func earlier(a *facts.Analysis, f results.Finding) string {
	run, _, ok := strings.Cut(f.Read, ":")
	if !ok || run == a.Run.ID || !results.IsID(run) {
		return ""
	}
	return run
}

// earlierRun are values that slotstorm removed after an earlier run on the same cluster.
func earlierRun(a *facts.Analysis, _ *results.Summary) []results.Advice {
	n, run, evidence := phantoms(a, func(f results.Finding) bool { return earlier(a, f) != "" })
	if n == 0 {
		return nil
	}
	return []results.Advice{{
		Severity: results.Critical, Title: fmt.Sprintf("Old data came back: %s of the earlier run %s", words.Plural(n, "audited read gave a value", "audited reads gave values"), run),
		Evidence: evidence,
		Advice:   "The keys of that run had been removed, so a node has loaded a file from before. A replica keeps the file of its last full synchronisation, and loads it when it restarts, also where save is empty: rdb-del-sync-files yes removes it where no persistence is configured. If another run of slotstorm uses this cluster at the same time, its values are these.",
		Anchor:   anchorAudit,
	}}
}

// commandLoss are writes that nothing but the command of a fault can have removed.
func commandLoss(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseCommand) {
		var evidence []string
		sentTo := g.Node
		if f := fault(a, g.Fault); f.Name != "" {
			for _, h := range f.Hits() {
				if h.Shard == g.Shard {
					sentTo = h.Node
				}
			}
			evidence = append(lossEvidence(g), fmt.Sprintf("the fault %s: %s", f.Name, f.Detail))
			if !f.Empties {
				evidence = append(evidence, fmt.Sprintf("%s neither ended nor was replaced after it had acknowledged them", g.Node))
			}
		}
		list = append(list, results.Advice{
			Severity: results.Critical, Title: fmt.Sprintf("%s by %s lost after a fault sent %s a command", words.Plural(g.Count, "write acknowledged", "writes acknowledged"), g.Node, sentTo),
			Evidence: evidence,
			Advice:   "Replicas carry out each write of their primary, a FLUSHALL too: only a backup holds the data. Keep such commands from users by ACL rules.", Anchor: lossAnchor,
		})
	}
	return list
}

// evictedLoss are writes whose keys a node has evicted, as its policy allows.
func evictedLoss(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseEvicted) {
		evidence := []string{configured(a, "maxmemory", "not stated"), configured(a, "maxmemory-policy", "noeviction (the default)")}
		for _, e := range a.Events {
			of := slices.IndexFunc(a.Run.Nodes, func(n results.Node) bool { return n.Name == e.Node })
			if e.Kind == results.EventEvicted && of >= 0 && a.Run.Nodes[of].Shard == g.Shard {
				evidence = append(evidence, fmt.Sprintf("%s: %s, seen at %s", e.Node, e.Message, words.Since(&a.Run, e.Offset)))
			}
		}
		list = append(list, results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s by %s gone because the node evicted keys", words.Plural(g.Count, "write acknowledged", "writes acknowledged"), g.Node),
			Evidence: evidence,
			Advice:   "That is what maxmemory-policy asks for. Keys that must stay belong into a deployment of their own with noeviction, or, with a volatile policy, have no TTL. The price: writes are refused (OOM) where nothing may be evicted.", Anchor: lossAnchor,
		})
	}
	return list
}

func unexplainedLoss(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseUnexplained) {
		list = append(list, results.Advice{
			Severity: results.Critical, Title: fmt.Sprintf("%s by %s lost, and no event explains it", words.Plural(g.Count, "write acknowledged", "writes acknowledged"), g.Node),
			Evidence: append(lossEvidence(g), fmt.Sprintf("%s neither ended nor was replaced after it had acknowledged them", g.Node)),
			Advice:   "Read the logs of the shard's nodes around that time, in nodes/ of this run.", Anchor: lossAnchor,
		})
	}
	return list
}

// postponed is for how long at least a node had postponed its writes to its append-only file
// for an fsync when it logs that, and how long that is in words. Source: flushAppendOnlyFile in
// aof.c. Redis before 7.4 and Valkey before 8.0 want two whole seconds of the clock to pass,
// which takes 1 to 2 s. Later ones count 2000 ms.
func postponed(s results.Server) (least, after string) {
	if s.Product == results.ProductRedis && s.AtLeast(7, 4) || s.Product == results.ProductValkey && s.AtLeast(8, 0) {
		return "2 s", "2 s"
	}
	return "1 s", "1 to 2 s"
}

// fsyncStall finds nodes whose commands waited for an fsync under appendfsync everysec.
func fsyncStall(a *facts.Analysis, _ *results.Summary) []results.Advice {
	stalls := map[string][]results.Duration{}
	for _, e := range a.Events {
		if e.Kind == results.EventFsyncStall && e.Offset >= a.Run.LoadStart {
			stalls[e.Node] = append(stalls[e.Node], e.Offset)
		}
	}
	var list []results.Advice
	least, after := postponed(a.Run.Versions.Server)
	for _, node := range slices.Sorted(maps.Keys(stalls)) {
		list = append(list, results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s waited for its disk: an fsync of its append-only file took more than %s %s", node, least, words.Plural(len(stalls[node]), "time", "times")),
			Evidence: []string{"persistence: " + persistence(a, node, stalls[node][0])},
			Advice:   "A node writes to the file again after " + after + ", and every command of the node then waits until the fsync ends. Alert on aof_delayed_fsync. Use a faster disk, and none that other programs keep busy. no-appendfsync-on-rewrite yes avoids the wait during rewrites; a power failure then costs all writes since the rewrite began.",
			Anchor:   anchorAvailability,
		})
	}
	return list
}

// fsyncWait finds nodes whose writes waited for an fsync each, under appendfsync always.
func fsyncWait(a *facts.Analysis, _ *results.Summary) []results.Advice {
	var list []results.Advice
	for _, w := range a.WaitedForFsync() {
		list = append(list, results.Advice{
			Severity: results.Note, Title: fmt.Sprintf("each write to %s waited for an fsync: %s, and %s before its disk was slow", w.Node, words.Duration(w.During), words.Duration(w.Before)),
			Evidence: []string{
				fmt.Sprintf("median of %s, and of %s before; fault %s: %s", words.Plural(w.WritesDuring, "audited write", "audited writes"), words.Plural(w.WritesBefore, "audited write", "audited writes"), w.Fault.Name, w.Fault.Detail),
				"persistence: " + persistence(a, w.Node, w.Fault.Injected),
			},
			Advice: "With appendfsync always a node syncs its append-only file before it answers a write, so the disk's fsync is the least time of each write, and reads behind it wait too. Alert on the latency of fsync. Use a disk whose fsync is fast and stays fast, or appendfsync everysec; a power failure then costs the writes of the last one or two seconds.",
			Anchor: anchorAvailability,
		})
	}
	return list
}

// persistence is what a node kept over a restart at a moment.
func persistence(a *facts.Analysis, node string, at results.Duration) string {
	save, stated := a.StatedAt(node, "save", at)
	file := a.DirectiveAt(node, "appendonly", at)
	switch {
	case file == "yes":
		return "an append-only file, appendfsync " + orDefault(a.DirectiveAt(node, "appendfsync", at), a.Unstated("everysec"))
	case !a.Known(file):
		return "appendonly is " + a.Unstated("no")
	case stated && save == "":
		return "none: appendonly no, save \"\""
	}
	return "snapshots only: appendonly no"
}

// shareLost is how much of what a shard had acknowledged until then is gone.
func shareLost(a *facts.Analysis, failovers []results.Failover, g results.LossGroup) string {
	var last results.Duration
	began := fault(a, g.Fault).Injected
	for _, f := range failovers {
		if f.Fault == g.Fault && f.Shard == g.Shard && fault(a, g.Fault).Gradual {
			began = f.Injected // a gradual fault came to this shard later
		}
	}
	for _, f := range a.Findings {
		w := f.Write
		if f.Class == results.ClassLost && f.Cause == g.Cause && w.Node == g.Node && a.Home(w) == g.Shard && (began == 0 || w.Done-began <= g.LastAfterFault) {
			last = max(last, w.Done)
		}
	}
	until := 0
	for _, w := range a.Writes {
		if results.Outcome(w.Outcome) == results.OK && w.Done <= last && a.Home(w) == g.Shard {
			until++
		}
	}
	if until < g.Count {
		return words.Count(g.Count) + " acknowledged writes"
	}
	return fmt.Sprintf("%s of the %s writes acknowledged until then (%s)", words.Count(g.Count), words.Count(until), words.Percent(float64(g.Count)/float64(until)))
}

func emptyRestart(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseEmptyRestart) {
		exit, back := endIn(a, g)
		ended := endedAt(a, g, exit)
		kept := keptBy(a, g, ended)
		how, set, advice := "empty", "the empty data set", kept.afterEmpty()
		if save, stated := a.StatedAt(g.Node, "save", ended); !kept.file && (save != "" || !stated) {
			// A snapshot from before the first audited write brings other keys back.
			how, set, advice = "without any audited write", "its data set", kept.afterTail()
		}
		if early := back == nil || back.Offset-ended < results.DurationOf(a.NodeTimeoutAt(ended)); early && len(a.Heirs(g.Node, ended)) > 0 {
			advice += " Or delay the restart until a replica has taken over, some seconds more than cluster-node-timeout."
		}
		evidence := append(restartEvidence(a, g), "persistence: "+persistence(a, g.Node, ended))
		if copied := copiedFrom(a, g.Node, back); len(copied) > 0 {
			evidence = append(evidence, strings.Join(copied, ", ")+" copied "+set)
		}
		list = append(list, results.Advice{
			Severity: results.Critical, Title: fmt.Sprintf("%s restarted %s and stayed primary: %s of shard %d are gone", g.Node, how, shareLost(a, s.Failovers, g), g.Shard),
			Evidence: evidence, Advice: advice, Anchor: lossAnchor,
		})
	}
	return list
}

// endedAt is when the node of a group ended, just before its end was seen or, where it was not,
// when the fault struck.
func endedAt(a *facts.Analysis, g results.LossGroup, exit *results.Event) results.Duration {
	if exit != nil {
		return exit.Offset - 1
	}
	return fault(a, g.Fault).Injected
}

// copiedFrom are the replicas that copied the data of a primary after its return, before it
// ended again or was no primary any more.
func copiedFrom(a *facts.Analysis, node string, back *results.Event) []string {
	if back == nil {
		return nil
	}
	var list []string
	shard := a.ShardAt(node, back.Offset)
	for _, e := range a.Between(back.Offset, a.Run.End) {
		switch {
		case e.Node == node && (e.Kind == results.EventNodeExit || e.Kind == results.EventDemoted):
			return list
		case e.Kind != results.EventFullSync && e.Kind != results.EventLinkUp:
		case e.Node != node && a.InShard(e, shard) && !slices.Contains(list, e.Node):
			list = append(list, e.Node)
		}
	}
	return list
}

func restartTail(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseRestartTail) {
		exit, _ := endIn(a, g)
		ended := endedAt(a, g, exit)
		advice := keptBy(a, g, ended).afterTail()
		if len(a.Heirs(g.Node, ended)) > 0 {
			advice += " Or delay the restart until a replica has taken over."
		}
		list = append(list, results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s came back as primary with older data: %s of shard %d are gone", g.Node, shareLost(a, s.Failovers, g), g.Shard),
			Evidence: append(restartEvidence(a, g), "persistence: "+persistence(a, g.Node, ended)), Advice: advice, Anchor: lossAnchor,
		})
	}
	return list
}

// restartEvidence is when a node ended, when it was back, and what its volume had lost.
func restartEvidence(a *facts.Analysis, g results.LossGroup) []string {
	list := lossEvidence(g)
	if exit, back := endIn(a, g); back != nil {
		away := words.Duration(back.Offset-exit.Offset) + " after it ended"
		if exit.Uncertainty > 0 {
			away = "at most " + words.Duration(back.Offset-exit.Offset+exit.Uncertainty) + " after it ended"
		}
		list = append(list, fmt.Sprintf("%s was back %s; cluster-node-timeout is %s", g.Node, away, words.Duration(results.DurationOf(a.NodeTimeoutAt(exit.Offset-1)))))
	}
	if f := fault(a, g.Fault); f.Unsyncs {
		list = append(list, "the fault took what the volume had not synced: "+f.Proof)
	}
	return list
}

// endIn is the first end of a node in the load, or after the fault that losses go with, and
// its return; nil if it did not end or is not back.
func endIn(a *facts.Analysis, g results.LossGroup) (exit, back *results.Event) {
	from := max(a.Run.LoadStart, fault(a, g.Fault).Injected)
	for i, e := range a.Events {
		switch {
		case e.Node != g.Node:
		case e.Kind == results.EventNodeExit && exit == nil && e.Offset >= from:
			exit = &a.Events[i]
		case e.Kind == results.EventNodeReady && exit != nil:
			return exit, &a.Events[i]
		}
	}
	return exit, nil
}

// splitBrain finds writes that an old primary acknowledged while another node took its place, or
// after it had. Only a primary that its replicas did not hear is helped by min-replicas-to-write.
func splitBrain(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseSplitBrain) {
		writes := fmt.Sprintf("%s acknowledged %s of shard %d", g.Node, words.Plural(g.Count, "write", "writes"), g.Shard)
		one := results.Advice{Severity: results.Critical, Evidence: lossEvidence(g), Anchor: lossAnchor}
		switch f := fault(a, g.Fault); {
		case f.Disconnects:
			one.Title = writes + " that were lost when it rejoined the others"
			isolated(a, g.Node, f.Injected, &one)
		case f.Takes == results.TakesRole:
			one.Title = writes + " after another node was made primary in its place; they are gone"
			one.Advice = "While the primary answers, use CLUSTER FAILOVER without FORCE or TAKEOVER: the primary then stops writes until the replica has all of them."
		case g.Promoted && g.First > 0:
			one.Title = writes + " that its successor did not have; they are gone"
			isolated(a, g.Node, lostBy(s, g).Injected, &one)
		default:
			one.Title = writes + " after another node had taken over; they are gone"
			one.Advice = "For writes that must not be lost, use WAIT 1: no replica confirms the writes of a primary that was replaced. The price is a round trip to a replica for each write."
		}
		list = append(list, one)
	}
	return list
}

// lostBy is the failover that a group of losses goes with; zero if it goes with none.
func lostBy(s *results.Summary, g results.LossGroup) results.Failover {
	i := slices.IndexFunc(s.Failovers, func(v results.Failover) bool {
		return v.Shard == g.Shard && v.Fault == g.Fault && v.From == g.Node && v.To != "" && v.To != v.From
	})
	if i < 0 {
		return results.Failover{}
	}
	return s.Failovers[i]
}

// isolated adds what bounds the writes of a primary that is cut off.
func isolated(a *facts.Analysis, node string, at results.Duration, one *results.Advice) {
	const lower = "A lower cluster-node-timeout shortens the time in which it still accepts them, at the price that shorter pauses of a node cause failovers."
	switch replicasDemanded(a, node, at, one) {
	case demanded:
		one.Advice = "min-replicas-max-lag bounds for how long a primary that is cut off still acknowledges writes: lower it, but not below 2 s, because replicas report once a second. The price: a replica that is silent for longer makes its shard refuse writes. " + lower
	case demandedInVain:
		one.Advice = lagInForce + " " + lower
	default:
		one.Evidence = append(one.Evidence, "min-replicas-to-write is 0: a primary without replicas continues to acknowledge writes")
		one.Advice = "Set min-replicas-to-write 1 with a small min-replicas-max-lag: a primary that is cut off then refuses writes after that lag. The price: a shard refuses all writes (NOREPLICAS) while it has no replica in sync, with one replica per shard after every failover until the old primary is back. " + lower
	}
}

// demand is whether a primary refuses writes while it has too few replicas in sync.
type demand int

const (
	undemanded demand = iota
	demanded
	demandedInVain // min-replicas-max-lag 0 disables min-replicas-to-write: refreshGoodSlavesCount in replication.c
)

// lagInForce is the advice for demandedInVain.
const lagInForce = "Set min-replicas-max-lag to 2 or more, the seconds for which a silent replica counts as in sync: with 0 min-replicas-to-write has no effect. The price: a shard refuses all writes (NOREPLICAS) while it has no replica in sync, with one replica per shard after every failover until the old primary is back."

// replicasDemanded reads the demand of a node, and adds its settings to the evidence if it
// has one.
func replicasDemanded(a *facts.Analysis, node string, at results.Duration, one *results.Advice) demand {
	least, lag := a.DirectiveAt(node, "min-replicas-to-write", at), a.DirectiveAt(node, "min-replicas-max-lag", at)
	if least == "" || least == "0" {
		return undemanded
	}
	one.Evidence = append(one.Evidence, fmt.Sprintf("min-replicas-to-write is %s, min-replicas-max-lag %s", least, orDefault(lag, a.Unstated("10 s by default"))))
	if lag == "0" {
		return demandedInVain
	}
	return demanded
}

// unsyncedReplica finds writes that are gone because the replica that took over did not
// have them: it had lost its primary, or had been started anew, before they were acknowledged.
func unsyncedReplica(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, g := range lostTo(s, results.CauseUnsynced) {
		v := lostBy(s, g)
		if v.To == "" {
			continue
		}
		one := results.Advice{
			Severity: results.Critical, Anchor: lossAnchor, Evidence: lossEvidence(g),
			Title: fmt.Sprintf("%s took over shard %d without being in sync: %s are gone", v.To, g.Shard, shareLost(a, s.Failovers, g)),
		}
		one.Evidence = append(one.Evidence, whyUnsynced(a, v)...)
		switch {
		case v.Means == results.MeansForced || v.Means == results.MeansTaken:
			one.Advice = "Before CLUSTER FAILOVER FORCE or TAKEOVER, look at the replica's master_link_status: if it is down, the writes that the replica has not seen are lost."
		case a.DirectiveAt(v.To, "cluster-replica-validity-factor", v.Injected) == "0":
			one.Evidence = append(one.Evidence, "cluster-replica-validity-factor is 0: a replica may take over however old its data are")
			one.Advice = "Set cluster-replica-validity-factor to 1 or more (10 by default): a replica that has not followed its primary for longer than that allows does not take over. The price: its shard is down until the primary is back."
		default:
			if v.Means == results.MeansElected {
				one.Evidence = append(one.Evidence, "cluster-replica-validity-factor allows data of that age")
			}
			one.Advice = refuseUnsynced(a, v, &one) + " A lower cluster-replica-validity-factor keeps more such replicas from taking over."
		}
		list = append(list, one)
	}
	return list
}

// refuseUnsynced is how the primary of a failover would not have acknowledged what no replica in
// sync had, with what it did about that as evidence.
func refuseUnsynced(a *facts.Analysis, v results.Failover, one *results.Advice) string {
	switch replicasDemanded(a, v.From, v.Injected, one) {
	case undemanded:
		return "min-replicas-to-write 1 makes a primary refuse writes while it has no replica in sync. The price: its shard takes no writes then (NOREPLICAS), with one replica per shard also after each failover."
	case demandedInVain:
		return lagInForce
	}
	return "Lower min-replicas-max-lag, but not below 2 s, because replicas report once a second: a replica that is silent counts as in sync for that long. Another replica in sync is enough, whichever takes over. The price: a replica that is silent for longer makes its shard refuse writes."
}

// stoodStill is how much longer than its link was down a replica's data must have stood still
// for that to be said: polls see each a little late.
const stoodStill = results.Duration(time.Second)

// whyUnsynced says since when a replica that took over had not followed its primary, and what
// was in force then.
func whyUnsynced(a *facts.Analysis, v results.Failover) []string {
	before := func(at results.Duration) string { return words.Duration(v.Injected - at) }
	since, started := a.OutOfSync(v.To, v.Injected)
	if since > 0 && started {
		return []string{fmt.Sprintf("%s had ended %s before, and had not copied the data of %s since", v.To, before(since), v.From)}
	}
	if at, started := a.OutOfSync(v.To, facts.Turn(&v)-1); started && at > v.Injected {
		return []string{fmt.Sprintf("%s had ended %s after the fault, and had not copied the data of %s since", v.To, words.Duration(at-v.Injected), v.From)}
	}
	if other, at := a.CameFrom(v.To, v.From, v.Injected); other != "" {
		when := before(at) + " before"
		if at > v.Injected {
			when = words.Duration(at-v.Injected) + " after"
		}
		return []string{fmt.Sprintf("%s was a replica of %s until %s the fault, and had not copied the data of %s since", v.To, other, when, v.From)}
	}
	still := results.StoodStill(a.Events, v.To, v.Injected)
	if still == 0 || v.Injected-still < stoodStill || since > 0 && since-still < stoodStill {
		if since > 0 {
			return []string{"its replication link had been down for " + before(since)}
		}
		return nil
	}
	list := []string{fmt.Sprintf("%s had received nothing of %s for %s", v.To, v.From, before(still))}
	for _, f := range a.Run.Faults {
		if f.Takes == results.TakesNetwork && f.Injected > 0 && f.Injected < v.Injected && (f.Restored == 0 || f.Restored > still) {
			list = append(list, fmt.Sprintf("fault %s had been in force since %s before: %s", f.Name, before(f.Injected), f.Detail))
		}
	}
	return list
}

func asyncTail(a *facts.Analysis, s *results.Summary) []results.Advice {
	total, planned := 0, 0
	var evidence []string
	for i, g := range lostTo(s, results.CauseAsyncTail) {
		total += g.Count
		switch lostBy(s, g).Means {
		case results.MeansHandover, results.MeansForced, results.MeansTaken:
			planned += g.Count
		}
		if i < 3 {
			evidence = append(evidence, fmt.Sprintf("%s acknowledged by %s: %s", words.Count(g.Count), g.Node, strings.Join(lossEvidence(g), "; ")))
		}
	}
	if total == 0 {
		return nil
	}
	advice := "Replication is asynchronous: for writes that must not be lost, WAIT 1 narrows the window, at the price of a round trip to a replica."
	if a.Run.Audit.Waited() {
		advice = a.Run.Audit.Durability + " narrows the window but does not close it: a replica that has not confirmed the write can still take over."
	}
	when := "the primary failed"
	switch planned {
	case 0:
	case total:
		when = "another node was made primary"
	default:
		when += " or another node was made primary"
	}
	return []results.Advice{{
		Severity: results.Note, Title: fmt.Sprintf("%s had not reached a replica when %s, and are gone", words.Plural(total, "acknowledged write", "acknowledged writes"), when),
		Evidence: evidence, Advice: advice, Anchor: lossAnchor,
	}}
}

func duplicates(a *facts.Analysis, _ *results.Summary) []results.Advice {
	au := a.Run.Audit
	if au == nil || au.Duplicated == 0 {
		return nil
	}
	by := map[string]int{}
	for _, f := range a.Findings {
		if f.Class == results.ClassDuplicated {
			by[f.Cause] += max(1, f.Count)
		}
	}
	advice := "The audited client never sends a write twice: something between it and the data did. Keep this run."
	if by[results.CauseServer] == 0 {
		advice = "Make retried writes idempotent, or turn the client's retries off for INCR, RPUSH and the like (MaxRetries: -1), at the price that the application gets the errors."
	}
	return []results.Advice{{
		Severity: results.Critical, Title: words.Plural(au.Duplicated, "audited write took effect twice", "audited writes took effect more than once"),
		Evidence: []string{"repeated by: " + words.Classes(by)}, Advice: advice, Anchor: anchorAudit,
	}}
}

// staleFrom is the age from which a stale replica read is worth a word.
const staleFrom = results.Duration(time.Second)

func staleReads(a *facts.Analysis, _ *results.Summary) []results.Advice {
	au := a.Run.Audit
	if au == nil || au.Reads == nil || max(au.Reads.MaxAge, au.Reads.MaxMissing) < staleFrom {
		return nil
	}
	r := au.Reads
	reads := words.Plural(r.Replica, "audited read", "audited reads")
	one := results.Advice{Severity: results.Warning, Anchor: anchorAudit, Advice: "Read from replicas only if outdated values are acceptable."}
	if r.MaxAge >= staleFrom {
		one.Title = fmt.Sprintf("Replicas returned values that had been replaced up to %s before the read", words.Duration(r.MaxAge))
		one.Evidence = append(one.Evidence, fmt.Sprintf("%s of %s from replicas returned an outdated value", words.Count(r.StaleReplica), reads))
	} else {
		one.Title = fmt.Sprintf("Replicas did not have values that had been written up to %s before the read", words.Duration(r.MaxMissing))
	}
	if r.MaxMissing >= staleFrom {
		one.Evidence = append(one.Evidence, fmt.Sprintf("%s of %s from replicas found no value where one had been written, up to %s before the read", words.Count(r.MissingReplica), reads, words.Duration(r.MaxMissing)))
	}
	down := func(e results.Event) bool { return e.Kind == results.EventLinkDown }
	switch {
	case !slices.ContainsFunc(a.Between(a.Run.LoadStart, a.Run.End), down):
		one.Evidence = append(one.Evidence, "no replica reported its replication link as down; "+configured(a, "repl-timeout", "60 s (the default)"))
	case slices.ContainsFunc(a.Between(a.Run.LoadStart, a.Run.End), func(e results.Event) bool { return down(e) && servesStale(a, e.Node, e.Offset) }):
		one.Evidence = append(one.Evidence, "replica-serve-stale-data is yes: a replica that has lost its primary answers from the data that it has")
		one.Advice += " If you set replica-serve-stale-data to no, a replica that has lost its primary refuses reads, at the price that they fail."
	}
	return []results.Advice{one}
}

func servesStale(a *facts.Analysis, node string, at results.Duration) bool {
	v := a.DirectiveAt(node, "replica-serve-stale-data", at)
	return v == "" && a.Known(v) || v == "yes"
}

// emptyReplica finds reads that a node answered from an empty data set: it had been started
// again, and did not have the data of its primary yet. That is no stale replica.
func emptyReplica(a *facts.Analysis, _ *results.Summary) []results.Advice {
	au := a.Run.Audit
	if au == nil || au.Reads == nil || au.Reads.EmptyReplica == 0 {
		return nil
	}
	r := au.Reads
	one := results.Advice{
		Severity: results.Warning, Anchor: anchorAudit,
		Title:  fmt.Sprintf("%s no value from a node that had been restarted and did not have its data yet", words.Plural(r.EmptyReplica, "read got", "reads got")),
		Advice: "Clients take the missing values for deleted ones. Do not read from a node before its master_link_status is up.",
	}
	for _, n := range r.Empty {
		one.Evidence = append(one.Evidence, fmt.Sprintf("%s answered %s so, from %s to %s, before it was in sync with its primary", n.Node, words.Plural(n.Reads, "read", "reads"), words.Since(&a.Run, n.First), words.Since(&a.Run, n.Last)))
	}
	for _, n := range r.Empty {
		if text := "persistence: " + persistence(a, n.Node, n.First); !slices.Contains(one.Evidence, text) {
			one.Evidence = append(one.Evidence, text)
		}
	}
	if slices.ContainsFunc(r.Empty, func(n results.EmptyNode) bool { return servesStale(a, n.Node, n.First) }) {
		one.Evidence = append(one.Evidence, "replica-serve-stale-data is yes: a node that has just been started answers from the data that it has, old or none")
		one.Advice += " If you set replica-serve-stale-data to no, it refuses reads until then, at the price that they fail."
	}
	return []results.Advice{one}
}
