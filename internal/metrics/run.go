package metrics

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// ofRun is a single value of the whole run.
type ofRun func(e Evidence, s Scope) Measurement

func (m ofRun) measure(e Evidence, s Scope) Measurement { return m(e, s) }

func (m ofRun) figures(e Evidence) []reading {
	r := m(e, Scope{})
	if r.Value == nil {
		return nil
	}
	list := figure(*r.Value)
	if r.AtLeast {
		list[0].atLeast = 1
	}
	return list
}

func (ofRun) group() int { return groupRun }

// outage is a time without writes, as the probes saw it.
func outage(of func(v results.Availability, shard *int) (results.Duration, string)) ofRun {
	return func(e Evidence, s Scope) Measurement {
		v := e.Summary.Availability
		if v.Observed == 0 {
			return nothing("no probe ran")
		}
		down, detail := of(v, s.Shard)
		if errors := e.Run.OutageErrors(s.Shard); down > 0 && len(errors) > 0 {
			detail += ", errors meanwhile: " + words.Classes(errors)
		}
		return measured(down.Std().Seconds(), "probes over "+words.Duration(v.Observed)+", "+detail)
	}
}

func anyShard(v results.Availability, _ *int) (results.Duration, string) {
	return v.Any, "at least one shard down"
}

func allShards(v results.Availability, _ *int) (results.Duration, string) {
	return v.All, "every shard down at once"
}

func worstShard(v results.Availability, shard *int) (results.Duration, string) {
	var worst results.ShardAvailability
	for i, sh := range v.Shards {
		if shard == nil && (i == 0 || sh.Down > worst.Down) || shard != nil && sh.Shard == *shard {
			worst = sh
		}
	}
	return worst.Down, fmt.Sprintf("shard %d, %s", worst.Shard, words.Plural(worst.Outages, "outage", "outages"))
}

// recovery is the longest time from a fault until a figure of the load was as in the
// steady state again.
func recovery(of string) ofRun {
	return func(e Evidence, s Scope) Measurement {
		list, reason := recoveries(e, of, s.Within)
		if len(list) == 0 {
			return nothing(reason)
		}
		var worst results.Duration
		name, open := "", false
		for _, r := range list {
			if r.Took > 0 && r.Took >= worst {
				worst, name = r.Took, r.Fault
			}
			open = open || r.Open
		}
		evidence := fmt.Sprintf("slowest of %s, seconds of %s", words.Plural(len(list), "fault", "faults"), results.SeriesFile)
		if name != "" {
			evidence = "fault " + name + ", " + evidence
		}
		m := measured(worst.Std().Seconds(), evidence)
		if open {
			m.AtLeast = true
			m.Evidence += "; at least one was not over when the timeline, or the time until the next fault, was"
		}
		return m
	}
}

func recoveries(e Evidence, of string, within float64) ([]results.Recovery, string) {
	if e.Recoveries != nil {
		return e.Recoveries(of, within)
	}
	var list []results.Recovery
	for _, r := range e.Summary.Recoveries {
		if r.Of == of {
			list = append(list, r)
		}
	}
	return list, "the summary has no recovery"
}

// wholeAgain is the longest time from a fault until all nodes answered, agreed and were
// in sync. It waits for no load: the verification of a fault goes on when the timeline
// has ended.
func wholeAgain(e Evidence, _ Scope) Measurement {
	worst, name, n := results.Duration(0), "", 0
	for _, f := range e.Run.Faults {
		if !f.Acted() {
			continue
		}
		n++
		if f.Verified == 0 {
			return nothing("after fault " + f.Name + " the cluster was not seen whole again")
		}
		if d := f.Verified - f.Injected; d >= worst {
			worst, name = d, f.Name
		}
	}
	if n == 0 {
		return nothing("no fault was injected")
	}
	return measured(worst.Std().Seconds(), fmt.Sprintf("fault %s, slowest of %s, verification of its healing", name, words.Plural(n, "fault", "faults")))
}

// writesLost counts altered values with the lost ones.
func writesLost(e Evidence, s Scope) Measurement {
	au := e.Run.Audit
	if au == nil {
		return nothing("the scenario has no audit")
	}
	if au.OK == 0 {
		return nothing("no audited write was acknowledged")
	}
	lost := au.Gone()
	if s.Shard != nil {
		lost = 0
		for _, f := range e.Findings {
			if f.Write.Shard == *s.Shard && (f.Class == "lost" || f.Class == "altered") {
				lost++
			}
		}
	}
	m := measured(float64(lost), fmt.Sprintf("%s, %s acknowledged, %s", readBack(au), words.Count(au.OK), results.FindingsFile))
	if au.Partial() {
		m.AtLeast = true
		m.Evidence += words.Sentence(": ", "; not all could be read back", au.Unread)
	}
	return m
}

// writesKept counts refused writes that took effect: the client got an error, and may
// have written elsewhere.
func writesKept(e Evidence, _ Scope) Measurement {
	au := e.Run.Audit
	if au == nil {
		return nothing("the scenario has no audit")
	}
	m := measured(float64(au.FailedKept), fmt.Sprintf("%s, %s refused, %s", readBack(au), words.Count(au.Failed), results.FindingsFile))
	m.AtLeast = au.Partial()
	return m
}

func readBack(au *results.Audit) string {
	return fmt.Sprintf("%s of %s read back", words.Count(au.ReadBack), words.Plural(au.Writes, "audited write", "audited writes"))
}
