package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// moves are the slots that faults moved on purpose.
func moves(b *results.Bundle, _ *results.Summary) doc.Section {
	d := doc.Section{ID: "moves", Title: "Slots moved"}
	t := doc.Table{Title: d.Title, Head: slices.Concat(doc.Columns("fault", "from", "to", "how"), doc.Numbers("slots", "keys", "took", "keys/s", "slowest slot")),
		Note: doc.Prose("*took* is the time from the fault to the last slot that moved. *slowest slot* is the longest time for which one slot was open, with its keys on both sides: until then its clients are sent from one side to the other (ASK). A server that moves slots by itself (atomic) opens none.")}
	for _, f := range b.Run.Faults {
		if f.Injected == 0 || len(f.Moves()) == 0 {
			continue
		}
		d.Blocks = append(d.Blocks, scaled(f)...)
		for _, m := range f.Moves() {
			t.Rows = append(t.Rows, moved(f, m))
			if left := m.Asked.Minus(m.Slots); len(left) > 0 {
				d.Blocks = append(d.Blocks, doc.Line(fmt.Sprintf("%s: slots %s did not move", f.Name, left)))
			}
		}
		if text := redirected(b, f); text != "" {
			d.Blocks = append(d.Blocks, doc.Line(f.Name+": the load's clients were sent elsewhere meanwhile: "+text))
		}
	}
	if len(t.Rows) > 0 {
		d.Blocks = append([]doc.Block{t}, d.Blocks...)
	}
	return d
}

// moved is the row of a move of slots.
func moved(f results.Fault, m results.SlotMove) []string {
	how, slowest := "key by key", words.None
	if m.Atomic {
		how = "atomic"
	}
	if m.Slowest > 0 {
		slowest = fmt.Sprintf("%s (slot %d)", words.Duration(m.Slowest), m.SlowestSlot)
	}
	rate := words.None
	// Of several moves each begins when the one before lets it.
	if s := m.Took.Std().Seconds(); s > 0 && f.Scaled == nil {
		rate = words.Rate(float64(m.Keys) / s)
	}
	return []string{f.Name, fmt.Sprintf("shard %d", m.From), fmt.Sprintf("shard %d", m.To), how,
		fmt.Sprintf("%d of %d", m.Slots.Count(), m.Asked.Count()), words.Count(m.Keys), words.Duration(m.Took), rate, slowest}
}

// scaled says which nodes a change of the number of shards added or removed, and how long it
// took; nothing of other faults.
func scaled(f results.Fault) []doc.Block {
	s := f.Scaled
	if s == nil {
		return nil
	}
	did := "to leave"
	switch {
	case s.To > s.From && s.Joined > 0:
		did = fmt.Sprintf("joined, with their replicas in sync after %s", words.Duration(s.Joined))
	case s.To > s.From:
		did = "to join"
	case f.Restored > 0 && len(s.Left()) == 0:
		did = "left"
	}
	text := fmt.Sprintf("%s: from %d to %d shards; %s %s", f.Name, s.From, s.To, words.Sentence(", ", s.Nodes...), did)
	if f.Restored > 0 {
		text += fmt.Sprintf("; over after %s", words.Duration(f.Restored-f.Injected))
	}
	return []doc.Block{doc.Line(text)}
}

// redirected says how often the load's clients were sent elsewhere in the seconds of a move,
// by kind; empty if they were not, or do not count it.
func redirected(b *results.Bundle, f results.Fault) string {
	var took results.Duration
	for _, m := range f.Moves() {
		took = max(took, m.Took)
	}
	from, to := (f.Injected - b.Run.LoadStart).Std(), (f.Injected + took - b.Run.LoadStart).Std()
	counts := map[string]int{}
	for _, frame := range b.Frames {
		if s := float64(frame.Seq); s+1 > from.Seconds() && s <= to.Seconds() {
			for class, n := range frame.Retried {
				counts[class] += n
			}
		}
	}
	var list []string
	for _, class := range []string{"MOVED", "ASK", "TRYAGAIN"} {
		if counts[class] > 0 {
			list = append(list, fmt.Sprintf("%s %s", class, words.Count(counts[class])))
		}
	}
	return words.Sentence(", ", list...)
}
