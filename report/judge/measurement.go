package judge

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// measurement is what an objective's metric came to.
type measurement struct {
	value *float64
	// atLeast marks a value whose end was not seen: it may be higher.
	atLeast  bool
	evidence string
}

func nothing(why string) measurement { return measurement{evidence: why} }

func measured(v float64, evidence string) measurement {
	return measurement{value: &v, evidence: evidence}
}

func boundText(o scenarios.Objective) string {
	var parts []string
	if o.Min != nil {
		parts = append(parts, "≥ "+o.Min.Text)
	}
	if o.Max != nil {
		parts = append(parts, "≤ "+o.Max.Text)
	}
	return strings.Join(parts, ", ")
}

// subject is what an objective is about, without its bounds.
func subject(o scenarios.Objective) string {
	in, of, within := "", "", ""
	if o.Phase != "" {
		in = "in " + o.Phase
	}
	if o.Shard != nil {
		of = fmt.Sprintf("of shard %d", *o.Shard)
	}
	if o.Within != 0 {
		within = fmt.Sprintf("within %g %%", 100*o.Within)
	}
	return words.Sentence(" ", o.Metric, o.Command, of, in, within)
}

// scope names the requests that an objective is about.
func scope(o scenarios.Objective) string {
	command, phase := facts.OrAll(o.Command), "the timeline"
	if command == facts.All {
		command = "all commands"
	}
	if o.Phase != "" {
		phase = "phase " + o.Phase
	}
	if o.Shard != nil {
		command = fmt.Sprintf("shard %d", *o.Shard)
	}
	return command + " in " + phase
}

// unended reports whether the step was awaited to the end of observation, and for
// how long. A client that had no outage at all was not waiting.
func unended(a *facts.Analysis, f results.Failover, step string) (results.Duration, bool) {
	list := a.Run.ProbeOutages
	if step == facts.StepClient {
		list = a.Run.ClientOutages
	}
	for _, o := range list {
		if o.Shard == f.Shard && o.Open && o.To > f.Injected {
			return o.To - f.Injected, true
		}
	}
	return 0, false
}
