// Package audit judges what became of audited writes. It reads a bundle and
// nothing that is alive, so the same bundle gets the same judgement anywhere:
//
//	ledger, reads ─▶ one history per key ─▶ fates        (history.go, register.go, counter.go, list.go)
//	fates, reads  ─▶ stale and phantom reads             (stale.go)
//	fates, events ─▶ why each lost write was lost        (cause.go)
//	all of these  ─▶ results.Audit, results.Finding
//
// Beside it, Linearize hands each key's history to porcupine, for information.
//
// The judgement gives the benefit of the doubt. A write is called lost only if
// no order of events leads from what was acknowledged to what was read without
// losing it; where a write without an answer could explain what is seen, it
// does. So nothing is invented, and what cannot be distinguished is a class of its
// own (results.ClassLate).
package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Judge derives the audit of a run, and a finding for each write and read that
// is not what the ledger promised, in the order of their sending. It is pure. Nil
// if the run was not audited, or if its bundle is from before the read-back was
// kept.
func Judge(b *results.Bundle) (*results.Audit, []results.Finding) {
	if len(b.Reads) == 0 && len(b.Writes) == 0 {
		return nil, nil
	}
	if len(b.Reads) == 0 && !readBackKept(b) {
		return nil, nil
	}
	a := &results.Audit{Durability: durability(b.Run)}
	var findings []results.Finding
	seen := newStaleness(b)
	kinds := map[string]*results.AuditKind{}
	keys := histories(b)
	for _, h := range keys {
		f := h.judge()
		findings = append(findings, f.findings...)
		findings = append(findings, seen.look(h, f)...)
		a.UnknownKept += f.unknownKept
		k := kinds[h.kind]
		if k == nil {
			k = &results.AuditKind{Kind: h.kind}
			kinds[h.kind] = k
		}
		k.Keys++
		for i, w := range h.writes {
			tally(a, w)
			if results.Outcome(w.Outcome) == results.OK {
				k.OK++
			}
			if h.final != nil && !h.cut {
				a.ReadBack++
			}
			if f.lost[i] {
				k.Lost++
			}
		}
	}
	for _, w := range b.Writes {
		if results.Outcome(w.Outcome) == results.Overflow {
			a.Overflow++
		}
	}
	a.Unread = unread(keys)
	a.Reads = seen.counts()
	for _, name := range []string{results.KindOnce, results.KindRegister, results.KindCounter, results.KindList} {
		if k := kinds[name]; k != nil {
			a.Kinds = append(a.Kinds, *k)
		}
	}
	explain(b, keys, findings)
	slices.SortStableFunc(findings, func(x, y results.Finding) int {
		return cmp.Or(cmp.Compare(x.Write.Sent, y.Write.Sent), cmp.Compare(x.Write.Seq, y.Write.Seq), cmp.Compare(x.Write.Key, y.Write.Key))
	})
	for _, f := range findings {
		count(a, f)
	}
	return a, findings
}

// readBackKept reports whether a bundle without reads is one that lost none: a
// ledger in which nothing was written.
func readBackKept(b *results.Bundle) bool {
	return !slices.ContainsFunc(b.Writes, func(w results.Write) bool { return results.Outcome(w.Outcome) != results.Overflow })
}

func tally(a *results.Audit, w results.Write) {
	a.Writes++
	switch results.Outcome(w.Outcome) {
	case results.OK:
		a.OK++
	case results.Failed:
		a.Failed++
	default:
		a.Unknown++
	}
}

func count(a *results.Audit, f results.Finding) {
	n := max(1, f.Count)
	switch f.Class {
	case results.ClassLost:
		a.Lost += n
	case results.ClassFailedKept:
		a.FailedKept += n
	case results.ClassDuplicated:
		a.Duplicated += n
	case results.ClassReordered:
		a.Reordered += n
	case results.ClassLate:
		a.Late += n
	case results.ClassPhantom:
		a.Phantom += n
	case results.ClassAltered:
		a.Altered += n
	}
}

// unread reports the keys that were not read back, or not held against a whole ledger.
func unread(keys []*history) string {
	var first *history
	n := 0
	for _, h := range keys {
		if h.final == nil {
			n++
			if first == nil || h.unread != "" && first.unread == "" {
				first = h
			}
		}
	}
	switch {
	case n == 0:
		return incomplete(keys)
	case first.unread == "":
		return fmt.Sprintf("%s and %d more keys: the reading ended before them", first.key, n-1)
	}
	if n == 1 {
		return first.key + ": " + first.unread
	}
	return fmt.Sprintf("%s: %s; the reading ended there, before %d more keys", first.key, first.unread, n-1)
}

// incomplete reports the keys whose last writes have no record.
func incomplete(keys []*history) string {
	n := 0
	for _, h := range keys {
		if h.cut {
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "the last records of the generator that wrote 1 key are missing"
	}
	return fmt.Sprintf("the last records of the generator that wrote %d keys are missing", n)
}

// durability says what an acknowledgement stood for, from the scenario and the nodes.
func durability(run results.Run) string {
	var s struct {
		Redis struct {
			Config map[string]string `json:"config"`
		} `json:"redis"`
		Workload struct {
			Audit struct {
				Wait *struct {
					Replicas int `json:"replicas"`
					Local    int `json:"local"`
				} `json:"wait"`
			} `json:"audit"`
		} `json:"workload"`
	}
	if json.Unmarshal(run.Scenario, &s) != nil {
		return "" // a bundle by another hand: nothing is known
	}
	if w := s.Workload.Audit.Wait; w != nil {
		if w.Local > 0 {
			return fmt.Sprintf("WAITAOF %d %d", w.Local, w.Replicas)
		}
		return fmt.Sprintf("WAIT %d", w.Replicas)
	}
	const directive, lag = "min-replicas-to-write", "min-replicas-max-lag"
	least := cmp.Or(s.Redis.Config[directive], s.Redis.Config["min-slaves-to-write"], "0")
	if cmp.Or(s.Redis.Config[lag], s.Redis.Config["min-slaves-max-lag"]) == "0" {
		return "asynchronous" // without a lag it has no effect: refreshGoodSlavesCount in replication.c
	}
	var own []string
	for _, n := range run.Nodes {
		if value, stated := n.Config[directive]; stated && value != least {
			own = append(own, value+" on "+n.Name)
		}
	}
	if least == "0" && len(own) == 0 {
		return "asynchronous"
	}
	return strings.Join(append([]string{directive + " " + least}, own...), ", ")
}
