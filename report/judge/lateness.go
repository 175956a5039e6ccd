package judge

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// untimely are the acts that were not what the timeline planned: much too late, or
// not over in time.
func untimely(a *facts.Analysis) []string {
	var reasons []string
	for _, t := range a.Acts() {
		if p, ok := a.TooLate(t); ok {
			why := fmt.Sprintf("that is more than a tenth of phase %s, which lasts %s", p.Name, scenarios.Duration((p.To - p.From).Std()))
			if t.Acted >= p.To {
				why = fmt.Sprintf("phase %s, in which it was planned, was over", p.Name)
			}
			reasons = append(reasons, fmt.Sprintf("%s: %s", late(a, t), why))
		}
		if end, ok := a.Beyond(t); ok {
			reasons = append(reasons, fmt.Sprintf("%s was not over when the timeline ended at %s: it ended at %s, planned was %s",
				t.Name, words.Since(&a.Run, end), words.Since(&a.Run, t.Over), words.Since(&a.Run, t.Until)))
		}
	}
	for _, f := range a.Run.Faults {
		if f.Status != results.StatusHealed || a.Run.Interrupted != "" {
			continue
		}
		asked, moved := 0, 0
		for _, m := range f.Moves() {
			asked, moved = asked+m.Asked.Count(), moved+m.Slots.Count()
		}
		if moved < asked {
			reasons = append(reasons, fmt.Sprintf("fault %s had moved %d of %d slots when the timeline ended", f.Name, moved, asked))
		}
	}
	return reasons
}

// somewhatLate are the acts that were late, and not much too late.
func somewhatLate(a *facts.Analysis) []string {
	var list []string
	for _, t := range a.Acts() {
		if _, tooLate := a.TooLate(t); !tooLate && t.Late() > facts.LateNotice {
			list = append(list, late(a, t))
		}
	}
	return list
}

// late says by how much an act was late, and what it waited for.
func late(a *facts.Analysis, t facts.Act) string {
	text := fmt.Sprintf("%s acted %s later than planned, at %s and not at %s", t.Name, words.Duration(t.Late()), words.Since(&a.Run, t.Acted), words.Since(&a.Run, t.Planned))
	if t.Waited != "" {
		text += " (its check took " + t.Waited + ")"
	}
	return text
}
