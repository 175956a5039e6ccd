package judge

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// Rules about service: who was without it, for how long, and why.

const (
	// clientLag is how much later than the probes a client must be for its
	// topology to be worth a word, and slowReload the interval that explains it.
	clientLag  = 2 * time.Second
	slowReload = 5 * time.Second
)

func clientTopology(a *facts.Analysis, s *results.Summary) []results.Advice {
	o := facts.Option(&a.Run, facts.ReloadOption)
	if a.Run.Client.Type != "go-redis" || o == nil {
		return nil
	}
	interval, err := time.ParseDuration(o.Value)
	if err != nil || interval < slowReload {
		return nil
	}
	open := func(f results.Failover) bool { _, ok := f.Unended(a.Run.ClientOutages); return f.Client == 0 && ok }
	lag := func(f results.Failover) results.Duration {
		if long, ok := f.Unended(a.Run.ClientOutages); f.Client == 0 && ok {
			return long - f.Server
		}
		return f.Client - f.Server
	}
	f, n := slowest(s.Failovers, func(f results.Failover) bool {
		// Later than one interval, it is something else that kept it.
		return f.Completed() && lag(f) >= results.DurationOf(clientLag) && lag(f) <= results.DurationOf(interval+slowReload) && askedTheOld(a, f)
	}, lag)
	if n == 0 {
		return nil
	}
	atLeast := ""
	if open(f) {
		atLeast = "at least "
	}
	verb := "asking"
	if fault(a, f.Fault).Takes == results.TakesProcess {
		verb = "dialling"
	}
	return []results.Advice{{
		Severity: results.Warning, Title: fmt.Sprintf("go-redis kept %s the old primary of shard %d for %s%s after a replica had taken over: it reloads the topology every %s", verb, f.Shard, atLeast, words.Duration(lag(f)), o.Value),
		Evidence: append([]string{
			fmt.Sprintf("%s: a probe wrote after %s, the application client after %s%s", words.OriginText(f), words.Duration(f.Server), atLeast, words.Duration(f.Server+lag(f))),
			fmt.Sprintf("%s is %s%s, %s %s; network errors do not make it reload", facts.ReloadOption, o.Value, words.Stated(*o), a.Run.Client.Type, a.Run.Client.Version),
		}, seenIn(n, s.Failovers, "The client came back late")...),
		Advice: "Set " + facts.ReloadOption + ": 1s (client.options.clusterStateReloadInterval in a scenario). The price: each client asks a node for the topology once a second.", Anchor: FailoverAnchor(f),
	}}
}

// askedTheOld reports whether the client's requests went wrong on the network while
// the shard was served again: it had not heard of the new primary.
func askedTheOld(a *facts.Analysis, f results.Failover) bool {
	for _, o := range a.Run.ClientOutages {
		if o.Shard == f.Shard && o.From < f.Injected+f.Server && o.To > f.Injected+f.Server {
			return o.Errors["dial"]+o.Errors["timeout"]+o.Errors["pool"]+o.Errors["eof"]+o.Errors["reset"] > 0
		}
	}
	return false
}

const (
	// nodeTries is how often go-redis tries a node before it looks up again who
	// serves the slot. Source: ClusterClient.process.
	nodeTries = 2
	// dialsFrom is what a round of dials has to take at least to be mentioned.
	dialsFrom = time.Second
)

// dialsOf is how long go-redis dials an address that does not answer: each
// time, and in all for one attempt. Without such options both are 0.
func dialsOf(r *results.Run) (each, round time.Duration, sum string) {
	timeout, retries, pause := facts.Option(r, "dialTimeout"), facts.Option(r, "dialerRetries"), facts.Option(r, "dialerRetryTimeout")
	if r.Client.Type != "go-redis" || timeout == nil || retries == nil || pause == nil {
		return 0, 0, ""
	}
	each, err1 := time.ParseDuration(timeout.Value)
	between, err2 := time.ParseDuration(pause.Value)
	dials, err3 := strconv.Atoi(retries.Value)
	if err1 != nil || err2 != nil || err3 != nil || dials < 1 {
		return 0, 0, ""
	}
	round = time.Duration(dials)*each + time.Duration(dials-1)*between
	return each, round, fmt.Sprintf("dialTimeout %s%s × dialerRetries %d%s, with %s between the dials, takes %s",
		timeout.Value, words.Stated(*timeout), dials, words.Stated(*retries), pause.Value, words.Duration(results.DurationOf(round)))
}

