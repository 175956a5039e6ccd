package facts

import (
	"github.com/slotstorm/slotstorm/results"
)

// load counts requests by intended start, in the order of latency.
func (a *Analysis) load() []results.PhaseLoad {
	rows := []results.PhaseLoad{}
	for _, w := range a.windows() {
		byCommand := map[string]results.Counts{}
		var total results.Counts
		var reads *results.Reads
		errors, answered := map[string]int{}, map[string]int{}
		for _, f := range a.Frames {
			if !w.Has(f.Seq) {
				continue
			}
			for name, c := range f.Commands {
				byCommand[name] = byCommand[name].Plus(c)
				total = total.Plus(c)
			}
			reads = reads.Plus(f.Reads)
			for class, n := range f.Errors {
				errors[class] += n
			}
			for class, n := range f.Answered {
				answered[class] += n
			}
		}
		for _, name := range a.commands {
			rows = append(rows, loadRow(w, name, byCommand[name]))
		}
		row := loadRow(w, results.All, total)
		row.Reads = reads
		if len(errors) > 0 {
			row.Errors = errors
		}
		if len(answered) > 0 {
			row.Answered = answered
		}
		rows = append(rows, row)
	}
	return rows
}

func loadRow(w Window, command string, c results.Counts) results.PhaseLoad {
	row := results.PhaseLoad{Phase: w.Name, Command: command, Counts: c, Seconds: w.Length.Seconds()}
	if row.Seconds > 0 {
		row.Throughput = float64(c.OK) / row.Seconds
	}
	return row
}
