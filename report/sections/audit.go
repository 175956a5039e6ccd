package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// auditLine sums the audit up.
func auditLine(au *results.Audit) string {
	if au == nil {
		return ""
	}
	line := fmt.Sprintf("%s, in addition to the load: %s acknowledged, %s failed, %s unknown",
		words.Plural(au.Writes, "audited write", "audited writes"), words.Count(au.OK), words.Count(au.Failed), words.Count(au.Unknown))
	if au.UnknownKept > 0 {
		line += fmt.Sprintf(" (%s took effect)", words.Count(au.UnknownKept))
	}
	return line
}

// readBackLine is what reading the keys back showed.
func readBackLine(au *results.Audit) string {
	if au == nil {
		return ""
	}
	of := "all " + words.Plural(au.Writes, "write", "writes")
	if au.ReadBack < au.Writes {
		of = words.Count(au.ReadBack) + " of " + words.Plural(au.Writes, "write", "writes")
	}
	return fmt.Sprintf("the keys of %s were read back: %s lost, %s altered", of, words.Plural(au.Lost, "acknowledged write", "acknowledged writes"), words.Count(au.Altered))
}

// auditNotes are the findings that the line leaves out, a sentence each.
func auditNotes(au *results.Audit) []string {
	if au == nil {
		return nil
	}
	var notes []string
	add := func(n int, format string, args ...any) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	const asynchronous = "replication was asynchronous: primaries acknowledged writes without waiting for a replica"
	switch {
	case au.Durability == "":
	case au.Waited():
		notes = append(notes, fmt.Sprintf("writes were acknowledged after %s: do not compare them with asynchronous ones", au.Durability))
	case au.Durability == "asynchronous":
		notes = append(notes, asynchronous)
	default:
		notes = append(notes, fmt.Sprintf("%s, and refused writes while too few replicas were in sync (%s)", asynchronous, au.Durability))
	}
	add(au.Duplicated, "%s took effect more than once", words.Plural(au.Duplicated, "write", "writes"))
	add(au.Reordered, "%s out of order: %s before one that was acknowledged before it was sent", words.Plural(au.Reordered, "list element is", "list elements are"), words.Verb(au.Reordered, "it stands", "each stands"))
	add(au.Phantom, "%s that no audited client wrote", words.Plural(au.Phantom, "value was read", "values were read"))
	add(au.Late, "%s replaced a later acknowledged one: either %s took effect late, or the other was lost (unknown)", words.Plural(au.Late, "unanswered write", "unanswered writes"), words.Verb(au.Late, "it", "they"))
	add(au.Overflow, "%s skipped: no free client", words.Plural(au.Overflow, "write was", "writes were"))
	if r := au.Reads; r != nil {
		line := fmt.Sprintf("%s of %s from replicas returned an outdated value", words.Count(r.StaleReplica), words.Plural(r.Replica, "audited read", "audited reads"))
		if r.StaleReplica > 0 {
			line += fmt.Sprintf(", which had been replaced up to %s before the read", words.Duration(r.MaxAge))
		}
		if r.Replica > 0 {
			notes = append(notes, line)
		}
		add(r.MissingReplica, "%s from replicas found no value where one had been written, up to %s before the read", words.Plural(r.MissingReplica, "audited read", "audited reads"), words.Duration(r.MaxMissing))
		add(r.EmptyReplica, "%s no value from a node that had been restarted and did not have its data yet", words.Plural(r.EmptyReplica, "audited read got", "audited reads got"))
		add(r.StalePrimary, "%s from a primary returned an outdated value", words.Plural(r.StalePrimary, "audited read", "audited reads"))
		add(r.MissingPrimary, "%s from a primary found no value where one had been written", words.Plural(r.MissingPrimary, "audited read", "audited reads"))
	}
	if l := au.Linearizability; l != nil {
		notes = append(notes, linearLine(l))
	}
	return notes
}