// executedAgain finds requests that were executed more often than they were sent: go-redis
// sends all of a pipeline to a node again if its first request was refused for a while, or if
// its connection broke. Source: pipelineReadCmds in go-redis' osscluster.go.
func executedAgain(a *facts.Analysis, _ *results.Summary) []results.Advice {
	by, all, seconds := map[string]int{}, 0, map[int]bool{}
	for _, f := range a.Frames {
		for name, n := range f.Again {
			by[name] += n
			all += n
			seconds[f.Seq] = true
		}
	}
	if all == 0 {
		return nil
	}
	first := slices.Min(slices.Collect(maps.Keys(seconds)))
	return []results.Advice{{
		Severity: results.Warning, Title: fmt.Sprintf("go-redis executed commands again that had succeeded, %s in all", words.Plural(all, "time", "times")),
		Evidence: []string{
			fmt.Sprintf("by command: %s; the first of them were due in second %d of the load", words.Classes(by), first),
			"it sends all of a pipeline to a node again if the first request in it is refused for a while (NOREPLICAS, LOADING, CLUSTERDOWN, TRYAGAIN), or if its connection breaks",
		},
		Advice: "Put only commands into a pipeline that may be executed twice. INCR, LPUSH and the like count twice: send them in a pipeline of their own kind, so that all of it is refused or none, or as a script that knows what it has done. The price: more round trips.",
		Anchor: anchorAvailability,
	}}
}

// dialledInVain finds requests that waited for a node that was gone without a
// word, while another served their shard already.
func dialledInVain(a *facts.Analysis, _ *results.Summary) []results.Advice {
	each, round, sum := dialsOf(&a.Run)
	if round <= each || round < dialsFrom {
		return nil
	}
	inVain, all := map[int]int{}, 0
	for _, f := range a.Frames {
		inVain[f.Seq] += f.Retried["dial"]
		all += f.Retried["dial"]
	}
	var waited, away results.Duration
	var worst results.Interval
	for _, i := range a.ShardIntervals {
		if i.Time != results.Response || inVain[i.Second] == 0 {
			continue
		}
		took := facts.Micros(i.Histogram.Max())
		from := a.Run.LoadStart + results.DurationOf(time.Duration(i.Second)*time.Second)
		if !silent(&a.Run, i.Shard, from+took) {
			continue
		}
		var out results.Duration // how long the shard was away meanwhile
		for _, o := range a.Run.ProbeOutages {
			if o.Shard == i.Shard && o.From < from+took+results.DurationOf(time.Second) && o.To > from {
				out += o.To - o.From
			}
		}
		// A dial that just fails in time is not to be missed for a millisecond.
		if took > waited && took >= results.DurationOf(round*9/10) && took >= out+results.DurationOf(dialsFrom) {
			waited, away, worst = took, out, i
		}
	}
	if waited == 0 {
		return nil
	}
	return []results.Advice{{
		Severity: results.Warning, Title: fmt.Sprintf("Requests waited for up to %s while shard %d was down for %s: go-redis dialled a node that was gone", words.Duration(waited), worst.Shard, words.Duration(away)),
		Evidence: []string{
			fmt.Sprintf("%s ended ok after failed dials; %d of them were due in second %d of the load, and the slowest took %s", words.Plural(all, "request", "requests"), inVain[worst.Second], worst.Second, words.Duration(waited)),
			fmt.Sprintf("if an address does not answer, %s; a request tries a node %d times, which takes up to %s, and twice as long if the client knows no other node by then", sum, nodeTries, words.Duration(results.DurationOf(nodeTries*round))),
		},
		Advice: fmt.Sprintf("Lower dialTimeout, or dialerRetries (client.options.dialerRetries in a scenario): with 1 it is some %s. The price of fewer dials: requests that are refused at once fail instead of waiting until the client reloads the topology.",
			words.Duration(results.DurationOf(nodeTries*each))), Anchor: anchorAvailability,
	}}
}

// silent reports whether by a moment a node of a shard had an address that does not answer:
// it was cut off, or its pod was gone. Where a process has ended, its machine refuses
// connections at once.
func silent(r *results.Run, shard int, until results.Duration) bool {
	pods := r.Environment.Kubernetes != nil
	for _, f := range r.Faults {
		hits := slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Shard == shard })
		if hits && f.Acted() && f.Injected < until && (f.Disconnects || pods && f.Takes == results.TakesProcess) {
			return true
		}
	}
	return pods && r.Upgrade != nil
}

// timeoutFrom is the node timeout from which it is mentioned, and timeoutShare its
// least share of the outage.
const (
	timeoutFrom  = 5 * time.Second
	timeoutShare = 0.5
)

