package explore

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// audited judges the audit.
func audited(b *results.Bundle) []Violation {
	a := b.Run.Audit
	if a == nil {
		return nil
	}
	var list []Violation
	// Those that found no free client were not written.
	if sum := a.OK + a.Failed + a.Unknown; sum != a.Writes || len(b.Writes) != a.Writes+a.Overflow {
		list = append(list, Violation{RuleLedger, "outcomes", fmt.Sprintf("%d writes and %d that found no client, %d in the ledger, and %d by outcome", a.Writes, a.Overflow, len(b.Writes), sum)})
	}
	lost := map[string]int{}
	for _, f := range b.Findings {
		lost[f.Class]++
		if f.Class == results.ClassPhantom || f.Class == results.ClassFailedKept || f.Cause == results.CauseUnexplained {
			list = append(list, unexplained(f))
		}
	}
	if lost[results.ClassLost] != a.Lost {
		list = append(list, Violation{RuleLedger, "lost", fmt.Sprintf("%d writes lost, and %d findings of lost writes", a.Lost, lost[results.ClassLost])})
	}
	return firstOfEach(list)
}

// unexplained is a finding of the audit that no fault explains.
func unexplained(f results.Finding) Violation {
	w := f.Write
	what := fmt.Sprintf("write %d to %s (%s) of shard %d, acknowledged by %s, is %s", w.Seq, w.Key, w.Kind, w.Shard, w.Node, f.Class)
	switch f.Class {
	case results.ClassPhantom:
		what = fmt.Sprintf("%s holds %q, which no client wrote", w.Key, f.Read)
	case results.ClassFailedKept:
		what = fmt.Sprintf("write %d to %s was refused, and is in the data", w.Seq, w.Key)
	}
	return Violation{RuleLoss, f.Class, what}
}

// firstOfEach keeps the first violation of each kind.
func firstOfEach(list []Violation) []Violation {
	seen := map[string]bool{}
	var first []Violation
	for _, v := range list {
		if !seen[v.Key()] {
			seen[v.Key()] = true
			first = append(first, v)
		}
	}
	return first
}

// faults judges the faults. A proof can fail because another fault acted at the same
// time, and a failover because too few primaries could vote.
func faults(b *results.Bundle) []Violation {
	var list []Violation
	for _, f := range b.Run.Faults {
		switch f.Status {
		case results.StatusHealed, results.StatusRefused, results.StatusPlanned:
		case results.StatusUnproved:
			if f.Takes != results.TakesRole && alone(b.Run.Faults, f) {
				list = append(list, Violation{RuleFault, "unproved " + f.Kind, fmt.Sprintf("%s acted alone and is not proved: %s", f.Name, f.Reason)})
			}
		case results.StatusUnhealed:
			if unsynced(b.Run.Faults) {
				continue
			}
			list = append(list, Violation{RuleFault, "unhealed " + f.Kind, fmt.Sprintf("%s is not healed: %s", f.Name, f.Reason)})
		default:
			list = append(list, Violation{RuleFault, "status", fmt.Sprintf("%s has the status %q", f.Name, f.Status)})
		}
	}
	return list
}

// unsynced reports whether nodes lost what their volumes had not synced. Redis writes
// nodes.conf without an fsync now and then, and a server does not start on half of it.
func unsynced(list []results.Fault) bool {
	return slices.ContainsFunc(list, func(f results.Fault) bool { return f.Unsyncs && f.Injected > 0 })
}

// alone reports whether no other fault was in force while f was.
func alone(list []results.Fault, f results.Fault) bool {
	for _, g := range list {
		if g.Name != f.Name && g.Injected > 0 && g.Injected <= end(f) && f.Injected <= end(g) {
			return false
		}
	}
	return true
}

// end is when a fault was over.
func end(f results.Fault) results.Duration {
	return max(f.Injected, f.Proved, f.Until, f.Released, f.Restored, f.Verified)
}

// evidence judges whether what a summary says rests on something.
func evidence(b *results.Bundle) []Violation {
	s := b.Run.Summary
	var list []Violation
	add := func(subject, format string, args ...any) {
		list = append(list, Violation{RuleEvidence, subject, fmt.Sprintf(format, args...)})
	}
	if s.Verdict != results.Pass && len(s.Reasons) == 0 {
		add("reasons", "the verdict is %s without a reason", s.Verdict)
	}
	if s.Verdict == results.Invalid && s.Generator != nil && s.Generator.Valid && b.Run.Audit != nil && b.Run.Audit.FailedKept > 0 {
		add("invalid", "the verdict is invalid: %s", s.Reasons[0])
	}
	for _, o := range s.Objectives {
		if o.Evidence == "" {
			add("objective "+o.Metric, "%s has no evidence", o.Name)
		}
	}
	if n := unrecorded(b); n > 0 && b.Run.Interrupted == "" {
		add("frames", "%d seconds of the load have no record", n)
	}
	a := s.Availability
	if a.All > a.Any || a.Any > a.Observed {
		add("availability", "%v without any shard, %v without one, of %v observed", a.All, a.Any, a.Observed)
	}
	for _, f := range s.Failovers {
		if what := disordered(f); what != "" {
			add("steps", "the failover of shard %d: %s", f.Shard, what)
		}
	}
	return firstOfEach(list)
}

// unrecorded counts whole seconds of the load without a frame.
func unrecorded(b *results.Bundle) int {
	const second = results.Duration(1e9)
	seen := map[int]bool{}
	for _, f := range b.Frames {
		seen[f.Seq] = true
	}
	missing := 0
	for n := range int((b.Run.LoadEnd - b.Run.LoadStart) / second) {
		if !seen[n] {
			missing++
		}
	}
	return missing
}

// disordered says what is wrong with the steps of a failover: they follow each other, and
// add up.
func disordered(f results.Failover) string {
	var before results.Step
	for _, s := range f.Steps {
		switch {
		case s.Missing:
			continue
		case s.Took < 0:
			return fmt.Sprintf("%s took %v", s.Name, s.Took)
		case s.At < before.At && f.Note == "":
			return fmt.Sprintf("%s at %v comes before %s at %v", s.Name, s.At, before.Name, before.At)
		}
		before = s
	}
	return ""
}