// linearLine is how many keys behaved like a single copy.
func linearLine(l *results.Linearizability) string {
	line := fmt.Sprintf("%s of %s %s linearizable", words.Count(l.Linearizable),
		words.Plural(l.Linearizable+l.Illegal+l.Unknown, "register, counter or list", "registers, counters and lists"), words.Verb(l.Linearizable, "is", "are"))
	if l.Illegal > 0 {
		line += fmt.Sprintf(", %s %s not", words.Count(l.Illegal), words.Verb(l.Illegal, "is", "are"))
	}
	if l.Unknown > 0 {
		line += fmt.Sprintf(", and the check of %s ran out of time", words.Count(l.Unknown))
	}
	return line + " (checked by porcupine, without the reads from replicas); this does not affect the verdict"
}

// kindTable counts by kind of key.
func kindTable(au *results.Audit) doc.Table {
	t := doc.Table{Title: "Audited keys", Head: append(doc.Columns("kind of key"), doc.Numbers("keys", "acknowledged writes", "lost writes")...)}
	if au == nil {
		return t
	}
	for _, k := range au.Kinds {
		t.Rows = append(t.Rows, []string{kindWords[k.Kind], words.Count(k.Keys), words.Count(k.OK), words.Count(k.Lost)})
	}
	return t
}

var kindWords = map[string]string{
	results.KindOnce: "written once (SET)", results.KindRegister: "register (repeated SET)",
	results.KindCounter: "counter (INCR)", results.KindList: "list (RPUSH)",
}

// staleTable counts stale replica reads by how long before them the value was replaced.
func staleTable(au *results.Audit) doc.Table {
	t := doc.Table{Title: "Stale replica reads", Head: append(doc.Columns("time from replacement to read"), doc.Numbers("reads")...)}
	if au == nil || au.Reads == nil {
		return t
	}
	last := results.Duration(0)
	for _, b := range au.Reads.Ages {
		name := fmt.Sprintf("%s to %s", words.Duration(last), words.Duration(b.Below))
		switch {
		case b.Below == 0:
			name = words.Duration(last) + " and more"
		case last == 0:
			name = "less than " + words.Duration(b.Below)
		}
		last = b.Below
		if b.Count > 0 {
			t.Rows = append(t.Rows, []string{name, words.Count(b.Count)})
		}
	}
	return t
}

func lossTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Lost writes", Head: slices.Concat(doc.Columns("shard", "fault", "acknowledged by"), doc.Numbers("writes"), doc.Columns("cause"), doc.Numbers("from", "to"), doc.Columns("by the fault"))}
	for _, g := range s.Losses {
		t.Rows = append(t.Rows, []string{fmt.Sprint(g.Shard), words.OrNone(g.Fault), words.OrNone(g.Node), words.Count(g.Count), words.OrNone(g.Cause),
			words.Relative(g, g.First), words.Relative(g, g.Last), words.ByFault(g)})
	}
	return t
}

// audit is what became of audited writes.
func audit(b *results.Bundle, s *results.Summary) doc.Section {
	au := b.Run.Audit
	d := doc.Section{ID: "audit", Title: "Audit"}
	if au == nil {
		return d
	}
	d.Blocks = []doc.Block{doc.Line(auditLine(au)), doc.Line(readBackLine(au)), doc.List{Items: auditNotes(au)}}
	if au.Linearizability != nil {
		d.Blocks = append(d.Blocks, doc.Only(doc.Page, doc.Files{Title: "Drawn histories of single keys", Names: au.Linearizability.Files}))
	}
	losses := lossTable(s)
	losses.ID = "losses"
	d.Blocks = append(d.Blocks, losses, kindTable(au), staleTable(au),
		doc.Only(doc.Page, doc.Note{Text: doc.Prose("Each audited write has a unique value, is never sent twice, and is read back after healing. An unknown write counts neither as lost nor as kept.")}))
	return d
}