func nodeTimeoutDominates(a *facts.Analysis, s *results.Summary) []results.Advice {
	t := a.NodeTimeout()
	if t < timeoutFrom {
		return nil
	}
	f, n := slowest(s.Failovers, func(f results.Failover) bool {
		return f.Completed() && f.PredictedMax > 0 && float64(t) >= timeoutShare*float64(f.Server)
	}, func(f results.Failover) results.Duration { return f.Server })
	if n == 0 {
		return nil
	}
	source := "the default"
	if a.Spec.Redis.Config["cluster-node-timeout"] != "" {
		source = "set by the scenario"
	}
	evidence := []string{fmt.Sprintf("%s: shard %d was back after %s; %s are predicted for this configuration", words.OriginText(f), f.Shard, words.Duration(f.Server), words.Prediction(f))}
	if st := f.Step(results.StepPFail); st != nil {
		evidence = append(evidence, fmt.Sprintf("the first node suspected the primary after %s; the timeout is %s", words.Duration(st.At), source))
	}
	return []results.Advice{{
		Severity: results.Note, Title: fmt.Sprintf("cluster-node-timeout of %s dominates the failover of %s", words.Duration(results.DurationOf(t)), words.Duration(f.Server)),
		Evidence: append(evidence, seenIn(n, s.Failovers, "It did")...),
		Advice:   "Each second less of cluster-node-timeout shortens a failover by 1 to 2 s. With less than 1 to 2 s, pauses of the machine and of the network cause failovers: rehearse it.",
		Anchor:   FailoverAnchor(f),
	}}
}

// fullCoverage finds shards that refused requests only because others were down. While the
// primaries that are up are no majority, all refuse requests whatever the directive says.
func fullCoverage(a *facts.Analysis, s *results.Summary) []results.Advice {
	if config(a, "cluster-require-full-coverage") == "no" && len(a.Own("cluster-require-full-coverage")) == 0 {
		return nil
	}
	var worst results.Advice
	var most results.Duration
	n := 0
	for i, f := range s.Failovers {
		sameFault := func(g results.Failover) bool { return f.Fault != "" && g.Fault == f.Fault && g.Injected == f.Injected }
		if slices.ContainsFunc(s.Failovers[:i], sameFault) {
			continue // said with the first of them
		}
		failed := failedWith(a, s, f)
		refused := refusals(&a.Run, failed, f.Injected, endOf(a, f))
		up := len(a.Run.Shards) - len(failed)
		if len(refused) == 0 || len(refused) < up || 2*up <= len(a.Run.Shards) {
			continue
		}
		var evidence []string
		var longest results.Duration
		for _, o := range refused {
			longest = max(longest, o.took)
			evidence = append(evidence, fmt.Sprintf("shard %d kept its primary and answered CLUSTERDOWN for %s", o.shard, words.Duration(o.took)))
		}
		if n++; longest > most {
			most = longest
			others := words.Verb(len(refused), "other shard refuse requests for", "other shards refuse requests for up to")
			worst = results.Advice{
				Severity: results.Warning, Title: fmt.Sprintf("The failure of %s made the %s %s (cluster-require-full-coverage is yes)", shards(failed), others, words.Duration(longest)),
				Evidence: append([]string{fmt.Sprintf("only %s lost %s (%s)", shards(failed), words.Verb(len(failed), "its primary", "their primaries"), origins(a, s, f))}, evidence...),
				Advice:   "If clients can work while part of the keys is unavailable, set cluster-require-full-coverage to no: then the shards without a fault continue to serve requests. The price: the application has to bear that some keys fail and others do not.", Anchor: anchorAvailability,
			}
		}
	}
	if n == 0 {
		return nil
	}
	worst.Evidence = append(worst.Evidence, seenIn(n, s.Failovers, "The other shards refused requests")...)
	return []results.Advice{worst}
}

// endOf is when the shard of a failover was back, or the run ended.
func endOf(a *facts.Analysis, f results.Failover) results.Duration {
	switch {
	case f.Complete && f.Server == 0:
		return max(f.Injected, fault(a, f.Fault).Released) // no probe noticed it
	case f.Server == 0:
		return a.Run.End
	}
	return f.Injected + f.Server
}

// failedWith are the shards that lost their primary with that of a failover, in order: by
// the same fault, or by another failure meanwhile.
func failedWith(a *facts.Analysis, s *results.Summary, f results.Failover) []int {
	failed := []int{f.Shard}
	for _, h := range fault(a, f.Fault).Hits() {
		if h.Role == "primary" {
			failed = append(failed, h.Shard)
		}
	}
	for _, g := range s.Failovers {
		if g.Injected < endOf(a, f) && f.Injected < endOf(a, g) {
			failed = append(failed, g.Shard)
		}
	}
	slices.Sort(failed)
	return slices.Compact(failed)
}

