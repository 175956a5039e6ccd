package facts

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// tellStory writes the facts of a story: who served each shard, every takeover, and every
// failover step by step.
func tellStory(a *Analysis) string {
	var b strings.Builder
	for _, s := range a.Run.Shards {
		var list []string
		for _, t := range a.Ownership() {
			if t.Shard != s.Index {
				continue
			}
			part := t.Node
			if t.Slots.String() != s.Slots {
				part += " (" + t.Slots.String() + ")"
			}
			if t.From > 0 {
				part += " from " + at(t.From)
			}
			list = append(list, part)
		}
		if len(list) != 1 {
			fmt.Fprintf(&b, "shard %d: %s\n", s.Index, strings.Join(list, ", "))
		}
	}
	for _, t := range a.Takeovers() {
		fmt.Fprintf(&b, "takeover: %s\n", tellTakeover(t))
	}
	s, list := a.Measured()
	for _, f := range list {
		fmt.Fprintf(&b, "failover: %s\n", tellFailover(f))
	}
	for _, f := range a.FalseFailovers() {
		text := fmt.Sprintf("%s at %s", f.Node, at(f.At))
		if f.To != "" {
			text += ", and " + f.To + " took over"
		}
		fmt.Fprintf(&b, "false failover: %s\n", text)
	}
	completed := 0
	for _, f := range s.Failovers {
		if f.Completed() {
			completed++
		}
	}
	fmt.Fprintf(&b, "failovers: %d\n", completed)
	return b.String()
}

// at is an offset in seconds.
func at(d results.Duration) string { return fmt.Sprintf("%.3f", d.Std().Seconds()) }

func tellTakeover(t Takeover) string {
	text := fmt.Sprintf("%s → %s of shard %d at %s", t.From, t.To, t.Shard, at(t.At))
	if t.Until > t.At {
		text += " to " + at(t.Until)
	}
	means := string(t.Means)
	if means == "" {
		means = "means not known"
	}
	text += fmt.Sprintf(", %s, epoch %d, seen by %s, ", means, t.Epoch, t.Source)
	switch {
	case t.Cause == nil:
		return text + "unexplained"
	case t.Cause.Fault != nil:
		return text + "by fault " + t.Cause.Fault.Name
	}
	return text + "by the " + t.Cause.Step.Kind + " of " + t.Cause.Step.Node
}

var endings = map[Ending]string{TakenOver: "taken over", HandedOver: "handed over", CameBack: "came back", Unpromoted: "not taken over", Unanswered: "taken over, and not served"}

func tellFailover(f Failover) string {
	name := f.Fault
	if name == "" {
		name = string(f.Cause)
	}
	text := fmt.Sprintf("%s of %s at %s:", name, f.From, at(f.Injected))
	for _, step := range []string{results.StepPFail, results.StepFail, results.StepElection, results.StepPromoted, results.StepProbe} {
		if s := f.Step(step); s != nil {
			text += fmt.Sprintf(" %s %s,", step, at(s.At))
		}
	}
	for _, l := range f.Late {
		if l.Impossible {
			text += fmt.Sprintf(" %s not in order,", l.Step)
		}
	}
	for _, r := range f.Refused {
		text += fmt.Sprintf(" %s from %s to %s,", r.Class, at(r.From), at(r.To))
		if r.Most {
			text += " most of the wait,"
		}
	}
	if f.PredictedMax > 0 {
		text += fmt.Sprintf(" predicted %s to %s,", at(f.PredictedMin), at(f.PredictedMax))
	}
	if f.Outlier {
		text += " an outlier,"
	}
	return text + " " + endings[f.End]
}