// origins names what the failures come from that failedWith joins to one.
func origins(a *facts.Analysis, s *results.Summary, f results.Failover) string {
	list := []string{words.OriginText(f)}
	for _, g := range s.Failovers {
		if text := words.OriginText(g); g.Injected < endOf(a, f) && f.Injected < endOf(a, g) && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return strings.Join(list, ", ")
}

// shards names shards: "shard 0", "shards 0 and 1".
func shards(list []int) string {
	var names []string
	for _, s := range list {
		names = append(names, strconv.Itoa(s))
	}
	return words.Verb(len(list), "shard ", "shards ") + strings.Join(names, " and ")
}

// answeredDown is how long a shard answered CLUSTERDOWN.
type answeredDown struct {
	shard int
	took  results.Duration
}

// refusals are the longest times, in the order of shards, in which the shards beside
// the failed ones answered CLUSTERDOWN.
func refusals(r *results.Run, failed []int, from, end results.Duration) []answeredDown {
	longest := map[int]answeredDown{}
	for _, o := range r.ProbeOutages {
		if slices.Contains(failed, o.Shard) || o.From < from || o.From > end || o.Errors[clusterDown] == 0 {
			continue
		}
		if took := downFrom(o); took > 0 && took >= longest[o.Shard].took {
			longest[o.Shard] = answeredDown{o.Shard, took}
		}
	}
	return slices.SortedFunc(maps.Values(longest), func(x, y answeredDown) int { return x.shard - y.shard })
}

const clusterDown = "CLUSTERDOWN"

// downFrom is how long an outage was one of CLUSTERDOWN: all of it if nothing else was
// answered, else from the first such answer to the last.
func downFrom(o results.Outage) results.Duration {
	if len(o.Errors) == 1 {
		return o.To - o.From
	}
	var from, to results.Duration
	for _, r := range o.Refusals {
		if r.Class != clusterDown {
			continue
		}
		if to == 0 || r.From < from {
			from = r.From
		}
		to = max(to, r.To)
	}
	return to - from
}

// slowed is true of a failover under a fault by which packets are late or lost, and which
// cuts nothing.
// Its primary serves until it hears of its successor, and no prediction knows when.
func slowed(a *facts.Analysis, v results.Failover) bool {
	f := fault(a, v.Fault)
	return f.Takes == results.TakesNetwork && f.Lasts && !f.Disconnects
}

// falseFailover finds primaries that were replaced because packets were late or lost.
func falseFailover(a *facts.Analysis, s *results.Summary) []results.Advice {
	var list []results.Advice
	for _, v := range s.Failovers {
		if v.To == "" || v.Means != results.MeansElected || !slowed(a, v) || ended(a, v) {
			continue
		}
		f := fault(a, v.Fault)
		list = append(list, results.Advice{
			Severity: results.Warning, Title: fmt.Sprintf("%s took over shard %d from %s, which never stopped: packets were late or lost", v.To, v.Shard, v.From),
			Evidence: []string{fmt.Sprintf("fault %s: %s", f.Name, f.Detail), "measured: " + f.Proof, fmt.Sprintf("cluster-node-timeout is %s", words.Duration(results.DurationOf(a.NodeTimeout())))},
			Advice:   "Set cluster-node-timeout above the slowest round trip between nodes, with time for a second attempt. The price: a failover after a crash takes 1 to 2 s longer for each second more.",
			Anchor:   FailoverAnchor(v),
		})
	}
	return list
}

// ended reports whether the primary of a failover ended between the fault and the end of
// the failover.
func ended(a *facts.Analysis, v results.Failover) bool {
	return slices.ContainsFunc(a.Between(v.Injected, v.Injected+v.Server), func(e results.Event) bool {
		return e.Node == v.From && e.Kind == results.EventNodeExit
	})
}

func unexplainedOutliers(a *facts.Analysis, s *results.Summary) []results.Advice {
	f, n := slowest(s.Failovers, func(f results.Failover) bool { return f.Outlier && len(f.Explained) == 0 && !slowed(a, f) },
		func(f results.Failover) results.Duration { return facts.Distance(f.Server, f.PredictedMax) })
	if n == 0 {
		return nil
	}
	return []results.Advice{{
		Severity: results.Warning, Title: fmt.Sprintf("A failover took %s where %s is predicted, and no log explains it", words.Duration(f.Server), words.Prediction(f)),
		Evidence: append([]string{f.Note}, seenIn(n, s.Failovers, "Such a thing was seen")...),
		Advice:   "Look at the steps of this failover and at the load of the machine; a pause of a node or of the machine looks like this.", Anchor: FailoverAnchor(f),
	}}
}
